"""Admin pages that show rows and change none: for what only verbs may write."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


class ReadOnly:
    """Refuse to add, change and delete; viewing needs the usual permission."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows are made by verbs."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows are changed by verbs, if at all."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows stay."""
        return False


class ReadOnlyAdmin(ReadOnly, admin.ModelAdmin):
    """A list and a page of rows, without any button that writes."""

    show_full_result_count = False


class ReadOnlyInline(ReadOnly, admin.TabularInline):
    """The rows of another table that belong to one shown."""

    extra = 0
    can_delete = False
    show_change_link = True
