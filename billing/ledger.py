"""The ledger: one entry for every change of a balance, written once and never changed.

One SQL statement changes the wallet and appends the entry, so the two cannot disagree. Its row
count decides: two concurrent calls would both pass a check that reads the balance first.
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

# The debit and its entry, limited by the key's budget if it has one. The wallet row stays locked
# until commit: call this as late as possible. `fell` is true when the balance has just gone below
# the low-balance or the recharge threshold.
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

# Any other entry, by its sign: credits pay the debt first, and a loss beyond the balance becomes
# debt. The upsert creates the wallet with an organization's first entry.
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
    """The balance is too low; nothing was charged."""

    @classmethod
    def of(cls, amount_credits: int) -> Self:
        """Return the error for a price that the balance does not cover."""
        return cls(
            f"This costs {amount_credits} credits and your balance is lower. Top up to continue.",
            required_credits=amount_credits,
        )


class AlreadyRecorded(errors.Conflict):
    """An entry of this kind and reference exists; nothing was added."""

    default_message = "This entry is already in the ledger."


class UnknownCharge(Exception):
    """A refund without a charge: a mistake in our code."""


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
    """Deduct credits for `reference` and return the new balance.

    With a key, its budget is charged too. Raises `InsufficientCredits` when the balance is lower
    than the amount, `budgets.BudgetExceeded` when a cap of the key forbids it, and
    `AlreadyRecorded` when the reference was charged before; the caller must roll back then.
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
    """Refund the charge of `reference`, once, and return the new balance.

    Raises `AlreadyRecorded` when it was refunded before, `UnknownCharge` without a charge.
    """
    charged = LedgerEntry.objects.filter(
        organization=organization, kind=Kind.CHARGE, reference=reference
    ).first()
    if charged is None:
        raise UnknownCharge(reference)
    budgets.give_back(charge=charged)
    return _move(organization, Kind.REFUND, -charged.amount_credits, reference, actor, reason)


@requires_transaction
def grant(
    *, organization: Organization, amount_credits: int, reference: str, actor: str, reason: str
) -> int:
    """Add free credits and return the new balance; raises `NotPositive` and `AlreadyRecorded`."""
    _require_positive(amount_credits)
    return _move(organization, Kind.GRANT, amount_credits, reference, actor, reason)


@requires_transaction
def top_up(*, organization: Organization, amount_credits: int, reference: str, actor: str) -> int:
    """Add purchased credits, which pay any debt first, and return the new balance.

    Raises `NotPositive` and `AlreadyRecorded`.
    """
    _require_positive(amount_credits)
    return _move(organization, Kind.TOP_UP, amount_credits, reference, actor)


@requires_transaction
def claw_back(
    *, organization: Organization, amount_credits: int, reference: str, actor: str, reason: str
) -> int:
    """Take back the credits of a refund or a dispute; what was spent already becomes debt.

    Returns the balance less the debt. Raises `NotPositive` and `AlreadyRecorded`.
    """
    _require_positive(amount_credits)
    return _move(organization, Kind.CLAWBACK, -amount_credits, reference, actor, reason)


@requires_transaction
def reinstate(
    *, organization: Organization, amount_credits: int, reference: str, actor: str, reason: str
) -> int:
    """Return the credits of a clawback and return the new balance.

    Raises `NotPositive` and `AlreadyRecorded`.
    """
    _require_positive(amount_credits)
    return _move(organization, Kind.REINSTATEMENT, amount_credits, reference, actor, reason)


@requires_transaction
def expire(*, organization: Organization, amount_credits: int, reference: str, actor: str) -> int:
    """Take back the unspent credits of a grant and return the new balance.

    The caller holds the wallet's lock and takes no more than its balance. Raises `NotPositive` and
    `AlreadyRecorded`.
    """
    _require_positive(amount_credits)
    return _move(
        organization, Kind.EXPIRY, -amount_credits, reference, actor, "The grant has expired."
    )


def _require_positive(amount_credits: int) -> None:
    if amount_credits < 1:
        raise NotPositive


def _move(
    organization: Organization,
    kind: Kind,
    amount_credits: int,
    reference: str,
    actor: str,
    reason: str = "",
) -> int:
    # The savepoint keeps the caller's transaction usable after `AlreadyRecorded`.
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
        raise RuntimeError("the statement wrote no entry")
    return int(row[0])


def _run(statement: str, **values: int | str | None) -> tuple[Any, ...] | None:
    """Run the statement and return its row, or None when it changed nothing."""
    try:
        with prepared_statements.prepared() as cursor:
            cursor.execute(statement, values)
            return cast("tuple[Any, ...] | None", cursor.fetchone())
    except IntegrityError as error:
        if "ledger_entry_happens_once" in str(error):
            raise AlreadyRecorded from None
        raise
