import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Collate, Left, Lower


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_start"),
        ("generation", "0004_idempotency"),
    ]

    operations = [
        migrations.CreateModel(
            name="UsageDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("model", models.CharField(max_length=64)),
                ("finished_count", models.PositiveIntegerField()),
                ("failed_count", models.PositiveIntegerField()),
                ("charged_credits", models.PositiveBigIntegerField()),
                ("refunded_credits", models.PositiveBigIntegerField()),
                (
                    "api_key",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.apikey",
                    ),
                ),
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
                "indexes": [models.Index(fields=["day"], name="usage_day_by_day")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "day", "model", "api_key"),
                        name="usage_day_is_written_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(refunded_credits__lte=models.F("charged_credits")),
                        name="usage_day_gives_back_no_more_than_was_charged",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["organization", "created_at"], name="job_by_org_time"),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["organization", "api_key", "-id"], name="job_by_org_key"),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["organization", "model", "-id"], name="job_by_org_model"),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                models.F("organization"),
                Collate(Lower(Left("prompt", 64)), "C"),
                name="job_by_org_prompt",
            ),
        ),
    ]
