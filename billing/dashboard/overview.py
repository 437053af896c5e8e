"""The page about money: what there is, buying more, and what happens by itself."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, api_keys
from accounts.access import MemberRequest
from accounts.models import ApiKey, Organization
from billing import auto_recharge, packs, wallets
from billing.dashboard.forms import PromotionForm, TopUpForm, WarningForm
from billing.models import Customer, LedgerEntry, TopUp, Wallet
from billing.stripe import client, customers

SECTION = "billing"
RECENT = 8
KEYS_SHOWN = 100
UNREACHABLE = "Stripe cannot be reached right now. Please try again in a moment."


@require_safe
@access.member_page("view")
def overview(request: MemberRequest) -> HttpResponseBase:
    """Show the balance to every member, and all that moves money to those who may."""
    return show(request)


def show(request: MemberRequest, **forms: Any) -> HttpResponse:
    """Return the page, with a form as it was sent in the place of an empty one."""
    organization = request.organization
    context: dict[str, Any] = {
        "section": SECTION,
        "balance": wallets.balance_of(organization=organization),
        "entries": LedgerEntry.objects.for_organization(organization).order_by("-id")[:RECENT],
    }
    if access.allows(request.membership, "billing"):
        context |= {
            "packs": packs.listed(),
            "credits_per_dollar": 100 * packs.CREDITS_PER_CENT,
            "form": TopUpForm(),
            "warning_form": WarningForm(initial={"warn_below_credits": _line(organization)}),
            "promotion_form": PromotionForm(),
            "customer": Customer.objects.filter(pk=organization.pk).first(),
            "recharge": auto_recharge.find_setting(organization=organization),
            "spent_cents": auto_recharge.spent_this_month(
                organization=organization, now=timezone.now()
            ),
            "top_ups": TopUp.objects.for_organization(organization).order_by("-id")[:RECENT],
            "capped_keys": _keys_to_cap(request),
            **forms,
        }
    return render(request, "billing/overview.html", context)


def _keys_to_cap(request: MemberRequest) -> list[ApiKey]:
    """Return the active keys for those who pay but do not see the list of keys."""
    if access.allows(request.membership, "keys"):
        return []
    keys = api_keys.list_keys(organization=request.organization)
    return [key for key in keys[:KEYS_SHOWN] if key.status == "active"]


def _line(organization: Organization) -> int:
    """Return the balance below which a warning is sent; a wallet to come has the usual one."""
    drawn = Wallet.objects.filter(pk=organization.pk).values_list("warn_below_credits", flat=True)
    usual: Any = Wallet._meta.get_field("warn_below_credits").db_default
    return int(next(iter(drawn), usual))


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("billing")
def warning(request: MemberRequest) -> HttpResponseBase:
    """Draw the line below which the people who pay get an e-mail."""
    form = WarningForm(request.POST)
    if request.method != "POST":
        return redirect("billing")
    if not form.is_valid():
        return show(request, warning_form=form)
    wallets.watch(organization=request.organization, **form.cleaned_data)
    messages.success(request, "The warning is set.")
    return redirect("billing")


@require_POST
@access.member_page("billing")
def portal(request: MemberRequest) -> HttpResponseBase:
    """Go to Stripe's own page for cards and receipts; raises `NoCustomer`."""
    customer = customers.get_customer(organization=request.organization)
    try:
        address = client.portal_url(
            customer_id=customer.stripe_id,
            return_url=request.build_absolute_uri("/dashboard/billing"),
        )
    except client.StripeError:
        messages.error(request, UNREACHABLE)
        return redirect("billing")
    return HttpResponseRedirect(address, status=303)


@require_safe
@access.member_page("billing")
def receipts(request: MemberRequest) -> HttpResponseBase:
    """List the receipts that Stripe has; the page about money loads its part from here.

    Stripe is asked only for an organization that it knows, and may fail to answer.
    """
    customer = Customer.objects.filter(pk=request.organization.pk).first()
    try:
        invoices = client.list_invoices(customer_id=customer.stripe_id) if customer else []
    except client.StripeError:
        invoices = None
    return render(request, "billing/receipts.html", {"section": SECTION, "invoices": invoices})
