"""What models cannot say: row-level security."""

from django.db import migrations

from vidgo.kernel.db import row_level_security

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
        ("accounts", "0002_row_level_security_and_triggers"),
        ("generation", "0001_initial"),
    ]

    operations = [
        *(row_level_security.policy(table=table) for table in OF_AN_ORGANIZATION),
        *(
            row_level_security.policy(
                table=table,
                condition=row_level_security.through(table="generation_job", key="job_id"),
            )
            for table in ("generation_asset", "generation_attempt")
        ),
        row_level_security.policy(
            table="generation_callbacktry",
            condition=row_level_security.through(table="generation_callback", key="callback_id"),
        ),
        # What a provider asks is the operator's matter alone.
        row_level_security.policy(table="generation_dailymargin", condition="false"),
    ]
