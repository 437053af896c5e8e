"""API keys in the admin."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import ApiKey
from vidgo.admin.tables import ReadOnlyTable


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyTable):
    """API keys, without any part of their secrets."""

    nav_group = "Customers"
    nav_title = "API keys"
    nav_icon = "key"
    nav_order = 30
    row_actions = ("revoke-key",)
    ids: ClassVar = {"org_": "organization__public_id"}
    list_display = ("display", "name", "organization", "status", "last_used_at", "created_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    list_select_related = ("organization",)
    search_fields = ("key_id__exact", "name")
    search_help_text = "The part between the underscores, a name, or an organization's id"
    ordering = ("-id",)
    fields = (
        *("display", "name", "organization", "status", "created_by", "created_at"),
        *("expires_at", "revoked_at", "last_used_at"),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Also find a key as lists display it, `vg_…_…`."""
        parts = search_term.strip().split("_")
        if len(parts) > 1 and parts[0] == "vg":
            return queryset.filter(key_id=parts[1][:16]), False
        return super().get_search_results(request, queryset, search_term)
