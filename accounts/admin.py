"""The operator's desk: people, organizations, keys and the audit log."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import admin as _  # noqa: F401  (registers what is replaced below)
from django.contrib.auth.models import Group, Permission
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from accounts import api_keys, impersonation, limits, operators, organizations
from accounts.models import ApiKey, AuditEvent, Membership, Organization, User
from accounts.reasoned_admin import ReasonedTable
from vidgo.admin import actions, pages, panels, tiles
from vidgo.admin.actions import Action, Deed
from vidgo.admin.admin import ReadOnlyInline, ReadOnlyTable
from vidgo.admin.forms import ReasonForm
from vidgo.admin.pages import Page
from vidgo.admin.tiles import Figure, News, Part, Tile

LARGEST_LIMIT = 1_000_000
# How many of the newest the start page names, and since when they are counted.
NEWEST = 6
NEW = timedelta(days=7)
OURS = ("accounts", "billing", "generation")


class UserMemberships(ReadOnlyInline):
    """Where a person belongs."""

    model = Membership
    fields = ("organization", "role", "created_at")
    show_change_link = False


@admin.register(User)
class UserTable(ReasonedTable):
    """People: who may sign in, and who is an operator. They sign up themselves."""

    desk_group = "Customers"
    desk_title = "People"
    desk_icon = "user"
    desk_place = 20
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


class StateFilter(admin.SimpleListFilter):
    """Whether an organization works."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Name the states."""
        return [("active", "Active"), ("suspended", "Suspended"), ("deleted", "Deleted")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Organization]
    ) -> QuerySet[Organization]:
        """Keep the organizations in the chosen state."""
        match self.value():
            case "active":
                return queryset.filter(suspended_at=None, deleted_at=None)
            case "suspended":
                return queryset.exclude(suspended_at=None)
            case "deleted":
                return queryset.exclude(deleted_at=None)
        return queryset


@admin.register(Organization)
class OrganizationTable(ReadOnlyTable):
    """Tenants: made by signing up; each has a page with all that can be done about it."""

    desk_group = "Customers"
    desk_icon = "people"
    desk_place = 10
    desk_actions = ("suspend", "unsuspend")
    ids: ClassVar = {"org_": "public_id"}
    list_display = ("linked", "public_id", "created_at", "state")
    list_display_links = None
    list_filter = (StateFilter,)
    search_fields = ("name", "memberships__user__email")
    search_help_text = "Name, id, or a member's e-mail address"
    ordering = ("-id",)

    @admin.display(description="Name", ordering="name")
    def linked(self, organization: Organization) -> SafeString:
        """Return the name as the way to its page."""
        return format_html('<a href="{}">{}</a>', page_of(organization), organization.name)

    @admin.display(description="State")
    def state(self, organization: Organization) -> str:
        """Return the state in a word."""
        return state_of(organization).capitalize()


def page_of(organization: Organization) -> str:
    """Return the address of an organization's page on the desk."""
    return reverse("admin:desk_organization", args=[organization.public_id])


def state_of(organization: Organization) -> str:
    """Return `active`, `suspended` or `deleted`."""
    if organization.deleted_at is not None:
        return "deleted"
    return "suspended" if organization.is_suspended else "active"


def organization_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show one organization, with what every app tells about it and what can be done."""
    organization = Organization.objects.filter(public_id=public_id).first()
    if organization is None:
        raise Http404
    people = Membership.objects.filter(organization=organization).select_related("user")
    log = AuditEvent.objects.filter(organization=organization).order_by("-id")
    context = {
        "organization": organization,
        "state": state_of(organization),
        "members": people.order_by("id")[:50],
        "events": log[:8],
        "panels": panels.render_all(request, organization=organization),
        "subtitle": organization.public_id,
    }
    return pages.render(request, "desk/organization.html", context, title=organization.name)


def _news() -> News:
    rows = Organization.objects.order_by("-id")
    count = rows.filter(created_at__gt=timezone.now() - NEW).count()
    figure = Figure(
        name="New organizations", value=f"{count:,}", note="in 7 days", is_of_today=True
    )
    part = Part(
        title="Newest organizations",
        href=reverse("admin:accounts_organization_changelist"),
        more="All organizations",
        template="desk/parts/newest_organizations.html",
        context={"organizations": [(each, state_of(each)) for each in rows[:NEWEST]]},
    )
    return News(figures=(figure,), parts=(part,))


@require_POST
def end_view_page(request: HttpRequest) -> HttpResponse:
    """Stop looking as an organization, and lead back to its page."""
    ended = impersonation.end(request)
    if ended is None:
        return redirect("admin:index")
    messages.success(request, f"You no longer look at the pages of {ended}.")
    return redirect(page_of(ended))


pages.register(
    Page(
        name=impersonation.END,
        path="view-as/end/",
        title="Stop viewing",
        permission=impersonation.PERMISSION,
        view=end_view_page,
    )
)
pages.register(
    Page(
        name="organization",
        path="organizations/<str:public_id>/",
        title="Organization",
        permission="accounts.view_organization",
        view=organization_page,
    )
)
tiles.register(
    Tile(name="organizations", place=60, permission="accounts.view_organization", build=_news)
)


@admin.register(ApiKey)
class ApiKeyTable(ReadOnlyTable):
    """Keys, without anything a key could be made from."""

    desk_group = "Customers"
    desk_title = "API keys"
    desk_icon = "key"
    desk_place = 30
    desk_actions = ("revoke-key",)
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
        """Find a key also by the way lists show it, `vg_…_…`."""
        parts = search_term.strip().split("_")
        if len(parts) > 1 and parts[0] == "vg":
            return queryset.filter(key_id=parts[1][:16]), False
        return super().get_search_results(request, queryset, search_term)


@admin.register(AuditEvent)
class AuditEventTable(ReadOnlyTable):
    """What was done, by whom, when, from where and why."""

    desk_group = "Records"
    desk_title = "Audit log"
    desk_icon = "shield"
    desk_place = 10
    ids: ClassVar = {"org_": "organization__public_id", "req_": "request_id"}
    list_display = ("created_at", "actor", "action", "target", "reason", "organization")
    list_select_related = ("organization",)
    search_fields = ("actor", "action", "target")
    search_help_text = "Who, what, an organization's id or a request's"
    ordering = ("-id",)


class LimitsForm(ReasonForm):
    """The limits of one organization; what is empty follows the settings."""

    concurrency_limit = forms.IntegerField(
        label="Jobs at once", required=False, min_value=1, max_value=LARGEST_LIMIT
    )
    requests_per_minute = forms.IntegerField(
        label="API requests a minute", required=False, min_value=1, max_value=LARGEST_LIMIT
    )
    field_order = ("concurrency_limit", "requests_per_minute", "reason")


def _organizations() -> QuerySet[Organization]:
    return Organization.objects.all()


def _suspend(deed: Deed) -> str:
    actor = operators.actor_of(deed.request, reason=deed.reason)
    for organization in deed.chosen:
        organizations.suspend(organization=organization, actor=actor)
    return f"Suspended: {_names(deed.chosen)}."


def _take_back(deed: Deed) -> str:
    actor = operators.actor_of(deed.request, reason=deed.reason)
    for organization in deed.chosen:
        organizations.take_back(organization=organization, actor=actor)
    return f"At work again: {_names(deed.chosen)}."


def _names(rows: list[Any]) -> str:
    return str(rows[0]) if len(rows) == 1 else f"{len(rows)} organizations"


def _limit(deed: Deed) -> str:
    limits.change(
        organization=deed.one,
        concurrency_limit=deed.data["concurrency_limit"],
        requests_per_minute=deed.data["requests_per_minute"],
        actor=operators.actor_of(deed.request, reason=deed.reason),
    )
    return f"The limits of {deed.one} were changed."


def _revoke(deed: Deed) -> str:
    actor = operators.actor_of(deed.request, reason=deed.reason)
    for key in deed.chosen:
        api_keys.revoke(organization=key.organization, key_id=key.key_id, actor=actor)
    return f"{len(deed.chosen)} revoked."


def _view_as(deed: Deed) -> str:
    impersonation.start(deed.request, organization=deed.one, reason=deed.reason)
    minutes = impersonation.MINUTES
    return f"For {minutes} minutes the dashboard shows {deed.one}. Nothing can be changed."


actions.register(
    Action(
        name="suspend",
        title="Suspend",
        explains=(
            "Its API keys and its playground are refused from now on. Jobs that run are finished, "
            "its people can still sign in and read."
        ),
        permission="accounts.change_organization",
        act=_suspend,
        rows=_organizations,
        home="admin:accounts_organization_changelist",
        many=True,
        danger=True,
    ),
    Action(
        name="unsuspend",
        title="Take back the suspension",
        explains="Its API keys and its playground work again at once.",
        permission="accounts.change_organization",
        act=_take_back,
        rows=_organizations,
        home="admin:accounts_organization_changelist",
        many=True,
    ),
    Action(
        name="limits",
        title="Change limits",
        explains="They hold from the next request and the next claim. Empty: as the settings say.",
        permission="accounts.change_organization",
        act=_limit,
        rows=_organizations,
        home="admin:accounts_organization_changelist",
        form=LimitsForm,
        initial=lambda chosen: {
            "concurrency_limit": chosen[0].concurrency_limit,
            "requests_per_minute": chosen[0].requests_per_minute,
        },
    ),
    Action(
        name="revoke-key",
        title="Revoke for good",
        explains="Whoever uses these keys is refused at once. It cannot be undone.",
        permission="accounts.change_apikey",
        act=_revoke,
        rows=lambda: ApiKey.objects.select_related("organization"),
        home="admin:accounts_apikey_changelist",
        many=True,
        danger=True,
    ),
    Action(
        name="view-as",
        title="View as",
        explains=(
            "The dashboard shows this organization as its owner sees it, for half an hour. Nothing "
            "can be changed meanwhile. Start and end stand in the organization's audit log."
        ),
        permission=impersonation.PERMISSION,
        act=_view_as,
        rows=lambda: Organization.objects.filter(deleted_at=None),
        home="dashboard",
        leads_home=True,
    ),
)
