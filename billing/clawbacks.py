"""Clawbacks: money that left again, by a refund or a dispute, takes its credits along.

Each refund and each dispute counts by its own id. What Stripe says of it *now* decides whether its
credits are with us or not, so the order in which news arrives does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from django.db import transaction
from django.db.models import Sum

from billing import ledger, top_ups
from billing.models import Dispute, Refund, TopUp
from billing.stripe import client

log = structlog.get_logger(__name__)

# A refund that failed or was canceled, and a dispute that was won or never became one, give back.
REFUND_GIVES_BACK = frozenset({"failed", "canceled"})
DISPUTE_GIVES_BACK = frozenset(
    {"won", "prevented", "warning_needs_response", "warning_under_review", "warning_closed"}
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a piece of news changed."""

    top_up: TopUp
    is_new: bool
    is_reversed: bool
    credits: int


def apply_refund(*, refund: client.Taken) -> Outcome:
    """Bring the wallet in line with a refund; raises `top_ups.UnknownPayment`."""
    return _apply(Refund, refund, gives_back=refund.status in REFUND_GIVES_BACK)


def apply_dispute(*, dispute: client.Taken) -> Outcome:
    """Bring the wallet in line with a dispute; raises `top_ups.UnknownPayment`."""
    return _apply(Dispute, dispute, gives_back=dispute.status in DISPUTE_GIVES_BACK)


def _apply(
    model: type[Refund] | type[Dispute], taken: client.Taken, *, gives_back: bool
) -> Outcome:
    top_up = top_ups.get_by_intent(intent_id=taken.intent_id)
    if taken.currency != top_up.currency:
        raise top_ups.UnknownPayment(f"{taken.id} is in {taken.currency}")
    with transaction.atomic(durable=True):
        # The row of the purchase is the lock: two pieces of news about it take turns.
        top_up = TopUp.objects.select_for_update().select_related("organization").get(pk=top_up.pk)
        row = model.objects.filter(stripe_id=taken.id).first()
        is_new = row is None
        if row is None:
            row = model(stripe_id=taken.id, top_up=top_up, credits=0)
        row.amount_cents = taken.amount_cents
        is_held = row.credits > 0 and not row.is_reversed
        if is_held and gives_back:
            _reinstate(row)
        elif not is_held and not gives_back:
            _claw_back(row)
        row.is_reversed = gives_back
        row.status = taken.status
        row.save()
    log.info("clawback_applied", id=taken.id, status=taken.status, credits=row.credits, new=is_new)
    return Outcome(top_up=top_up, is_new=is_new, is_reversed=row.is_reversed, credits=row.credits)


def _claw_back(row: Refund | Dispute) -> None:
    if row.credits:
        # It was taken and given back once; a third movement needs a person to look at it.
        raise top_ups.UnknownPayment(f"{row.stripe_id} takes back what it had given back")
    row.credits = _share(row.top_up, amount_cents=row.amount_cents)
    if row.credits:
        ledger.claw_back(
            organization=row.top_up.organization,
            amount_credits=row.credits,
            reference=row.stripe_id,
            actor="stripe",
            reason=f"{row._meta.verbose_name} of {row.top_up.public_id}",
        )


def _reinstate(row: Refund | Dispute) -> None:
    ledger.reinstate(
        organization=row.top_up.organization,
        amount_credits=row.credits,
        reference=row.stripe_id,
        actor="stripe",
        reason=f"{row._meta.verbose_name} of {row.top_up.public_id} was reversed",
    )


def _share(top_up: TopUp, *, amount_cents: int) -> int:
    """Return the credits that go with an amount of money, never more than are still there.

    The last part of a payment takes the rest, so that roundings leave nothing behind.
    """
    gone_credits = gone_cents = 0
    for model in (Refund, Dispute):
        sums = model.objects.filter(top_up=top_up, is_reversed=False).aggregate(
            credits=Sum("credits"), cents=Sum("amount_cents")
        )
        gone_credits += sums["credits"] or 0
        gone_cents += sums["cents"] or 0
    left = top_up.credits - gone_credits
    if gone_cents + amount_cents >= top_up.paid_cents:
        return left
    share = (top_up.credits * amount_cents * 2 + top_up.paid_cents) // (top_up.paid_cents * 2)
    return min(share, left)
