"""Organizations in the admin: the list, the page of one, and a card on the start page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from accounts import impersonation
from accounts.models import AuditEvent, Membership, Organization
from vidgo.admin import cards, pages, sections
from vidgo.admin.cards import Card, CardContent, Figure, Part
from vidgo.admin.pages import Page
from vidgo.admin.tables import ReadOnlyTable

# The card lists this many organizations and counts those of this period.
NEWEST = 6
NEW = timedelta(days=7)


class StateFilter(admin.SimpleListFilter):
    """Filter by active, suspended or deleted."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the states."""
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
class OrganizationAdmin(ReadOnlyTable):
    """Tenants, created at sign-up; each has a page with its actions."""

    nav_group = "Customers"
    nav_icon = "people"
    nav_order = 10
    row_actions = ("suspend", "unsuspend")
    ids: ClassVar = {"org_": "public_id"}
    list_display = ("linked", "public_id", "created_at", "state")
    list_display_links = None
    list_filter = (StateFilter,)
    search_fields = ("name", "memberships__user__email")
    search_help_text = "Name, id, or a member's e-mail address"
    ordering = ("-id",)

    @admin.display(description="Name", ordering="name")
    def linked(self, organization: Organization) -> SafeString:
        """Return the name as a link to its page."""
        return format_html('<a href="{}">{}</a>', page_of(organization), organization.name)

    @admin.display(description="State")
    def state(self, organization: Organization) -> str:
        """Return the state."""
        return state_of(organization).capitalize()


def page_of(organization: Organization) -> str:
    """Return the URL of an organization's page in the admin."""
    return reverse("admin:vidgo_organization", args=[organization.public_id])


def state_of(organization: Organization) -> str:
    """Return `active`, `suspended` or `deleted`."""
    if organization.deleted_at is not None:
        return "deleted"
    return "suspended" if organization.is_suspended else "active"


def organization_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show one organization, with a section of each app and its actions."""
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
        "sections": sections.render_all(request, organization=organization),
        "subtitle": organization.public_id,
    }
    return pages.render(request, "admin/pages/organization.html", context, title=organization.name)


def _newest() -> CardContent:
    rows = Organization.objects.order_by("-id")
    count = rows.filter(created_at__gt=timezone.now() - NEW).count()
    figure = Figure(
        name="New organizations", value=f"{count:,}", note="in 7 days", is_of_today=True
    )
    part = Part(
        title="Newest organizations",
        href=reverse("admin:accounts_organization_changelist"),
        more="All organizations",
        template="admin/pages/parts/newest_organizations.html",
        context={"organizations": [(each, state_of(each)) for each in rows[:NEWEST]]},
    )
    return CardContent(figures=(figure,), parts=(part,))


@require_POST
def end_view_page(request: HttpRequest) -> HttpResponse:
    """End the view-as and redirect to the organization's page."""
    ended = impersonation.end(request)
    if ended is None:
        return redirect("admin:index")
    messages.success(request, f"You stopped viewing {ended}.")
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
cards.register(
    Card(name="organizations", place=60, permission="accounts.view_organization", build=_newest)
)
