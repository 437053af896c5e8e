"""Put jobs, files and callbacks behind the second wall."""

from django.db import migrations

from vidgo.kernel.db import tenant_context

OF_AN_ORGANIZATION = (
    "generation_job",
    "generation_upload",
    "generation_usageday",
    "generation_idempotencykey",
    "generation_callbacksecret",
    "generation_callbackendpoint",
    "generation_callback",
)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_tenant_wall"),
        ("generation", "0005_usage"),
    ]

    operations = [
        *(tenant_context.build(table=table) for table in OF_AN_ORGANIZATION),
        *(
            tenant_context.build(
                table=table, condition=tenant_context.through(table="generation_job", key="job_id")
            )
            for table in ("generation_asset", "generation_attempt")
        ),
        tenant_context.build(
            table="generation_callbacktry",
            condition=tenant_context.through(table="generation_callback", key="callback_id"),
        ),
    ]
