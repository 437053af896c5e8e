"""What the queue may call about money. Each looks at the rows; a repeated call is harmless."""

from __future__ import annotations

import structlog

from accounts.models import Organization
from billing import auto_recharge, daily_totals, emails, grants, ledger_check_results, wallets
from billing.models import StripeEvent
from billing.stripe import client, events, reconcile
from vidgo.kernel import queue

log = structlog.get_logger(__name__)

# Task, name of its schedule, minutes between two runs.
SCHEDULES = (
    ("billing.tasks.process_events", "stripe events", 1),
    ("billing.tasks.recharge_due", "recharge", 5),
    ("billing.tasks.reconcile_stripe", "reconcile", 60),
    ("billing.tasks.expire_grants", "grants", 60),
    ("billing.tasks.close_days", "ledger days", 60),
    ("billing.tasks.audit", "audit", 24 * 60),
)


def process_event(event_id: int) -> None:
    """Act on one event of the inbox."""
    events.process(event=StripeEvent.objects.get(pk=event_id))


def process_events() -> None:
    """Act on the events that wait for another try."""
    events.process_due()


def balance_fell(organization_id: int) -> None:
    """Recharge, or warn: the balance has just fallen below a line somebody drew."""
    organization = Organization.objects.get(pk=organization_id)
    auto_recharge.recharge(organization_id=organization_id)
    wallets.warn_if_low(organization=organization)


def recharge(organization_id: int) -> None:
    """Buy the pack of one organization if it is due."""
    auto_recharge.recharge(organization_id=organization_id)


def recharge_due() -> None:
    """Buy the packs of all whose balance is low."""
    for organization_id in auto_recharge.list_due():
        auto_recharge.recharge(organization_id=organization_id)


def reconcile_stripe() -> None:
    """Sweep Stripe's lists."""
    try:
        log.info("stripe_reconciled", **reconcile.run())
    except client.StripeError as error:
        log.error("stripe_not_reconciled", error=str(error))


def expire_grants() -> None:
    """Take back what is left of the grants whose time is over."""
    if expired := grants.expire_due():
        log.info("grants_expired", grants=expired)


def close_days() -> None:
    """Add up what moved on the days that are over, for statements."""
    log.info("ledger_days_closed", lines=daily_totals.write())


def audit() -> None:
    """Check the books and log each broken rule as an error."""
    for violation in ledger_check_results.run().violations:
        log.error("books_broken", sentence=violation.sentence, row=str(violation.row))


def send_notice(organization_id: int, kind: str, about: str) -> None:
    """Send one e-mail about money."""
    organization = Organization.objects.get(pk=organization_id)
    emails.send(organization=organization, kind=kind, about=about)


def schedule_all() -> None:
    """Store the schedules; called after each migration."""
    for task, name, minutes in SCHEDULES:
        queue.schedule(task, name=name, minutes=minutes)
