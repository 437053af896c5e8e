"""Grants: credits that an operator gives, with a reason."""

from django.db import transaction

from accounts import audit
from accounts.audit import Actor
from accounts.models import Organization
from billing import ledger
from vidgo.kernel import errors, ids


class ReasonMissing(errors.Invalid):
    sentence = "Say why these credits are granted."


def give(*, organization: Organization, amount_credits: int, reason: str, actor: Actor) -> int:
    """Grant credits and return the balance after it.

    Raises `ReasonMissing`, and `ledger.NotPositive` for less than one credit.
    """
    if not reason.strip():
        raise ReasonMissing(param="reason")
    with transaction.atomic(durable=True):
        reference = ids.new_id("grant")
        audit.record(
            organization=organization,
            actor=actor,
            action="credits.granted",
            target=f"{reference}: {amount_credits} credits",
            reason=reason,
        )
        return ledger.grant(
            organization=organization,
            amount_credits=amount_credits,
            reference=reference,
            actor=actor.label,
            reason=reason.strip(),
        )
