import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from vidgo.kernel.db import migration_operations


class Migration(migrations.Migration):
    # Built while customers go on spending.
    atomic = False
    dependencies = [("billing", "0007_tenant_wall")]

    operations = [
        AddIndexConcurrently(
            model_name="ledgerentry",
            index=models.Index(
                fields=["organization", "created_at"], name="ledger_entry_by_org_and_time"
            ),
        ),
        # Its own index is the beginning of two others.
        migration_operations.drop_of_foreign_key(
            table="billing_ledgerentry",
            index="billing_ledgerentry_organization_id_edcfad3a",
            altered=migrations.AlterField(
                model_name="ledgerentry",
                name="organization",
                field=models.ForeignKey(
                    db_index=False,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="ledger_entries",
                    to="accounts.organization",
                ),
            ),
        ),
    ]
