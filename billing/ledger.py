"""The ledger: every movement of credits, written once and never changed.

A movement is one SQL statement that changes the wallet and appends the entry, so the two cannot
disagree. Its row count decides: no reading of the balance first, which two calls would both pass.
"""

from typing import Any, Self, cast

from django.db import IntegrityError, transaction

from accounts.models import ApiKey, Organization
from billing import budgets
from billing.models import Kind, LedgerEntry
from vidgo.kernel import errors, queue
from vidgo.kernel.db import prepared_statements
from vidgo.kernel.db.transactions import requires_transaction

BALANCE_FELL = "billing.tasks.balance_fell"

# The debit and its entry, limited by the key's budget where it has one. The wallet row stays locked
# until commit: call this as late as possible. `fell` tells that the balance has just gone below a
# line that somebody drew, for a warning or for an automatic recharge.
CHARGE = """
WITH today AS (
    SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date AS day,
           date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date AS month
),
budgeted AS (
    UPDATE billing_budget budget SET
           day = today.day, month = today.month,
           day_spent_credits = %(amount)s
               + CASE WHEN budget.day = today.day THEN day_spent_credits ELSE 0 END,
           month_spent_credits = %(amount)s
               + CASE WHEN budget.month = today.month THEN month_spent_credits ELSE 0 END,
           total_spent_credits = %(amount)s + total_spent_credits
      FROM today
     WHERE api_key_id = %(api_key)s
       AND (daily_credits IS NULL OR daily_credits >= %(amount)s
            + CASE WHEN budget.day = today.day THEN day_spent_credits ELSE 0 END)
       AND (monthly_credits IS NULL OR monthly_credits >= %(amount)s
            + CASE WHEN budget.month = today.month THEN month_spent_credits ELSE 0 END)
       AND (total_credits IS NULL OR total_credits >= %(amount)s + total_spent_credits)
 RETURNING api_key_id
),
debited AS (
    UPDATE billing_wallet SET balance_credits = balance_credits - %(amount)s
     WHERE organization_id = %(organization)s AND balance_credits >= %(amount)s
       AND (EXISTS (SELECT 1 FROM budgeted)
            OR NOT EXISTS (SELECT 1 FROM billing_budget WHERE api_key_id = %(api_key)s))
 RETURNING balance_credits - debt_credits AS net,
           balance_credits < warn_below_credits
               AND balance_credits + %(amount)s >= warn_below_credits
           OR balance_credits < recharge_below_credits
               AND balance_credits + %(amount)s >= recharge_below_credits AS fell
),
entry AS (
    INSERT INTO billing_ledgerentry
           (organization_id, kind, amount_credits, reference, balance_after_credits, actor, reason,
            api_key_id, created_at)
    SELECT %(organization)s, 'charge', -%(amount)s, %(reference)s, net, %(actor)s, '',
           %(api_key)s, clock_timestamp()
      FROM debited
)
SELECT net, fell FROM debited
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
RETURNING balance_after_credits
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

    default_message = "This movement of credits is already in the ledger."


class UnknownCharge(Exception):
    """A refund was asked for something that was never charged: a mistake in our code."""


class NotPositive(errors.Invalid):
    default_message = "The amount must be at least one credit."


@requires_transaction
def charge(
    *,
    organization: Organization,
    amount_credits: int,
    reference: str,
    actor: str,
    api_key: ApiKey | None = None,
) -> int:
    """Deduct credits for `reference` and return the balance after it.

    With a key, its budget is charged too. Raises `InsufficientCredits` when the balance is lower
    than the amount, `budgets.BudgetExceeded` when a cap of the key forbids it, and
    `AlreadyRecorded` when the reference was charged before; roll back then.
    """
    _require_positive(amount_credits)
    row = _run(
        CHARGE,
        organization=organization.pk,
        amount=amount_credits,
        reference=reference,
        actor=actor[:254],
        api_key=api_key.pk if api_key else None,
    )
    if row is None:
        exceeded = api_key and budgets.exceeded(
            api_key_id=api_key.pk, amount_credits=amount_credits
        )
        raise exceeded or InsufficientCredits.of(amount_credits)
    balance, fell = row
    if fell:
        queue.enqueue(BALANCE_FELL, organization.pk)
    return int(balance)


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
    budgets.give_back(charge=charged)
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


@requires_transaction
def top_up(*, organization: Organization, amount_credits: int, reference: str, actor: str) -> int:
    """Add credits that were paid for, after any debt, and return the balance after it.

    Raises `AlreadyRecorded`.
    """
    _require_positive(amount_credits)
    return _move(
        organization=organization,
        kind=Kind.TOP_UP,
        amount_credits=amount_credits,
        reference=reference,
        actor=actor,
        reason="",
    )


@requires_transaction
def claw_back(
    *, organization: Organization, amount_credits: int, reference: str, actor: str, reason: str
) -> int:
    """Take credits whose money left again; what was spent already becomes debt.

    Returns the balance less the debt. Raises `AlreadyRecorded`.
    """
    _require_positive(amount_credits)
    return _move(
        organization=organization,
        kind=Kind.CLAWBACK,
        amount_credits=-amount_credits,
        reference=reference,
        actor=actor,
        reason=reason,
    )


@requires_transaction
def reinstate(
    *, organization: Organization, amount_credits: int, reference: str, actor: str, reason: str
) -> int:
    """Give back what a clawback took, and return the balance after it.

    Raises `AlreadyRecorded`.
    """
    _require_positive(amount_credits)
    return _move(
        organization=organization,
        kind=Kind.REINSTATEMENT,
        amount_credits=amount_credits,
        reference=reference,
        actor=actor,
        reason=reason,
    )


@requires_transaction
def expire(*, organization: Organization, amount_credits: int, reference: str, actor: str) -> int:
    """Take back the unspent credits of a grant and return the balance after it.

    The caller holds the wallet's lock and takes no more than its balance. Raises
    `AlreadyRecorded`.
    """
    _require_positive(amount_credits)
    return _move(
        organization=organization,
        kind=Kind.EXPIRY,
        amount_credits=-amount_credits,
        reference=reference,
        actor=actor,
        reason="The grant has expired.",
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
        row = _run(
            MOVE,
            organization=organization.pk,
            kind=kind.value,
            amount=amount_credits,
            reference=reference,
            actor=actor[:254],
            reason=reason[:500],
        )
    if row is None:
        raise RuntimeError("a movement wrote no entry")
    return int(row[0])


def _run(statement: str, **values: int | str | None) -> tuple[Any, ...] | None:
    """Run one movement and return its row, or None when nothing was moved."""
    try:
        with prepared_statements.prepared() as cursor:
            cursor.execute(statement, values)
            return cast("tuple[Any, ...] | None", cursor.fetchone())
    except IntegrityError as error:
        if "ledger_entry_happens_once" in str(error):
            raise AlreadyRecorded from None
        raise
