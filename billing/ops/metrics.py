"""What Prometheus reads about money: wallets, the books, Stripe's inbox and sweep."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection
from django.utils import timezone

from billing import ledger_check_results
from billing.models import Cursor
from vidgo.kernel.ops.metrics import Reading, readings

# One row for each organization.
WALLETS = """
SELECT count(*) FILTER (WHERE debt_credits > 0), coalesce(sum(debt_credits), 0),
       count(*) FILTER (WHERE balance_credits < 0)
  FROM billing_wallet
"""
# By the small index of what waits.
INBOX = """
SELECT count(*) FILTER (WHERE error = ''), count(*) FILTER (WHERE error <> ''),
       coalesce(extract(epoch FROM statement_timestamp() - min(received_at)), 0)
  FROM billing_stripeevent WHERE processed_at IS NULL
"""


@readings("wallets")
def read_wallets() -> Iterator[Reading]:
    """Read what must not be and what should be rare."""
    with connection.cursor() as cursor:
        cursor.execute(WALLETS)
        in_debt, debt, negative = cursor.fetchone() or (0, 0, 0)
    yield Reading("vidgo_wallets_in_debt", "Wallets that owe credits.", in_debt)
    yield Reading("vidgo_wallets_debt_credits", "What they owe together.", float(debt))
    yield Reading(
        "vidgo_wallets_negative", "Wallets below zero: the database refuses them.", negative
    )


@readings("books")
def read_books() -> Iterator[Reading]:
    """Read what the last check of the books found; nothing before the first one."""
    latest = ledger_check_results.find_latest()
    if latest is None:
        return
    yield Reading("vidgo_books_clean", "1 when the last check found no fault.", latest.is_clean)
    yield Reading("vidgo_books_rules_broken", "Rules that were broken.", len(latest.counts))
    age = (timezone.now() - latest.at).total_seconds()
    yield Reading("vidgo_books_checked_seconds_ago", "Age of the last check.", age)


@readings("stripe")
def read_stripe() -> Iterator[Reading]:
    """Read what waits in the inbox, and when the sweep last came to its end."""
    with connection.cursor() as cursor:
        cursor.execute(INBOX)
        waiting, failed, oldest = cursor.fetchone() or (0, 0, 0)
    help = "Events of Stripe that are not done with."
    yield Reading("vidgo_stripe_events", help, waiting, {"state": "waiting"})
    yield Reading("vidgo_stripe_events", help, failed, {"state": "failed"})
    yield Reading("vidgo_stripe_oldest_event_seconds", "Age of the oldest.", float(oldest))
    cursor_row = Cursor.objects.filter(name="stripe").first()
    if cursor_row is not None:
        age = (timezone.now() - cursor_row.reached_at).total_seconds()
        yield Reading("vidgo_stripe_swept_seconds_ago", "Age of the last whole sweep.", age)
