"""Daily totals: the credits in and out per organization, day and kind, added up once.

A statement over years then reads one row for each day and kind, plus the entries of the last hours.
The entries stay the source of truth; `ledger_checks.check()` compares the two.
"""

from __future__ import annotations

from datetime import UTC, date, timedelta

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from billing.models import DailyTotal
from vidgo.kernel.db import days

# The database's clock dates an entry; its transaction has long ended after this time.
SETTLED_AFTER = timedelta(hours=1)

WRITE = """
INSERT INTO billing_dailytotal (organization_id, day, kind, in_credits, out_credits)
SELECT organization_id, (created_at AT TIME ZONE 'UTC')::date, kind,
       coalesce(sum(amount_credits) FILTER (WHERE amount_credits > 0), 0),
       coalesce(-sum(amount_credits) FILTER (WHERE amount_credits < 0), 0)
  FROM billing_ledgerentry
 WHERE created_at >= %(since)s AND created_at < %(until)s
 GROUP BY 1, 2, 3
ON CONFLICT DO NOTHING
"""


def write() -> int:
    """Store the totals of the days that are over and return how many rows were added.

    Repeating it is harmless.
    """
    until = days.midnight((timezone.now() - SETTLED_AFTER).astimezone(UTC).date())
    with connection.cursor() as cursor:
        cursor.execute(WRITE, {"since": days.midnight(first_open_day()), "until": until})
        return int(cursor.rowcount)


def first_open_day() -> date:
    """Return the first day that may have entries but no totals yet."""
    written = DailyTotal.objects.aggregate(day=Max("day"))["day"]
    return written + timedelta(days=1) if written else date.min + timedelta(days=1)
