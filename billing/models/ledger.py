"""The wallet of an organization and the ledger of every movement in it."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import ApiKey, Organization


class Wallet(models.Model):
    """An organization's credits: what it can spend, or what it owes; never both.

    The row is a running total kept for speed and for locking; the ledger is the truth, and
    `ledger_checks.check()` compares the two.
    """

    organization = models.OneToOneField(
        Organization, on_delete=models.PROTECT, primary_key=True, related_name="wallet"
    )
    balance_credits = models.BigIntegerField(default=0)
    # The balances below which the wallet speaks up: a warning, an automatic recharge. 0 is off.
    warn_below_credits = models.PositiveIntegerField(db_default=100)
    recharge_below_credits = models.PositiveIntegerField(db_default=0)
    warned_at = models.DateTimeField(null=True)
    # What a refund or lost dispute took after it was spent; the next credits pay it first.
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
    """Ledger entries of a tenant."""

    def for_organization(self, organization: Organization) -> LedgerEntryQuerySet:
        """Keep the entries of one organization."""
        return self.filter(organization=organization)


class LedgerEntry(models.Model):
    """An immutable, signed movement of credits; a trigger refuses to change or remove it."""

    # The two indexes below begin with it.
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="ledger_entries", db_index=False
    )
    kind = models.CharField(max_length=16, choices=Kind.choices)
    amount_credits = models.BigIntegerField()
    # What the movement was for, as text: billing knows no jobs.
    reference = models.CharField(max_length=80)
    # The wallet's balance less its debt after this movement; negative while in debt.
    balance_after_credits = models.BigIntegerField()
    actor = models.CharField(max_length=254)
    reason = models.CharField(max_length=500, blank=True)
    # The key that was charged; its budget gets a refund back.
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
            # Only a clawback or an adjustment leads into debt.
            models.CheckConstraint(
                condition=~Q(kind__in=["charge", "expiry"]) | Q(balance_after_credits__gte=0),
                name="charge_is_paid_from_the_balance",
            ),
        ]
        indexes: ClassVar = [
            models.Index(F("organization"), F("id").desc(), name="ledger_entry_by_org"),
            # An organization's open day, also when others have moved millions on it.
            models.Index(
                fields=["organization", "created_at"], name="ledger_entry_by_org_and_time"
            ),
            # Entries come in the order of time: a few pages of index find a day among millions,
            # and a submit pays next to nothing for it.
            BrinIndex(
                fields=["created_at"],
                pages_per_range=32,
                autosummarize=True,
                name="ledger_entry_by_time",
            ),
        ]

    @property
    def entry_id(self) -> str:
        """Return what the entry is called outside: its kind and reference, which happen once."""
        return f"{self.kind}:{self.reference}"

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_credits:+} ({self.reference})"


class DailyTotal(models.Model):
    """What moved in one organization on one UTC day; written once, by `daily_totals.py`.

    A copy for speed, which `ledger_checks.check()` compares with the entries.
    """

    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    day = models.DateField()
    kind = models.CharField(max_length=16, choices=Kind.choices)
    # By sign: an adjustment may go either way.
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
