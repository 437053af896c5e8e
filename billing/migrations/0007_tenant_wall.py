"""Put money behind the second wall."""

from django.db import migrations

from vidgo.kernel.db import tenant_context

OF_AN_ORGANIZATION = (
    "billing_wallet",
    "billing_ledgerentry",
    "billing_ledgerday",
    "billing_grant",
    "billing_redemption",
    "billing_customer",
    "billing_topup",
    "billing_autorecharge",
)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_tenant_wall"),
        ("billing", "0006_ledger_entry_by_time"),
    ]

    operations = [
        *(tenant_context.build(table=table) for table in OF_AN_ORGANIZATION),
        tenant_context.build(
            table="billing_budget",
            condition=tenant_context.through(table="accounts_apikey", key="api_key_id"),
        ),
        *(
            tenant_context.build(
                table=table,
                condition=tenant_context.through(table="billing_topup", key="top_up_id"),
            )
            for table in ("billing_refund", "billing_dispute")
        ),
    ]
