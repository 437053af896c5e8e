"""Grants: free credits, given with a reason and optionally with an expiry.

Spending uses up the grant that expires soonest, so that customers lose as little as possible.
Charges do not track this: when a grant expires, the ledger since the grant is replayed to find what
is left of it.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.audit import Actor
from accounts.models import Organization
from billing import ledger
from billing.models import Grant, Kind, LedgerEntry, Wallet
from vidgo.kernel import errors
from vidgo.kernel.db.transactions import requires_transaction


class ReasonMissing(errors.Invalid):
    default_message = "Enter a reason for this grant."


class ExpiryInThePast(errors.Invalid):
    default_message = "The expiry must be in the future."


def give(
    *,
    organization: Organization,
    amount_credits: int,
    reason: str,
    actor: Actor,
    expires_at: datetime | None = None,
) -> int:
    """Grant credits and return the new balance.

    Raises `ReasonMissing`, `ExpiryInThePast`, and `ledger.NotPositive` for less than one credit.
    """
    with transaction.atomic(durable=True):
        grant = record(
            organization=organization,
            amount_credits=amount_credits,
            reason=reason,
            actor=actor,
            expires_at=expires_at,
        )
        return LedgerEntry.objects.get(
            kind=Kind.GRANT, reference=grant.public_id
        ).balance_after_credits


@requires_transaction
def record(
    *,
    organization: Organization,
    amount_credits: int,
    reason: str,
    actor: Actor,
    expires_at: datetime | None = None,
) -> Grant:
    """Store a grant, its ledger entry and its audit event; raises the same errors as `give`."""
    reason = reason.strip()
    if not reason:
        raise ReasonMissing(param="reason")
    if amount_credits < 1:
        raise ledger.NotPositive(param="amount_credits")
    if expires_at is not None and expires_at <= timezone.now():
        raise ExpiryInThePast(param="expires_at")
    grant = Grant.objects.create(
        organization=organization,
        amount_credits=amount_credits,
        reason=reason[:500],
        expires_at=expires_at,
    )
    audit.record(
        organization=organization,
        actor=actor,
        action="credits.granted",
        target=f"{grant.public_id}: {amount_credits} credits",
        reason=reason,
    )
    ledger.grant(
        organization=organization,
        amount_credits=amount_credits,
        reference=grant.public_id,
        actor=actor.label,
        reason=reason,
    )
    return grant


def expire_due() -> int:
    """Take back the unspent credits of each expired grant and return how many have expired."""
    due = Grant.objects.filter(expired_at=None, expires_at__lte=timezone.now())
    grants = list(due.select_related("organization").order_by("expires_at", "id")[:1000])
    return sum(_expire(grant) for grant in grants)


def _expire(grant: Grant) -> bool:
    """Take back the unspent credits of a grant, once, with the wallet locked while counting."""
    with transaction.atomic(durable=True):
        wallet = Wallet.objects.select_for_update().get(organization=grant.organization)
        mine = Grant.objects.filter(pk=grant.pk, expired_at=None)
        if not mine.update(expired_at=timezone.now()):
            return False
        left = min(unspent(grant=grant), wallet.balance_credits)
        if left:
            ledger.expire(
                organization=grant.organization,
                amount_credits=left,
                reference=grant.public_id,
                actor="system",
            )
    return True


def unspent(*, grant: Grant) -> int:
    """Return the unspent credits of a grant by replaying the ledger.

    A charge takes from the lot that expires soonest; a refund returns to the lots of its charge.
    """
    lots = _overlapping_lots(grant)
    entries = (
        LedgerEntry.objects.for_organization(grant.organization)
        .filter(id__gte=_first_entry_id(lots), kind__in=["grant", "charge", "refund", "expiry"])
        .order_by("id")
        .values_list("kind", "reference", "amount_credits")
    )
    left: dict[str, int] = {}
    taken: dict[str, dict[str, int]] = defaultdict(dict)
    for kind, reference, amount in entries.iterator(chunk_size=5000):
        if kind == Kind.GRANT and reference in lots:
            left[reference] = amount
        elif kind == Kind.EXPIRY:
            left.pop(reference, None)
        elif kind == Kind.CHARGE:
            taken[reference] = _take(left, -amount, lots=lots)
        elif kind == Kind.REFUND:
            for lot, part in taken.pop(reference, {}).items():
                if lot in left:
                    left[lot] += part
    return left.get(grant.public_id, 0)


def _overlapping_lots(grant: Grant) -> list[str]:
    """Return the expiring grants that overlap this one in time, the soonest to expire first."""
    overlapping = Grant.objects.filter(
        organization=grant.organization, expires_at__isnull=False, created_at__lte=grant.expires_at
    ).exclude(expired_at__lt=grant.created_at)
    return list(overlapping.order_by("expires_at", "id").values_list("public_id", flat=True))


def _first_entry_id(lots: list[str]) -> int:
    first = (
        LedgerEntry.objects.filter(kind=Kind.GRANT, reference__in=lots)
        .order_by("id")
        .values_list("id", flat=True)
        .first()
    )
    return first or 0


def _take(left: dict[str, int], amount: int, *, lots: list[str]) -> dict[str, int]:
    """Spend an amount from the lots in this order and return how much came from each."""
    parts: dict[str, int] = {}
    for lot in lots:
        part = min(left.get(lot, 0), amount)
        if part:
            left[lot] -= part
            parts[lot] = part
            amount -= part
    return parts
