"""Prometheus metrics about money: wallets, ledger checks, Stripe events and the Stripe sweep."""

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
# Uses the partial index on unprocessed events.
INBOX = """
SELECT count(*) FILTER (WHERE error = ''), count(*) FILTER (WHERE error <> ''),
       coalesce(extract(epoch FROM statement_timestamp() - min(received_at)), 0)
  FROM billing_stripeevent WHERE processed_at IS NULL
"""


@readings("wallets")
def read_wallets() -> Iterator[Reading]:
    """Read how many wallets are in debt or negative."""
    with connection.cursor() as cursor:
        cursor.execute(WALLETS)
        in_debt, debt, negative = cursor.fetchone() or (0, 0, 0)
    yield Reading("vidgo_wallets_in_debt", "Wallets that owe credits.", in_debt)
    yield Reading("vidgo_wallets_debt_credits", "Credits owed by all wallets.", float(debt))
    yield Reading(
        "vidgo_wallets_negative", "Wallets below zero; the database refuses them.", negative
    )


@readings("ledger_checks")
def read_ledger_checks() -> Iterator[Reading]:
    """Read the result of the latest ledger check; nothing before the first one."""
    latest = ledger_check_results.find_latest()
    if latest is None:
        return
    yield Reading("vidgo_ledger_check_passed", "1 if every rule held.", latest.is_clean)
    yield Reading("vidgo_ledger_rules_broken", "Ledger rules broken.", len(latest.counts))
    age = (timezone.now() - latest.at).total_seconds()
    yield Reading("vidgo_ledger_check_age_seconds", "Age of the latest ledger check.", age)


@readings("stripe")
def read_stripe() -> Iterator[Reading]:
    """Read the unprocessed Stripe events, and the age of the last complete sweep."""
    with connection.cursor() as cursor:
        cursor.execute(INBOX)
        waiting, failed, oldest = cursor.fetchone() or (0, 0, 0)
    help = "Stripe events that are not processed."
    yield Reading("vidgo_stripe_events", help, waiting, {"state": "waiting"})
    yield Reading("vidgo_stripe_events", help, failed, {"state": "failed"})
    yield Reading(
        "vidgo_stripe_oldest_event_seconds", "Age of the oldest unprocessed event.", float(oldest)
    )
    cursor_row = Cursor.objects.filter(name="stripe").first()
    if cursor_row is not None:
        age = (timezone.now() - cursor_row.reached_at).total_seconds()
        yield Reading("vidgo_stripe_swept_seconds_ago", "Age of the last complete sweep.", age)
