"""Free credits: grants and promotion codes."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils import timezone

from accounts.models import Organization
from vidgo.kernel.db import ids


def new_grant_id() -> str:
    """Return a public id for a grant."""
    return ids.new_id("grant")


class Grant(models.Model):
    """Free credits, which may expire; spending uses up the grant that expires soonest."""

    public_id = models.CharField(max_length=40, unique=True, default=new_grant_id)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="grants")
    amount_credits = models.PositiveIntegerField()
    reason = models.CharField(max_length=500)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    # When the unspent credits were taken back; the ledger has the amount.
    expired_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount_credits__gt=0), name="grant_gives_something"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["expires_at"],
                condition=Q(expired_at=None, expires_at__isnull=False),
                name="grant_to_expire",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class Promotion(models.Model):
    """A code that grants credits, once to each organization."""

    code = models.CharField(max_length=40, unique=True)
    credits = models.PositiveIntegerField()
    is_active = models.BooleanField(default=True)
    starts_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField(null=True, blank=True)
    max_redemptions = models.PositiveIntegerField(null=True, blank=True)
    # Empty means that the credits never expire.
    credits_last_days = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(Upper("code"), name="promotion_code_is_unique_without_case"),
            models.CheckConstraint(condition=Q(credits__gt=0), name="promotion_gives_something"),
        ]

    def __str__(self) -> str:
        return self.code


class Redemption(models.Model):
    """An organization's use of a promotion, at most one each."""

    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="redemptions")
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="redemptions"
    )
    grant = models.OneToOneField(Grant, on_delete=models.PROTECT)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["promotion", "organization"],
                name="promotion_is_redeemed_once_per_organization",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.promotion} by {self.organization}"
