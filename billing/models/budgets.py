"""What one API key may spend."""

from __future__ import annotations

from django.db import models

from accounts.models import ApiKey


class Budget(models.Model):
    """A key's caps, and what it spent in the day and month (UTC) of its latest charge.

    A counter counts only while its window is the one of the charge at hand; no job resets it. No
    CHECK compares spent with cap, because a cap may be lowered below what was already spent; the
    conditional statement in `budgets.py` is what holds a charge back.
    """

    api_key = models.OneToOneField(
        ApiKey, on_delete=models.CASCADE, primary_key=True, related_name="budget"
    )
    daily_credits = models.PositiveIntegerField(null=True, blank=True)
    monthly_credits = models.PositiveIntegerField(null=True, blank=True)
    total_credits = models.PositiveIntegerField(null=True, blank=True)
    day = models.DateField(null=True, editable=False)
    day_spent_credits = models.PositiveBigIntegerField(default=0, editable=False)
    month = models.DateField(null=True, editable=False)
    month_spent_credits = models.PositiveBigIntegerField(default=0, editable=False)
    total_spent_credits = models.PositiveBigIntegerField(default=0, editable=False)

    def __str__(self) -> str:
        return f"budget of {self.api_key}"
