"""Reconciliation: a sweep through Stripe's own lists books whatever no webhook reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from django.utils import timezone

from billing import auto_recharge, refunds_and_disputes, top_ups
from billing.models import Cursor, TopUp
from billing.stripe import client, events

log = structlog.get_logger(__name__)

T = TypeVar("T")

# Stripe's lists filter by creation, but a session may be paid days later: each sweep starts this
# long before the last one.
OVERLAP = timedelta(days=3)
FIRST_LOOK_BACK = timedelta(days=30)
STALE_RECHARGE = timedelta(minutes=2)


def run(*, since: datetime | None = None) -> Counter[str]:
    """Sweep all lists since the last complete sweep and return the counts of objects by kind.

    A payment that cannot be booked is logged and counted as an alarm; the sweep goes on. The cursor
    moves only when every list was read to its end. Raises `client.StripeError`.
    """
    started = timezone.now()
    cursor = Cursor.objects.filter(name="stripe").first()
    start = since or (cursor.reached_at - OVERLAP if cursor else started - FIRST_LOOK_BACK)
    seen: Counter[str] = Counter()
    seen["events"] = events.process_due()
    _each(seen, "sessions", client.list_sessions(since=start), _session)
    _each(seen, "intents", client.list_intents(since=start), _intent)
    _each(seen, "refunds", client.list_refunds(since=start), _refund)
    _each(seen, "disputes", client.list_disputes(since=start), _dispute)
    _each(seen, "open", _open_top_ups(started), _open)
    Cursor.objects.update_or_create(name="stripe", defaults={"reached_at": started})
    return seen


def _each(seen: Counter[str], kind: str, items: Iterable[T], apply: Callable[[T], object]) -> None:
    for item in items:
        seen[kind] += 1
        try:
            apply(item)
        except top_ups.UnknownPayment as error:
            seen["alarms"] += 1
            log.error("stripe_payment_unknown", error=str(error))


def _session(session: client.Session) -> None:
    top_ups.fulfill_session(session=session)


def _intent(intent: client.Intent) -> None:
    if intent.status == "succeeded":
        top_ups.fulfill_intent(intent=intent)
    elif intent.failure_code:
        auto_recharge.payment_failed(intent=intent)


def _refund(refund: client.RefundOrDispute) -> None:
    refunds_and_disputes.apply_refund(refund=refund)


def _dispute(dispute: client.RefundOrDispute) -> None:
    refunds_and_disputes.apply_dispute(dispute=dispute)


def _open_top_ups(now: datetime) -> list[TopUp]:
    """Return top-ups still open after their page has expired or their charge got no answer."""
    stale = TopUp.objects.select_related("organization").filter(status=TopUp.Status.PENDING)
    recharges = stale.filter(source=TopUp.Source.AUTO_RECHARGE, created_at__lt=now - STALE_RECHARGE)
    pages = stale.filter(
        source=TopUp.Source.CHECKOUT, created_at__lt=now - top_ups.SESSION_LIFETIME * 2
    )
    return [*recharges[:1000], *pages[:1000]]


def _open(top_up: TopUp) -> None:
    if top_up.source == TopUp.Source.AUTO_RECHARGE:
        auto_recharge.charge(top_up=top_up)
    elif top_up.stripe_session_id:
        top_ups.fulfill_session(session=client.get_session(session_id=top_up.stripe_session_id))
    else:
        top_ups.close(
            top_up=top_up,
            status=TopUp.Status.EXPIRED,
            message="The payment page could not be opened.",
        )
