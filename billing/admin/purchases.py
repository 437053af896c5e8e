"""The desk's pages about purchases, what was paid back of them, and who buys by itself."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin

from accounts.models import Organization
from billing.models import AutoRecharge, Customer, Dispute, Refund, TopUp
from vidgo.admin.tables import ReadOnlyInline, ReadOnlyTable


class Taken(ReadOnlyInline):
    """What was paid back of a purchase."""

    fields = ("stripe_id", "amount_cents", "credits", "status", "is_reversed", "created_at")


class TopUpRefunds(Taken):
    """The refunds of a purchase."""

    model = Refund


class TopUpDisputes(Taken):
    """The disputes of a purchase."""

    model = Dispute


@admin.register(TopUp)
class TopUpTable(ReadOnlyTable):
    """Every purchase, paid or not."""

    nav_group = "Money"
    nav_title = "Purchases"
    nav_icon = "wallet"
    nav_order = 40
    ids: ClassVar = {
        "org_": "organization__public_id",
        "cs_": "stripe_session_id",
        "pi_": "stripe_payment_intent_id",
        "in_": "stripe_invoice_id",
    }

    list_display = (
        "public_id",
        "organization",
        "source",
        "status",
        "amount_cents",
        "paid_cents",
        "credits",
        "created_at",
        "paid_at",
    )
    list_filter = ("status", "source")
    list_select_related = ("organization",)
    search_fields = ("public_id__exact", "organization__name")
    search_help_text = "An id of ours or of Stripe's, or an organization"
    ordering = ("-id",)
    inlines = (TopUpRefunds, TopUpDisputes)


class TakenTable(ReadOnlyTable):
    """Money that left again."""

    list_display = (
        "stripe_id",
        "top_up",
        "organization",
        "amount_cents",
        "credits",
        "status",
        "is_reversed",
        "created_at",
    )
    list_filter = ("status", "is_reversed")
    list_select_related = ("top_up__organization",)
    search_fields = ("stripe_id", "top_up__public_id", "top_up__organization__name")
    ordering = ("-id",)

    @admin.display(ordering="top_up__organization")
    def organization(self, row: Refund | Dispute) -> Organization:
        """Return whose purchase it was."""
        return row.top_up.organization


@admin.register(Refund)
class RefundTable(TakenTable):
    """Refunds; made at Stripe, whose news of them takes the credits back."""


@admin.register(Dispute)
class DisputeTable(TakenTable):
    """Disputes; answered at Stripe."""


@admin.register(Customer)
class CustomerTable(ReadOnlyTable):
    """Organizations as Stripe knows them."""

    list_display = ("stripe_id", "organization", "card_brand", "card_last_four", "created_at")
    list_select_related = ("organization",)
    search_fields = ("stripe_id", "organization__name", "organization__public_id")


@admin.register(AutoRecharge)
class AutoRechargeTable(ReadOnlyTable):
    """Who buys by itself, on which terms, and why it stopped."""

    list_display = (
        "organization",
        "is_enabled",
        "threshold_credits",
        "credits",
        "amount_cents",
        "monthly_cap_cents",
        "failures_in_a_row",
        "stopped_reason",
    )
    list_filter = ("is_enabled",)
    list_select_related = ("organization",)
    search_fields = ("organization__name", "organization__public_id")
