import django.db.models.deletion
from django.db import migrations, models

from billing.models import Kind


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_key_limits"),
        ("billing", "0004_grants_of_before"),
    ]

    operations = [
        migrations.CreateModel(
            name="LedgerDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("kind", models.CharField(choices=Kind.choices, max_length=16)),
                ("in_credits", models.PositiveBigIntegerField()),
                ("out_credits", models.PositiveBigIntegerField()),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["day"], name="ledger_day_by_day")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "day", "kind"), name="ledger_day_is_written_once"
                    ),
                ],
            },
        ),
    ]
