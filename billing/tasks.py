"""Background tasks about money. Each decides by the rows, so repeating one is harmless."""

from __future__ import annotations

import structlog

from accounts.models import Organization
from billing import (
    auto_recharge,
    emails,
    grants,
    ledger_check_results,
    ledger_daily_totals,
    wallets,
)
from billing.models import StripeEvent
from billing.stripe import client, events, reconcile
from vidgo.kernel import queue

log = structlog.get_logger(__name__)

# Task, schedule name, minutes between runs.
SCHEDULES = (
    ("billing.tasks.process_events", "stripe events", 1),
    ("billing.tasks.recharge_due", "recharge", 5),
    ("billing.tasks.reconcile_stripe", "reconcile", 60),
    ("billing.tasks.expire_grants", "grants", 60),
    ("billing.tasks.write_daily_totals", "daily totals", 60),
    ("billing.tasks.check_ledger", "ledger checks", 24 * 60),
)


def process_event(event_id: int) -> None:
    """Process one Stripe event."""
    events.process(event=StripeEvent.objects.get(pk=event_id))


def process_events() -> None:
    """Process the Stripe events that are due, including retries."""
    events.process_due()


def balance_fell(organization_id: int) -> None:
    """Recharge or warn, because the balance has just fallen below a threshold."""
    organization = Organization.objects.get(pk=organization_id)
    auto_recharge.recharge(organization_id=organization_id)
    wallets.warn_if_low(organization=organization)


def recharge(organization_id: int) -> None:
    """Recharge one organization if that is due."""
    auto_recharge.recharge(organization_id=organization_id)


def recharge_due() -> None:
    """Recharge every organization whose balance is low."""
    for organization_id in auto_recharge.list_due():
        auto_recharge.recharge(organization_id=organization_id)


def reconcile_stripe() -> None:
    """Book whatever Stripe's lists hold that is not booked yet."""
    try:
        log.info("stripe_reconciled", **reconcile.run())
    except client.StripeError as error:
        log.error("stripe_not_reconciled", error=str(error))


def expire_grants() -> None:
    """Take back the unspent credits of expired grants."""
    if expired := grants.expire_due():
        log.info("grants_expired", grants=expired)


def write_daily_totals() -> None:
    """Store the daily totals of the days that are over."""
    log.info("daily_totals_written", rows=ledger_daily_totals.write())


def check_ledger() -> None:
    """Run the ledger checks and log each row that breaks a rule as an error."""
    for violation in ledger_check_results.run().violations:
        log.error("ledger_check_failed", rule=violation.rule, row=str(violation.row))


def send_notice(organization_id: int, kind: str, about: str) -> None:
    """Send one e-mail about money."""
    organization = Organization.objects.get(pk=organization_id)
    emails.send(organization=organization, kind=kind, about=about)


def schedule_all() -> None:
    """Store the schedules after each migration."""
    for task, name, minutes in SCHEDULES:
        queue.schedule(task, name=name, minutes=minutes)
