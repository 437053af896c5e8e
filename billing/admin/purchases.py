"""The admin of purchases, refunds, disputes, Stripe customers and automatic recharge."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.contrib import admin
from django.db.models import Count, Q, Sum
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organization
from billing.models import AutoRecharge, Customer, Dispute, Refund, TopUp
from billing.templatetags.billing_tags import dollars
from vidgo.admin import cards
from vidgo.admin.cards import Card, CardContent, Figure, Part
from vidgo.admin.tables import ReadOnlyInline, ReadOnlyTable
from vidgo.kernel.db import days

LATEST = 6
REVERSAL_FIELDS = ("stripe_id", "amount_cents", "credits", "status", "is_reversed", "created_at")


class RefundInline(ReadOnlyInline):
    """The refunds of a purchase."""

    model = Refund
    fields = REVERSAL_FIELDS


class DisputeInline(ReadOnlyInline):
    """The disputes of a purchase."""

    model = Dispute
    fields = REVERSAL_FIELDS


@admin.register(TopUp)
class TopUpAdmin(ReadOnlyTable):
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
    search_help_text = "Our id, Stripe's id or an organization's name"
    ordering = ("-id",)
    inlines = (RefundInline, DisputeInline)


class ReversalAdmin(ReadOnlyTable):
    """What refunds and disputes have in common."""

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
        """Return the organization of the purchase."""
        return row.top_up.organization


@admin.register(Refund)
class RefundAdmin(ReversalAdmin):
    """Refunds, which are made at Stripe; its webhook takes back the credits."""


@admin.register(Dispute)
class DisputeAdmin(ReversalAdmin):
    """Disputes, which are answered at Stripe."""


@admin.register(Customer)
class CustomerAdmin(ReadOnlyTable):
    """Stripe customers."""

    list_display = ("stripe_id", "organization", "card_brand", "card_last_four", "created_at")
    list_select_related = ("organization",)
    search_fields = ("stripe_id", "organization__name", "organization__public_id")


@admin.register(AutoRecharge)
class AutoRechargeAdmin(ReadOnlyTable):
    """Automatic recharge: its terms, and why it was turned off."""

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


def _build_card() -> CardContent:
    today = days.midnight(timezone.now().date())
    yesterday = today - timedelta(days=1)
    paid = TopUp.objects.filter(status=TopUp.Status.PAID)
    is_today = Q(paid_at__gte=today)
    sums = paid.filter(paid_at__gte=yesterday).aggregate(
        today=Sum("paid_cents", filter=is_today, default=0),
        count=Count("pk", filter=is_today),
        yesterday=Sum("paid_cents", filter=~is_today, default=0),
    )
    purchases = "purchase" if sums["count"] == 1 else "purchases"
    figure = Figure(
        name="Paid today",
        value=dollars(sums["today"]),
        note=f"{sums['count']:,} {purchases}; {dollars(sums['yesterday'])} yesterday, UTC",
        is_of_today=True,
    )
    part = Part(
        title="Latest purchases",
        href=reverse("admin:billing_topup_changelist"),
        more="All purchases",
        template="admin/pages/parts/latest_purchases.html",
        context={"top_ups": paid.select_related("organization").order_by("-paid_at")[:LATEST]},
    )
    return CardContent(figures=(figure,), parts=(part,))


cards.register(Card(name="money", place=1, permission="billing.view_topup", build=_build_card))
