"""People and operators in the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import admin as _  # noqa: F401  (registers what is replaced below)
from django.contrib.auth.models import Group, Permission
from django.http import HttpRequest

from accounts.admin.reasoned import ReasonedTable
from accounts.models import Membership, User
from vidgo.admin.tables import ReadOnlyInline

OURS = ("accounts", "billing", "generation")


class UserMemberships(ReadOnlyInline):
    """Where a person belongs."""

    model = Membership
    fields = ("organization", "role", "created_at")
    show_change_link = False


@admin.register(User)
class UserTable(ReasonedTable):
    """People: who may sign in, and who is an operator. They sign up themselves."""

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
        ("May", {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        ("Why", {"fields": ("reason",)}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People sign up; that makes what a person needs."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only who may do everything says who may do what: nobody raises themselves."""
        user = request.user
        return isinstance(user, User) and user.is_superuser and user.is_active


admin.site.unregister(Group)


@admin.register(Group)
class GroupTable(ReasonedTable):
    """What operators of one kind may do."""

    fields = ("name", "permissions", "reason")
    search_fields = ("name",)

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest, **options: Any
    ) -> forms.ModelMultipleChoiceField | None:
        """Offer the permissions that the desk asks for, with what they are about."""
        if db_field.name == "permissions":
            known = Permission.objects.filter(content_type__app_label__in=OURS)
            options["queryset"] = known.select_related("content_type")
        return super().formfield_for_manytomany(db_field, request, **options)

    def _only_superusers(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and request.user.is_superuser

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only who may do everything says who may do what."""
        return self._only_superusers(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only who may do everything says who may do what."""
        return self._only_superusers(request)
