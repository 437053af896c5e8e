from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    # Built while customers go on spending.
    atomic = False
    dependencies = [("billing", "0005_ledger_days")]

    operations = [
        AddIndexConcurrently(
            model_name="ledgerentry",
            index=BrinIndex(
                autosummarize=True,
                fields=["created_at"],
                name="ledger_entry_by_time",
                pages_per_range=32,
            ),
        ),
    ]
