"""What the days have earned and cost, so that no page of the desk adds up every attempt."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class DailyMargin(models.Model):
    """The attempts begun on one UTC day for one model at one provider; written by `margins.py`.

    A day is written when all its attempts have ended, so it never changes.
    """

    day = models.DateField()
    model = models.CharField(max_length=64)
    provider = models.CharField(max_length=32)
    images_count = models.PositiveIntegerField()
    charged_credits = models.PositiveBigIntegerField()
    cost_usd = models.DecimalField(max_digits=16, decimal_places=6)
    failures_count = models.PositiveIntegerField()
    failed_usd = models.DecimalField(max_digits=16, decimal_places=6)
    doubles_count = models.PositiveIntegerField()
    doubles_usd = models.DecimalField(max_digits=16, decimal_places=6)
    unknown_count = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["day", "model", "provider"], name="margin_day_is_written_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} · {self.model} · {self.provider}"
