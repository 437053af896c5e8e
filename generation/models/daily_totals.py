"""Daily totals of usage and margins, so that no page adds up every job or attempt again."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import ApiKey, Organization


class DailyUsage(models.Model):
    """The jobs submitted on one UTC day with one model and key; written by `reporting.usage`.

    A day is written once all its jobs have ended, so it never changes. A job's refund counts on the
    day of the job.
    """

    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    day = models.DateField()
    model = models.CharField(max_length=64)
    # None for jobs from the playground.
    api_key = models.ForeignKey(
        ApiKey, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    finished_count = models.PositiveIntegerField()
    failed_count = models.PositiveIntegerField()
    charged_credits = models.PositiveBigIntegerField()
    refunded_credits = models.PositiveBigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "day", "model", "api_key"],
                nulls_distinct=False,
                name="usage_day_is_written_once",
            ),
            models.CheckConstraint(
                condition=Q(refunded_credits__lte=models.F("charged_credits")),
                name="usage_day_gives_back_no_more_than_was_charged",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["day"], name="usage_day_by_day")]

    def __str__(self) -> str:
        return f"{self.organization_id} · {self.day} · {self.model}"


class DailyMargin(models.Model):
    """The attempts begun on one UTC day of one model at one provider; see `reporting.margins`.

    A day is written once all its attempts have ended, so it never changes.
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
