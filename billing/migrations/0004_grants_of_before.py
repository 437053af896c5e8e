"""Give each grant that is already in the ledger its row."""

from django.db import migrations

BACKFILL = """
INSERT INTO billing_grant
       (public_id, organization_id, amount_credits, reason, created_at, expires_at, expired_at)
SELECT reference, organization_id, amount_credits, reason, created_at, NULL, NULL
  FROM billing_ledgerentry entry
 WHERE kind = 'grant'
   AND NOT EXISTS (SELECT 1 FROM billing_grant WHERE public_id = entry.reference)
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_purchases")]

    operations = [migrations.RunSQL(sql=BACKFILL, reverse_sql=migrations.RunSQL.noop)]
