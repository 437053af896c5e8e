"""Users and permission groups in the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import admin as _  # noqa: F401  (registers Group, which is replaced below)
from django.contrib.auth.models import Group, Permission
from django.http import HttpRequest

from accounts.admin.audited import AuditedTable
from accounts.models import Membership, User
from vidgo.admin.tables import ReadOnlyInline

APPS = ("accounts", "billing", "generation")


class UserMemberships(ReadOnlyInline):
    """The memberships of a user."""

    model = Membership
    fields = ("organization", "role", "created_at")
    show_change_link = False


@admin.register(User)
class UserAdmin(AuditedTable):
    """Users: who may sign in, and who is an operator."""

    nav_group = "Customers"
    nav_title = "People"
    nav_icon = "user"
    nav_order = 20
    ordering = ("-id",)
    list_display = ("email", "name", "is_staff", "is_active", "date_joined", "last_login")
    list_filter = ("is_staff", "is_superuser", "is_active")
    search_fields = ("email", "name")
    search_help_text = "E-mail address or name"
    readonly_fields = ("email", "name", "date_joined", "last_login")
    inlines = (UserMemberships,)
    fieldsets = (
        (None, {"fields": ("email", "name", "date_joined", "last_login")}),
        ("Permissions", {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        ("Reason", {"fields": ("reason",)}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: users sign up, which also creates what they need."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return True for superusers only, so that nobody can raise their own permissions."""
        return _is_superuser(request)


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(AuditedTable):
    """Permissions of a group of operators."""

    fields = ("name", "permissions", "reason")
    search_fields = ("name",)

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest, **options: Any
    ) -> forms.ModelMultipleChoiceField | None:
        """Offer only the permissions of our apps."""
        if db_field.name == "permissions":
            known = Permission.objects.filter(content_type__app_label__in=APPS)
            options["queryset"] = known.select_related("content_type")
        return super().formfield_for_manytomany(db_field, request, **options)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return True for superusers only."""
        return _is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return True for superusers only."""
        return _is_superuser(request)


def _is_superuser(request: HttpRequest) -> bool:
    user = request.user
    return isinstance(user, User) and user.is_superuser and user.is_active
