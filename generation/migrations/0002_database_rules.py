"""What models cannot say: row-level security."""

from django.db import migrations

from vidgo.kernel.db import tenant_context

OF_AN_ORGANIZATION = (
    "generation_job",
    "generation_upload",
    "generation_dailyusage",
    "generation_idempotencykey",
    "generation_callbacksecret",
    "generation_callbackendpoint",
    "generation_callback",
)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_database_rules"),
        ("generation", "0001_initial"),
    ]

    operations = [
        *(tenant_context.policy(table=table) for table in OF_AN_ORGANIZATION),
        *(
            tenant_context.policy(
                table=table, condition=tenant_context.through(table="generation_job", key="job_id")
            )
            for table in ("generation_asset", "generation_attempt")
        ),
        tenant_context.policy(
            table="generation_callbacktry",
            condition=tenant_context.through(table="generation_callback", key="callback_id"),
        ),
        # What a provider asks is the operator's matter alone.
        tenant_context.policy(table="generation_dailymargin", condition="false"),
    ]
