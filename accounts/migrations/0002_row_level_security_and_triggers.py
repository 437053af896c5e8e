"""What models cannot express: unlogged rate buckets, append-only audit log, row-level security."""

from django.db import migrations

from vidgo.kernel.db import row_level_security

# Every request writes here, and a crash may empty the table, which refills every bucket. The free
# space in each page allows HOT updates, which don't touch the index.
RATE_BUCKETS = [
    "ALTER TABLE accounts_ratebucket SET UNLOGGED",
    "ALTER TABLE accounts_ratebucket SET (fillfactor = 50)",
]
# An event never changes, except that removing its user clears the link.
APPEND_ONLY = """
CREATE FUNCTION accounts_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.user_id IS NULL
            AND to_jsonb(NEW) - 'user_id' = to_jsonb(OLD) - 'user_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'audit events are never changed or removed'
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER audit_event_is_append_only
BEFORE UPDATE OR DELETE ON accounts_auditevent
FOR EACH ROW EXECUTE FUNCTION accounts_refuse_change();
"""
CHANGEABLE = """
DROP TRIGGER audit_event_is_append_only ON accounts_auditevent;
DROP FUNCTION accounts_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(
            RATE_BUCKETS,
            [
                "ALTER TABLE accounts_ratebucket RESET (fillfactor)",
                "ALTER TABLE accounts_ratebucket SET LOGGED",
            ],
        ),
        migrations.RunSQL(APPEND_ONLY, CHANGEABLE),
        migrations.RunSQL(row_level_security.CREATE_ROLE, row_level_security.REVOKE_RIGHTS),
        row_level_security.policy(table="accounts_apikey"),
        row_level_security.policy(table="accounts_invitation"),
    ]
