"""The desk's pages about credits that nobody pays for: grants and promotion codes."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from billing.models import Grant, Promotion, Redemption
from vidgo.kernel.readonly_admin import ReadOnlyAdmin, ReadOnlyInline


@admin.register(Grant)
class GrantAdmin(ReadOnlyAdmin):
    """Credits given; a wallet's page gives more."""

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
    search_fields = ("public_id", "reason", "organization__name", "organization__public_id")
    ordering = ("-id",)


class PromotionRedemptions(ReadOnlyInline):
    """Who has used a code."""

    model = Redemption


@admin.register(Promotion)
class PromotionAdmin(admin.ModelAdmin):
    """Promotion codes: made, changed and ended here; what was redeemed stays as it was."""

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
    inlines = (PromotionRedemptions,)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A code is ended, not removed: redemptions name it."""
        return False


@admin.register(Redemption)
class RedemptionAdmin(ReadOnlyAdmin):
    """Every use of a code."""

    list_display = ("promotion", "organization", "grant", "created_at")
    list_select_related = ("promotion", "organization", "grant")
    search_fields = ("promotion__code", "organization__name", "organization__public_id")
    ordering = ("-id",)
