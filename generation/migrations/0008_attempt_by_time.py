from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    # Built while customers go on submitting.
    atomic = False
    dependencies = [("generation", "0007_margin_days")]

    operations = [
        AddIndexConcurrently(
            model_name="attempt",
            index=BrinIndex(
                autosummarize=True,
                fields=["started_at"],
                name="attempt_by_time",
                pages_per_range=32,
            ),
        ),
    ]
