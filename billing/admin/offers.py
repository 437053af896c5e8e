"""The admin of free credits: grants and promotion codes."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin

from accounts.admin.audited import AuditedTable
from billing.models import Grant, Promotion, Redemption
from vidgo.admin.tables import ReadOnlyInline, ReadOnlyTable


@admin.register(Grant)
class GrantAdmin(ReadOnlyTable):
    """Grants; an organization's page has the action that adds one."""

    nav_group = "Money"
    nav_icon = "plus"
    nav_order = 60
    ids: ClassVar = {"org_": "organization__public_id"}

    list_display = (
        "public_id",
        "organization",
        "amount_credits",
        "reason",
        "created_at",
        "expires_at",
        "expired_at",
    )
    list_filter = (("expires_at", admin.EmptyFieldListFilter),)
    list_select_related = ("organization",)
    search_fields = ("public_id__exact", "reason", "organization__name")
    ordering = ("-id",)


class RedemptionInline(ReadOnlyInline):
    """The organizations that have used a code."""

    model = Redemption
    fields = ("organization", "grant", "created_at")


@admin.register(Promotion)
class PromotionAdmin(AuditedTable):
    """Promotion codes; a change does not affect credits already granted."""

    nav_group = "Money"
    nav_icon = "spark"
    nav_order = 70

    list_display = (
        "code",
        "credits",
        "is_active",
        "starts_at",
        "ends_at",
        "max_redemptions",
        "credits_last_days",
    )
    list_filter = ("is_active",)
    search_fields = ("code",)
    inlines = (RedemptionInline,)


@admin.register(Redemption)
class RedemptionAdmin(ReadOnlyTable):
    """Every use of a promotion code."""

    list_display = ("promotion", "organization", "grant", "created_at")
    list_select_related = ("promotion", "organization", "grant")
    search_fields = ("promotion__code", "organization__name", "organization__public_id")
    ordering = ("-id",)
