"""The admin of wallets, the ledger and key budgets, and the action that grants credits."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts import audit
from accounts.admin.organizations import page_of
from accounts.models import Organization
from billing import grants
from billing.models import Budget, Kind, LedgerEntry, TopUp, Wallet
from vidgo.admin import actions, sections
from vidgo.admin.actions import Action, ActionRun
from vidgo.admin.forms import ReasonForm
from vidgo.admin.sections import Section
from vidgo.admin.tables import ReadOnlyTable

# A larger grant is more likely a typo; it can be made in two steps.
GRANT_MAX_CREDITS = 10_000_000


class GrantForm(ReasonForm):
    """How many credits to grant, until when, and why."""

    amount_credits = forms.IntegerField(
        label="Credits", min_value=1, max_value=GRANT_MAX_CREDITS, initial=1000
    )
    last_day = forms.DateField(
        required=False,
        help_text=(
            "Unspent credits expire at the end of this day, in UTC. Leave empty for no expiry."
        ),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    field_order = ("amount_credits", "last_day", "reason")

    def clean(self) -> dict[str, Any]:
        """Add the moment when the last day ends."""
        data = super().clean() or {}
        day = data.get("last_day")
        ends = day + timedelta(days=1) if day else None
        data["expires_at"] = datetime.combine(ends, time.min, tzinfo=UTC) if ends else None
        return data

    def clean_last_day(self) -> Any:
        """Refuse a day too close to the end of the calendar to compute the next one."""
        day = self.cleaned_data["last_day"]
        if day and day.year > 2999:
            raise forms.ValidationError("That is too far away.")
        return day


def _grant(run: ActionRun) -> str:
    try:
        balance = grants.give(
            organization=run.one,
            amount_credits=run.data["amount_credits"],
            reason=run.reason,
            actor=audit.operator_of(run.request, reason=run.reason),
            expires_at=run.data["expires_at"],
        )
    except grants.ExpiryInThePast as refused:
        raise grants.ExpiryInThePast(param="last_day") from refused
    return f"Granted. {run.one} has {balance:,} credits now."


actions.register(
    Action(
        name="grant",
        title="Grant credits",
        explains="The credits can be spent right away. A grant cannot be changed afterwards.",
        permission="billing.change_wallet",
        act=_grant,
        rows=lambda: Organization.objects.filter(deleted_at=None),
        home="admin:billing_wallet_changelist",
        form=GrantForm,
    )
)


@admin.register(Wallet)
class WalletAdmin(ReadOnlyTable):
    """The balance of each organization."""

    nav_group = "Money"
    nav_icon = "wallet"
    nav_order = 50
    ids: ClassVar = {"org_": "organization__public_id"}
    list_display = ("linked", "balance_credits", "debt_credits")
    list_display_links = None
    list_select_related = ("organization",)
    search_fields = ("organization__name",)
    search_help_text = "An organization's name or id"
    ordering = ("-organization_id",)
    fields = ("organization", "balance_credits", "debt_credits")

    @admin.display(description="Organization", ordering="organization__name")
    def linked(self, wallet: Wallet) -> SafeString:
        """Return a link to the organization's page, where credits are granted."""
        organization = wallet.organization
        return format_html('<a href="{}">{}</a>', page_of(organization), organization.name)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyTable):
    """Every ledger entry."""

    nav_group = "Money"
    nav_title = "Ledger"
    nav_icon = "book"
    nav_order = 55
    ids: ClassVar = {"org_": "organization__public_id"}
    list_display = (
        *("created_at", "organization", "kind", "amount_credits", "balance_after_credits"),
        *("reference", "actor"),
    )
    list_filter = ("kind",)
    list_select_related = ("organization",)
    search_fields = ("reference__exact",)
    search_help_text = "A reference such as task_…, or an organization's id"
    ordering = ("-id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Name every kind, so that a search by reference uses the index on kind and reference."""
        found, has_duplicates = super().get_search_results(request, queryset, search_term)
        return found.filter(kind__in=Kind.values) if search_term else found, has_duplicates


@admin.register(Budget)
class BudgetAdmin(ReadOnlyTable):
    """The caps of API keys, and the spending that counts against them."""

    list_display = (
        *("api_key", "daily_credits", "day_spent_credits", "day"),
        *("monthly_credits", "month_spent_credits", "month"),
        *("total_credits", "total_spent_credits"),
    )
    list_select_related = ("api_key",)
    search_fields = ("api_key__key_id", "api_key__name", "api_key__organization__name")


def _build_section(organization: Organization) -> dict[str, Any]:
    """Return an organization's wallet, latest ledger entries and latest purchases."""
    return {
        "wallet": Wallet.objects.filter(organization=organization).first(),
        "entries": LedgerEntry.objects.filter(organization=organization).order_by("-id")[:6],
        "top_ups": TopUp.objects.filter(organization=organization).order_by("-id")[:4],
    }


sections.register(
    Section(
        name="money",
        place=10,
        permission="billing.view_wallet",
        template="admin/pages/parts/money_section.html",
        build=_build_section,
    )
)
