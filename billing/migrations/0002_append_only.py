"""The ledger is append-only: the database itself refuses to change or remove an entry."""

from django.db import migrations

REFUSE = """
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

ALLOW = """
DROP TRIGGER ledger_is_not_truncated ON billing_ledgerentry;
DROP TRIGGER ledger_entry_is_append_only ON billing_ledgerentry;
DROP FUNCTION billing_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_start")]

    operations = [migrations.RunSQL(sql=REFUSE, reverse_sql=ALLOW)]
