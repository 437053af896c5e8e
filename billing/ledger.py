"""The ledger: every movement of credits, written once and never changed.

A movement is one SQL statement that changes the wallet and appends the entry, so the two cannot
disagree. Its row count decides: no reading of the balance first, which two calls would both pass.
"""

from typing import Self

from django.db import IntegrityError, connection, transaction

from accounts.models import Organization
from billing.models import Kind, LedgerEntry
from vidgo.kernel import errors
from vidgo.kernel.db import requires_transaction

# The debit and its entry. The wallet row stays locked until commit: call this as late as possible.
CHARGE = """
WITH debited AS (
    UPDATE billing_wallet SET balance_credits = balance_credits - %(amount)s
     WHERE organization_id = %(organization)s AND balance_credits >= %(amount)s
 RETURNING balance_credits - debt_credits AS net
)
INSERT INTO billing_ledgerentry
       (organization_id, kind, amount_credits, reference, balance_after_credits, actor, reason,
        created_at)
SELECT %(organization)s, 'charge', -%(amount)s, %(reference)s, net, %(actor)s, '',
       clock_timestamp()
  FROM debited
RETURNING id, balance_after_credits
"""

# Any other movement, by its sign: credits pay the debt first, a loss beyond the balance is debt.
# The upsert makes the wallet of an organization whose first movement this is.
MOVE = """
WITH moved AS (
    INSERT INTO billing_wallet AS wallet (organization_id, balance_credits, debt_credits)
    VALUES (%(organization)s, greatest(%(amount)s, 0), greatest(-%(amount)s, 0))
    ON CONFLICT (organization_id) DO UPDATE SET
        balance_credits = greatest(
            wallet.balance_credits - wallet.debt_credits + %(amount)s, 0),
        debt_credits = greatest(
            wallet.debt_credits - wallet.balance_credits - %(amount)s, 0)
    RETURNING balance_credits - debt_credits AS net
)
INSERT INTO billing_ledgerentry
       (organization_id, kind, amount_credits, reference, balance_after_credits, actor, reason,
        created_at)
SELECT %(organization)s, %(kind)s, %(amount)s, %(reference)s, net, %(actor)s, %(reason)s,
       clock_timestamp()
  FROM moved
RETURNING id, balance_after_credits
"""


class InsufficientCredits(errors.PaymentRequired):
    """The wallet cannot pay; nothing was moved."""

    @classmethod
    def of(cls, amount_credits: int) -> Self:
        """Return the error about a price that the balance does not cover."""
        return cls(
            f"This costs {amount_credits} credits and your balance is lower. Top up to continue.",
            required_credits=amount_credits,
        )


class AlreadyRecorded(errors.Conflict):
    """This movement, by kind and reference, has happened before; nothing was moved again."""

    sentence = "This movement of credits is already in the ledger."


class UnknownCharge(Exception):
    """A refund was asked for something that was never charged: a mistake in our code."""


class NotPositive(errors.Invalid):
    sentence = "The amount must be at least one credit."


@requires_transaction
def charge(*, organization: Organization, amount_credits: int, reference: str, actor: str) -> int:
    """Deduct credits for `reference` and return the balance after it.

    Raises `InsufficientCredits` when the balance is lower than the amount and `AlreadyRecorded`
    when the reference was charged before.
    """
    _require_positive(amount_credits)
    balance = _append(
        CHARGE,
        organization=organization.pk,
        amount=amount_credits,
        reference=reference,
        actor=actor[:254],
    )
    if balance is None:
        raise InsufficientCredits.of(amount_credits)
    return balance


@requires_transaction
def refund(*, organization: Organization, reference: str, actor: str, reason: str = "") -> int:
    """Give back all that was charged for `reference`, once, and return the balance after it.

    Raises `AlreadyRecorded` when it was given back before, `UnknownCharge` without a charge.
    """
    charged = LedgerEntry.objects.filter(
        organization=organization, kind=Kind.CHARGE, reference=reference
    ).first()
    if charged is None:
        raise UnknownCharge(reference)
    return _move(
        organization=organization,
        kind=Kind.REFUND,
        amount_credits=-charged.amount_credits,
        reference=reference,
        actor=actor,
        reason=reason,
    )


@requires_transaction
def grant(
    *, organization: Organization, amount_credits: int, reference: str, actor: str, reason: str
) -> int:
    """Give credits that nobody paid for and return the balance after it.

    Raises `NotPositive` and `AlreadyRecorded`.
    """
    _require_positive(amount_credits)
    return _move(
        organization=organization,
        kind=Kind.GRANT,
        amount_credits=amount_credits,
        reference=reference,
        actor=actor,
        reason=reason,
    )


def _require_positive(amount_credits: int) -> None:
    if amount_credits < 1:
        raise NotPositive


def _move(
    *,
    organization: Organization,
    kind: Kind,
    amount_credits: int,
    reference: str,
    actor: str,
    reason: str,
) -> int:
    # The savepoint keeps the caller's transaction usable after a refused repetition.
    with transaction.atomic():
        balance = _append(
            MOVE,
            organization=organization.pk,
            kind=kind.value,
            amount=amount_credits,
            reference=reference,
            actor=actor[:254],
            reason=reason[:500],
        )
    if balance is None:
        raise RuntimeError("a movement wrote no entry")
    return balance


def _append(statement: str, **values: int | str) -> int | None:
    """Run one movement and return the balance after it, or None when the wallet cannot pay."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            row = cursor.fetchone()
    except IntegrityError as error:
        if "ledger_entry_happens_once" in str(error):
            raise AlreadyRecorded from None
        raise
    return None if row is None else int(row[1])
