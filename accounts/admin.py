"""The operator's view of people, organizations, keys and the audit log."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.decorators import secure_admin_login
from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import api_keys, audit, organizations
from accounts.models import ApiKey, AuditEvent, Membership, Organization, User
from vidgo.kernel.readonly_admin import ReadOnlyAdmin, ReadOnlyInline

admin.site.site_header = admin.site.site_title = f"{settings.VIDGO_NAME}: operator's desk"
# One door for everybody: its rate limits, and its second factor, hold for operators too.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


class UserCreationForm(AdminUserCreationForm):
    """A new user, known by an e-mail address."""

    class Meta:
        model = User
        fields = ("email",)
        field_classes: ClassVar[dict[str, type[forms.Field]]] = {"email": forms.EmailField}


class UserMemberships(ReadOnlyInline):
    """Where a person belongs."""

    model = Membership


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """People: who may sign in, and who is an operator."""

    add_form = UserCreationForm
    ordering = ("-id",)
    list_display = ("email", "name", "is_staff", "is_active", "date_joined", "last_login")
    list_filter = ("is_staff", "is_superuser", "is_active")
    search_fields = ("email", "name")
    readonly_fields = ("date_joined", "last_login")
    inlines = (UserMemberships,)
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        (
            "May",
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        ("When", {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "usable_password", "password1", "password2")}),)


class OrganizationMemberships(ReadOnlyInline):
    """Who belongs to an organization."""

    model = Membership


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin):
    """Tenants: suspended and taken back here, made by signing up."""

    list_display = (
        "name",
        "public_id",
        "created_at",
        "suspended_at",
        "concurrency_limit",
        "requests_per_minute",
    )
    list_filter = (("suspended_at", admin.EmptyFieldListFilter),)
    search_fields = ("name", "public_id", "memberships__user__email")
    readonly_fields = ("public_id", "created_at", "suspended_at")
    inlines = (OrganizationMemberships,)
    actions = ("suspend", "take_back")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """An organization without an owner would be of no use."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Its ledger stays, and so does it."""
        return False

    @admin.action(description="Suspend: refuse its keys and its playground", permissions=["change"])
    def suspend(self, request: HttpRequest, chosen: QuerySet[Organization]) -> None:
        """Suspend the chosen organizations."""
        for organization in chosen:
            organizations.suspend(organization=organization, actor=audit.actor_of(request))
        self.message_user(request, f"{len(chosen)} suspended.")

    @admin.action(description="Take back: let it work again", permissions=["change"])
    def take_back(self, request: HttpRequest, chosen: QuerySet[Organization]) -> None:
        """End the suspension of the chosen organizations."""
        for organization in chosen:
            organizations.take_back(organization=organization, actor=audit.actor_of(request))
        self.message_user(request, f"{len(chosen)} taken back.")


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Keys, without anything a key could be made from."""

    list_display = ("display", "name", "organization", "status", "last_used_at", "created_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    list_select_related = ("organization",)
    search_fields = ("key_id", "name", "organization__name", "organization__public_id")
    fields = (
        "display",
        "name",
        "organization",
        "status",
        "created_by",
        "created_at",
        "expires_at",
        "revoked_at",
        "last_used_at",
    )
    actions = ("revoke",)

    @admin.action(description="Revoke for good")
    def revoke(self, request: HttpRequest, chosen: QuerySet[ApiKey]) -> None:
        """Revoke the chosen keys."""
        for key in chosen.select_related("organization"):
            api_keys.revoke(
                organization=key.organization, key_id=key.key_id, actor=audit.actor_of(request)
            )
        self.message_user(request, f"{len(chosen)} revoked.")


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """What was done, by whom, when and from where."""

    list_display = ("created_at", "actor", "action", "target", "organization", "ip_address")
    list_filter = ("action",)
    list_select_related = ("organization",)
    search_fields = ("actor", "target", "organization__public_id", "request_id")
    ordering = ("-id",)
