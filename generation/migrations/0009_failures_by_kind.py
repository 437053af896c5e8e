import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from vidgo.kernel.db import migration_operations


class Migration(migrations.Migration):
    # Built while jobs go on.
    atomic = False
    dependencies = [
        ("accounts", "0005_tenant_wall"),
        ("generation", "0008_attempt_by_time"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="job",
            index=models.Index(
                fields=["failure_kind", "-id"],
                condition=models.Q(status="failed"),
                name="job_failed_by",
            ),
        ),
        AddIndexConcurrently(
            model_name="callback",
            index=models.Index(
                fields=["last_error", "-id"],
                condition=models.Q(("last_error", ""), _negated=True),
                name="callback_by_error",
            ),
        ),
        # Each of these is the beginning of another one.
        migration_operations.drop_of_foreign_key(
            table="generation_job",
            index="generation_job_organization_id_72f9700c",
            altered=migrations.AlterField(
                model_name="job",
                name="organization",
                field=models.ForeignKey(
                    db_index=False,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="jobs",
                    to="accounts.organization",
                ),
            ),
        ),
        migration_operations.drop_of_foreign_key(
            table="generation_callback",
            index="generation_callback_organization_id_fe6d53b4",
            altered=migrations.AlterField(
                model_name="callback",
                name="organization",
                field=models.ForeignKey(
                    db_index=False,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="callbacks",
                    to="accounts.organization",
                ),
            ),
        ),
        migration_operations.drop_of_foreign_key(
            table="generation_attempt",
            index="generation_attempt_job_id_41c55ee5",
            altered=migrations.AlterField(
                model_name="attempt",
                name="job",
                field=models.ForeignKey(
                    db_index=False,
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="attempts",
                    to="generation.job",
                ),
            ),
        ),
    ]
