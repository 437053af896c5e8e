"""Purchases: Stripe customers, top-ups, refunds, disputes and automatic recharge."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Organization, User
from vidgo.kernel.db import ids


def new_top_up_id() -> str:
    """Return a public id for a top-up."""
    return ids.new_id("topup")


class Customer(models.Model):
    """An organization's customer at Stripe, and the card saved for automatic recharge."""

    organization = models.OneToOneField(
        Organization, on_delete=models.PROTECT, primary_key=True, related_name="stripe_customer"
    )
    stripe_id = models.CharField(max_length=255, unique=True)
    # Empty when no card is saved, or when it was removed at Stripe.
    payment_method_id = models.CharField(max_length=255, blank=True)
    card_brand = models.CharField(max_length=32, blank=True)
    card_last_four = models.CharField(max_length=4, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.stripe_id


class TopUpQuerySet(models.QuerySet["TopUp"]):
    """Top-ups, filtered by organization."""

    def for_organization(self, organization: Organization) -> TopUpQuerySet:
        """Keep the top-ups of one organization."""
        return self.filter(organization=organization)


class TopUp(models.Model):
    """A purchase of credits, stored before the first call to Stripe."""

    class Status(models.TextChoices):
        """`pending` → `paid`, `failed` or `expired`; a payment makes any of them `paid`."""

        PENDING = "pending"
        PAID = "paid"
        FAILED = "failed"
        EXPIRED = "expired"

    class Source(models.TextChoices):
        """Who started it: a person at Checkout, or automatic recharge."""

        CHECKOUT = "checkout"
        AUTO_RECHARGE = "auto_recharge"

    OPEN = (Status.PENDING,)

    public_id = models.CharField(max_length=40, unique=True, default=new_top_up_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="top_ups")
    source = models.CharField(max_length=16, choices=Source.choices)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PENDING)
    credits = models.PositiveIntegerField()
    # The price without tax, and the amount paid with tax, in the currency's smallest unit.
    amount_cents = models.PositiveIntegerField()
    paid_cents = models.PositiveIntegerField(default=0)
    currency = models.CharField(max_length=3, default="usd")
    saves_card = models.BooleanField(default=False)
    # Null until known: the values are unique, and many rows have none yet.
    stripe_session_id = models.CharField(max_length=255, null=True, unique=True)  # noqa: DJ001
    stripe_payment_intent_id = models.CharField(  # noqa: DJ001
        max_length=255, null=True, unique=True
    )
    stripe_invoice_id = models.CharField(max_length=255, blank=True)
    failure_message = models.CharField(max_length=500, blank=True)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    paid_at = models.DateTimeField(null=True)

    objects = TopUpQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=["pending", "paid", "failed", "expired"]),
                name="top_up_status_is_known",
            ),
            models.CheckConstraint(
                condition=Q(credits__gt=0, amount_cents__gt=0), name="top_up_buys_something"
            ),
            models.CheckConstraint(
                condition=Q(status="paid", paid_at__isnull=False, paid_cents__gt=0)
                | (~Q(status="paid") & Q(paid_at__isnull=True, paid_cents=0)),
                name="top_up_is_dated_exactly_when_paid",
            ),
            models.UniqueConstraint(
                fields=["organization"],
                condition=Q(source="auto_recharge", status="pending"),
                name="one_auto_recharge_is_open_at_a_time",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organization", "-id"], name="top_up_by_org"),
            models.Index(
                fields=["created_at"],
                condition=Q(status="pending"),
                name="top_up_open",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def state(self) -> str:
        """Return the status as displayed: a pending top-up is `unpaid` or `processing`.

        Stripe creates the payment intent when the customer confirms the payment; an automatic
        recharge needs no confirmation.
        """
        if self.status != self.Status.PENDING:
            return self.status
        is_under_way = self.stripe_payment_intent_id or self.source == self.Source.AUTO_RECHARGE
        return "processing" if is_under_way else "unpaid"


class Refund(models.Model):
    """Money returned to a customer; its unique Stripe id makes it count once."""

    stripe_id = models.CharField(max_length=255, unique=True)
    top_up = models.ForeignKey(TopUp, on_delete=models.PROTECT, related_name="refunds")
    amount_cents = models.PositiveIntegerField()
    # What was taken from the wallet, also after a failed refund returned it.
    credits = models.PositiveIntegerField()
    status = models.CharField(max_length=32)
    is_reversed = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.stripe_id


class Dispute(models.Model):
    """A payment that the cardholder's bank contests; its credits are frozen until the decision."""

    stripe_id = models.CharField(max_length=255, unique=True)
    top_up = models.ForeignKey(TopUp, on_delete=models.PROTECT, related_name="disputes")
    amount_cents = models.PositiveIntegerField()
    credits = models.PositiveIntegerField()
    status = models.CharField(max_length=32)
    is_reversed = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.stripe_id


class AutoRecharge(models.Model):
    """An organization's setting to buy a pack automatically when the balance runs low."""

    organization = models.OneToOneField(
        Organization, on_delete=models.PROTECT, primary_key=True, related_name="auto_recharge"
    )
    is_enabled = models.BooleanField(default=False)
    threshold_credits = models.PositiveIntegerField(default=0)
    amount_cents = models.PositiveIntegerField(default=0)
    credits = models.PositiveIntegerField(default=0)
    # The most to spend in a calendar month, UTC.
    monthly_cap_cents = models.PositiveIntegerField(default=0)
    failures_in_a_row = models.PositiveSmallIntegerField(default=0)
    # The text agreed to, by whom and when, as card networks require.
    consent = models.CharField(max_length=500, blank=True)
    consented_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    consented_at = models.DateTimeField(null=True)
    stopped_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(is_enabled=False)
                | Q(
                    credits__gt=0,
                    amount_cents__gt=0,
                    monthly_cap_cents__gte=models.F("amount_cents"),
                    consented_at__isnull=False,
                ),
                name="auto_recharge_is_enabled_with_consent",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization}: {self.credits} below {self.threshold_credits}"
