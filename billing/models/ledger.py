"""Wallets, the budgets of API keys, and the ledger."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import ApiKey, Organization


class Wallet(models.Model):
    """An organization's balance or its debt; one of them is always 0.

    The row is a running total, for speed and for locking. The ledger is the source of truth, and
    `ledger_checks.check()` compares the two.
    """

    organization = models.OneToOneField(
        Organization, on_delete=models.PROTECT, primary_key=True, related_name="wallet"
    )
    balance_credits = models.BigIntegerField(default=0)
    # Below these balances an e-mail warns, or a pack is bought automatically. 0 is off.
    warn_below_credits = models.PositiveIntegerField(db_default=100)
    recharge_below_credits = models.PositiveIntegerField(db_default=0)
    warned_at = models.DateTimeField(null=True)
    # Credits that a refund or a dispute took back after they were spent; the next credits pay it.
    debt_credits = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(balance_credits__gte=0), name="wallet_cannot_be_overdrawn"
            ),
            models.CheckConstraint(
                condition=Q(debt_credits__gte=0), name="wallet_debt_is_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(balance_credits=0) | Q(debt_credits=0),
                name="wallet_never_holds_credits_while_in_debt",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization}: {self.balance_credits} credits"

    @property
    def net_credits(self) -> int:
        """Return the balance less the debt: the sum of the organization's ledger entries."""
        return self.balance_credits - self.debt_credits


class Budget(models.Model):
    """An API key's caps, and what it spent in the UTC day and month of its latest charge.

    A counter counts only in its own window; nothing resets it. No CHECK compares spending with a
    cap, because a cap may be lowered below what was already spent: the statement `ledger.CHARGE`
    enforces the caps.
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


class Kind(models.TextChoices):
    """Why credits moved."""

    GRANT = "grant"
    TOP_UP = "top_up"
    CHARGE = "charge"
    REFUND = "refund"
    CLAWBACK = "clawback"
    REINSTATEMENT = "reinstatement"
    EXPIRY = "expiry"
    ADJUSTMENT = "adjustment"


class LedgerEntryQuerySet(models.QuerySet["LedgerEntry"]):
    """Ledger entries, filtered by organization."""

    def for_organization(self, organization: Organization) -> LedgerEntryQuerySet:
        """Keep the entries of one organization."""
        return self.filter(organization=organization)


class LedgerEntry(models.Model):
    """A signed change of a balance; a trigger refuses to update or delete it."""

    # The two indexes below start with it.
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="ledger_entries", db_index=False
    )
    kind = models.CharField(max_length=16, choices=Kind.choices)
    amount_credits = models.BigIntegerField()
    # What the entry is for, as text: billing knows no jobs.
    reference = models.CharField(max_length=80)
    # The wallet's balance less its debt after this entry; negative while in debt.
    balance_after_credits = models.BigIntegerField()
    actor = models.CharField(max_length=254)
    reason = models.CharField(max_length=500, blank=True)
    # The key that was charged; a refund is given back to its budget.
    api_key = models.ForeignKey(
        ApiKey, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now)

    objects = LedgerEntryQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "reference"], name="ledger_entry_happens_once"),
            models.CheckConstraint(
                condition=~Q(amount_credits=0), name="ledger_entry_moves_something"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["charge", "clawback", "expiry"], amount_credits__lt=0)
                | Q(kind__in=["grant", "top_up", "refund", "reinstatement"], amount_credits__gt=0)
                | Q(kind="adjustment"),
                name="ledger_entry_sign_follows_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=Kind.values), name="ledger_entry_kind_is_known"
            ),
            # Only a clawback or an adjustment causes debt.
            models.CheckConstraint(
                condition=~Q(kind__in=["charge", "expiry"]) | Q(balance_after_credits__gte=0),
                name="charge_is_paid_from_the_balance",
            ),
        ]
        indexes: ClassVar = [
            models.Index(F("organization"), F("id").desc(), name="ledger_entry_by_org"),
            # An organization's current day, even when others have added millions of entries.
            models.Index(
                fields=["organization", "created_at"], name="ledger_entry_by_org_and_time"
            ),
            # Entries are stored in chronological order, so a few index pages find a day among
            # millions, at next to no cost for a submit.
            BrinIndex(
                fields=["created_at"],
                pages_per_range=32,
                autosummarize=True,
                name="ledger_entry_by_time",
            ),
        ]

    @property
    def entry_id(self) -> str:
        """Return the entry's public id: its kind and reference, which are unique together."""
        return f"{self.kind}:{self.reference}"

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_credits:+} ({self.reference})"


class DailyTotal(models.Model):
    """An organization's credits in and out on one UTC day, by kind; stored by `daily_totals.py`.

    A copy for speed, which `ledger_checks.check()` compares with the entries.
    """

    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    day = models.DateField()
    kind = models.CharField(max_length=16, choices=Kind.choices)
    # Two columns, because adjustments go either way.
    in_credits = models.PositiveBigIntegerField()
    out_credits = models.PositiveBigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "day", "kind"], name="daily_total_is_written_once"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["day"], name="daily_total_by_day")]

    def __str__(self) -> str:
        return f"{self.organization_id} · {self.day} · {self.kind}"
