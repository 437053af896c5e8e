"""Refunds and disputes at Stripe: clawbacks, which take back the credits of a payment.

Each refund and each dispute counts once, by its own id. Its current state at Stripe decides whether
its credits are clawed back or reinstated, so the order of events does not matter.
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

# States in which we have the money: a refund that failed, a dispute that is won or only an inquiry.
REFUND_REVERSED = frozenset({"failed", "canceled"})
DISPUTE_REVERSED = frozenset(
    {"won", "prevented", "warning_needs_response", "warning_under_review", "warning_closed"}
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What applying a refund or a dispute changed."""

    top_up: TopUp
    is_new: bool
    is_reversed: bool
    credits: int


def apply_refund(*, refund: client.RefundOrDispute) -> Outcome:
    """Claw back or reinstate the credits of a refund; raises `top_ups.UnknownPayment`."""
    return _apply(Refund, refund, is_reversed=refund.status in REFUND_REVERSED)


def apply_dispute(*, dispute: client.RefundOrDispute) -> Outcome:
    """Claw back or reinstate the credits of a dispute; raises `top_ups.UnknownPayment`."""
    return _apply(Dispute, dispute, is_reversed=dispute.status in DISPUTE_REVERSED)


def _apply(
    model: type[Refund] | type[Dispute], source: client.RefundOrDispute, *, is_reversed: bool
) -> Outcome:
    top_up = top_ups.get_by_intent(intent_id=source.intent_id)
    if source.currency != top_up.currency:
        raise top_ups.UnknownPayment(f"{source.id} is in {source.currency}")
    with transaction.atomic(durable=True):
        # Locks the purchase, so that its refunds and disputes are applied one at a time.
        top_up = TopUp.objects.select_for_update().select_related("organization").get(pk=top_up.pk)
        row = model.objects.filter(stripe_id=source.id).first()
        is_new = row is None
        if row is None:
            row = model(stripe_id=source.id, top_up=top_up, credits=0)
        row.amount_cents = source.amount_cents
        is_clawed_back = row.credits > 0 and not row.is_reversed
        if is_clawed_back and is_reversed:
            _reinstate(row)
        elif not is_clawed_back and not is_reversed:
            _claw_back(row)
        row.is_reversed = is_reversed
        row.status = source.status
        row.save()
    log.info(
        "clawback_applied", id=source.id, status=source.status, credits=row.credits, new=is_new
    )
    return Outcome(top_up=top_up, is_new=is_new, is_reversed=row.is_reversed, credits=row.credits)


def _claw_back(row: Refund | Dispute) -> None:
    if row.credits:
        # Its clawback and its reinstatement are entered already; a third entry needs a person.
        raise top_ups.UnknownPayment(f"{row.stripe_id} takes back reinstated credits")
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
    """Return the credits in proportion to an amount of money, at most what is left.

    The last part of a payment takes the rest, so that rounding leaves nothing behind.
    """
    taken_credits = taken_cents = 0
    for model in (Refund, Dispute):
        sums = model.objects.filter(top_up=top_up, is_reversed=False).aggregate(
            credits=Sum("credits"), cents=Sum("amount_cents")
        )
        taken_credits += sums["credits"] or 0
        taken_cents += sums["cents"] or 0
    left = top_up.credits - taken_credits
    if taken_cents + amount_cents >= top_up.paid_cents:
        return left
    share = (top_up.credits * amount_cents * 2 + top_up.paid_cents) // (top_up.paid_cents * 2)
    return min(share, left)
