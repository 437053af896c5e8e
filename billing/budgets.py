"""Budgets: what one API key may spend in a day, in a month and in all.

The charge's own statement (`ledger.CHARGE`) counts and limits, so nothing is read before it is
written. A window is the UTC day or month of the debit; a counter of another window counts as 0.
"""

from __future__ import annotations

from django.db import connection, transaction

from accounts import audit
from accounts.audit import Actor
from accounts.models import ApiKey
from billing.models import Budget, LedgerEntry
from vidgo.kernel import errors
from vidgo.kernel.db import requires_transaction

# What a refund gives back to the key: to the total always, to a window only while it lasts.
GIVE_BACK = """
UPDATE billing_budget SET
    day_spent_credits = CASE WHEN day = %(day)s
        THEN greatest(day_spent_credits - %(amount)s, 0) ELSE day_spent_credits END,
    month_spent_credits = CASE WHEN month = date_trunc('month', %(day)s::timestamp)::date
        THEN greatest(month_spent_credits - %(amount)s, 0) ELSE month_spent_credits END,
    total_spent_credits = greatest(total_spent_credits - %(amount)s, 0)
 WHERE api_key_id = %(api_key)s
"""

WHICH_CAP = """
SELECT CASE
    WHEN total_credits IS NOT NULL AND total_spent_credits + %(amount)s > total_credits
        THEN 'total'
    WHEN monthly_credits IS NOT NULL
        AND CASE WHEN month = date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date
                 THEN month_spent_credits ELSE 0 END + %(amount)s > monthly_credits
        THEN 'monthly'
    WHEN daily_credits IS NOT NULL
        AND CASE WHEN day = (clock_timestamp() AT TIME ZONE 'UTC')::date
                 THEN day_spent_credits ELSE 0 END + %(amount)s > daily_credits
        THEN 'daily'
    END
  FROM billing_budget WHERE api_key_id = %(api_key)s
"""


class BudgetExceeded(errors.PaymentRequired):
    """A cap of the key does not allow the charge; the wallet was not touched."""


def set_caps(
    *,
    api_key: ApiKey,
    daily_credits: int | None,
    monthly_credits: int | None,
    total_credits: int | None,
    actor: Actor,
) -> Budget:
    """Set a key's caps, None for none; what it has spent so far keeps counting."""
    with transaction.atomic():
        budget, _ = Budget.objects.update_or_create(
            api_key=api_key,
            defaults={
                "daily_credits": daily_credits,
                "monthly_credits": monthly_credits,
                "total_credits": total_credits,
            },
        )
        audit.record(
            organization=api_key.organization,
            actor=actor,
            action="api_key.budget_set",
            target=f"{api_key.display}: {daily_credits}/{monthly_credits}/{total_credits}",
        )
    return budget


def exceeded(*, api_key_id: int, amount_credits: int) -> BudgetExceeded | None:
    """Return the error about the cap that a charge would exceed, None when no cap would."""
    with connection.cursor() as cursor:
        cursor.execute(WHICH_CAP, {"api_key": api_key_id, "amount": amount_credits})
        row = cursor.fetchone()
    if row is None or row[0] is None:
        return None
    return BudgetExceeded(
        f"This costs {amount_credits} credits and the {row[0]} cap of this API key does not "
        "allow it.",
        cap=row[0],
        required_credits=amount_credits,
    )


@requires_transaction
def give_back(*, charge: LedgerEntry) -> None:
    """Let a refunded charge no longer count against its key."""
    if charge.api_key_id is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            GIVE_BACK,
            {
                "api_key": charge.api_key_id,
                "amount": -charge.amount_credits,
                "day": charge.created_at.date(),
            },
        )
