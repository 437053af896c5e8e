"""Budgets: caps on what an API key may spend in a day, in a month and in total.

The charge's SQL statement (`ledger.CHARGE`) counts and limits at once, so no read comes before the
write. A window is the UTC day or month of the charge; the counter of an earlier window counts as 0.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection, transaction

from accounts import audit
from accounts.audit import Actor
from accounts.models import ApiKey
from billing.models import Budget, LedgerEntry
from vidgo.kernel import errors
from vidgo.kernel.db.transactions import requires_transaction

# As the `cap` of a 402 response names them, the widest first.
CAPS = ("total", "monthly", "daily")

# A refund reduces the total always, and the counter of a window only if it is still that window.
GIVE_BACK = """
UPDATE billing_budget SET
    day_spent_credits = CASE WHEN day = %(day)s
        THEN greatest(day_spent_credits - %(amount)s, 0) ELSE day_spent_credits END,
    month_spent_credits = CASE WHEN month = date_trunc('month', %(day)s::timestamp)::date
        THEN greatest(month_spent_credits - %(amount)s, 0) ELSE month_spent_credits END,
    total_spent_credits = greatest(total_spent_credits - %(amount)s, 0)
 WHERE api_key_id = %(api_key)s
"""

# What counts now, by the same clock as the charge.
SPENT = """
SELECT total_spent_credits, total_credits,
       CASE WHEN month = date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date
            THEN month_spent_credits ELSE 0 END, monthly_credits,
       CASE WHEN day = (clock_timestamp() AT TIME ZONE 'UTC')::date
            THEN day_spent_credits ELSE 0 END, daily_credits
  FROM billing_budget WHERE api_key_id = %s
"""


@dataclass(frozen=True, slots=True)
class Window:
    """What a key has spent in a window, and its cap; None means no cap."""

    spent_credits: int
    cap_credits: int | None

    def allows(self, amount_credits: int) -> bool:
        """Return whether the cap allows another charge of this amount."""
        return self.cap_credits is None or self.spent_credits + amount_credits <= self.cap_credits


class BudgetExceeded(errors.PaymentRequired):
    """A cap of the key forbids the charge; nothing was charged."""


def set_caps(
    *,
    api_key: ApiKey,
    daily_credits: int | None,
    monthly_credits: int | None,
    total_credits: int | None,
    actor: Actor,
) -> Budget:
    """Set a key's caps; None means no cap. What the key has spent so far keeps counting."""
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


def windows_of(*, api_key_id: int) -> dict[str, Window]:
    """Return the spending that counts against each cap of a key, or {} without a budget."""
    with connection.cursor() as cursor:
        cursor.execute(SPENT, [api_key_id])
        row = cursor.fetchone()
    if row is None:
        return {}
    return {
        cap: Window(spent_credits=spent, cap_credits=limit)
        for cap, spent, limit in zip(CAPS, row[::2], row[1::2], strict=True)
    }


def exceeded(*, api_key_id: int, amount_credits: int) -> BudgetExceeded | None:
    """Return the error about the cap that a charge would exceed, None if it exceeds none."""
    for cap, window in windows_of(api_key_id=api_key_id).items():
        if not window.allows(amount_credits):
            return BudgetExceeded(
                f"This costs {amount_credits} credits and the {cap} cap of this API key does not "
                "allow it.",
                cap=cap,
                required_credits=amount_credits,
            )
    return None


@requires_transaction
def give_back(*, charge: LedgerEntry) -> None:
    """Stop counting a refunded charge against its key's budget."""
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
