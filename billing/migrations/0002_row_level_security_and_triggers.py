"""Database rules outside the models: an append-only ledger and row-level security."""

from django.db import migrations

from vidgo.kernel.db import row_level_security

APPEND_ONLY = """
CREATE FUNCTION billing_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ledger entries are never changed or removed; write another one'
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER ledger_entry_is_append_only
BEFORE UPDATE OR DELETE ON billing_ledgerentry
FOR EACH ROW EXECUTE FUNCTION billing_refuse_change();

CREATE TRIGGER ledger_is_not_truncated
BEFORE TRUNCATE ON billing_ledgerentry
FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse_change();
"""
CHANGEABLE = """
DROP TRIGGER ledger_is_not_truncated ON billing_ledgerentry;
DROP TRIGGER ledger_entry_is_append_only ON billing_ledgerentry;
DROP FUNCTION billing_refuse_change();
"""

OF_AN_ORGANIZATION = (
    "billing_wallet",
    "billing_ledgerentry",
    "billing_dailytotal",
    "billing_grant",
    "billing_redemption",
    "billing_customer",
    "billing_topup",
    "billing_autorecharge",
)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_row_level_security_and_triggers"),
        ("billing", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(APPEND_ONLY, CHANGEABLE),
        *(row_level_security.policy(table=table) for table in OF_AN_ORGANIZATION),
        row_level_security.policy(
            table="billing_budget",
            condition=row_level_security.through(table="accounts_apikey", key="api_key_id"),
        ),
        *(
            row_level_security.policy(
                table=table,
                condition=row_level_security.through(table="billing_topup", key="top_up_id"),
            )
            for table in ("billing_refund", "billing_dispute")
        ),
    ]
