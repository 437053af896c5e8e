"""The desk's pages about wallets, the ledger and the caps of keys, and the granting of credits."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts import audit
from accounts.models import Organization
from billing import grants
from billing.models import Budget, LedgerEntry, Wallet
from vidgo.kernel import errors
from vidgo.kernel.readonly_admin import ReadOnlyAdmin

# Above this a grant is more likely a slip of the finger; it can be given in two.
GRANT_MAX_CREDITS = 10_000_000


class GrantForm(forms.Form):
    """How much is granted, and why."""

    amount_credits = forms.IntegerField(
        label="Credits", min_value=1, max_value=GRANT_MAX_CREDITS, initial=1000
    )
    reason = forms.CharField(
        max_length=500, help_text="Kept in the ledger and in the audit log for good."
    )
    last_day = forms.DateField(
        required=False,
        help_text=(
            "What is unspent when this day ends, in UTC, is taken back. Empty: it never is."
        ),
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def expires_at(self) -> datetime | None:
        """Return the end of the last day; None is never."""
        day = self.cleaned_data["last_day"]
        return datetime.combine(day + timedelta(days=1), time.min, tzinfo=UTC) if day else None


@admin.register(Wallet)
class WalletAdmin(ReadOnlyAdmin):
    """What each organization has; credits are granted from here."""

    list_display = ("organization", "balance_credits", "debt_credits", "grant_link")
    list_select_related = ("organization",)
    search_fields = ("organization__name", "organization__public_id")
    fields = ("organization", "balance_credits", "debt_credits", "grant_link")

    @admin.display(description="Grant")
    def grant_link(self, wallet: Wallet) -> SafeString:
        """Return the way to the grant's form."""
        return format_html(
            '<a href="{}">Grant credits</a>', reverse("admin:billing_grant", args=[wallet.pk])
        )

    def get_urls(self) -> list[URLPattern]:
        """Add the grant's page."""
        page = self.admin_site.admin_view(self.grant_page)
        return [
            path("grant/<int:organization_id>/", page, name="billing_grant"),
            *super().get_urls(),
        ]

    def grant_page(self, request: HttpRequest, organization_id: int) -> HttpResponse:
        """Ask for the amount and the reason; a POST grants."""
        if not request.user.has_perm("billing.change_wallet"):
            raise PermissionDenied
        organization = get_object_or_404(Organization, pk=organization_id)
        form = GrantForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                balance = grants.give(
                    organization=organization,
                    amount_credits=form.cleaned_data["amount_credits"],
                    reason=form.cleaned_data["reason"],
                    actor=audit.actor_of(request),
                    expires_at=form.expires_at(),
                )
            except grants.ExpiryInThePast as refused:
                form.add_error("last_day", refused.message)
            except errors.Invalid as refused:
                form.add_error("reason", refused.message)
            else:
                messages.success(request, f"Granted. {organization} has {balance:,} credits now.")
                return redirect("admin:billing_wallet_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": f"Grant credits to {organization}",
            "form": form,
            "opts": self.opts,
            "organization": organization,
        }
        return TemplateResponse(request, "admin/billing/grant.html", context)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    """Every movement of credits."""

    list_display = (
        "created_at",
        "organization",
        "kind",
        "amount_credits",
        "balance_after_credits",
        "reference",
        "actor",
    )
    list_filter = ("kind",)
    list_select_related = ("organization",)
    search_fields = ("reference", "organization__public_id", "organization__name")
    ordering = ("-id",)


@admin.register(Budget)
class BudgetAdmin(ReadOnlyAdmin):
    """The caps of keys, and what counts against them."""

    list_display = (
        "api_key",
        "daily_credits",
        "day_spent_credits",
        "day",
        "monthly_credits",
        "month_spent_credits",
        "month",
        "total_credits",
        "total_spent_credits",
    )
    list_select_related = ("api_key",)
    search_fields = ("api_key__key_id", "api_key__name", "api_key__organization__name")
