"""The billing page: balance, purchases, low-balance warning, promotion codes and receipts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, api_keys, audit
from accounts.access import MemberRequest
from accounts.models import ApiKey, Organization
from billing import auto_recharge, packs, promotions, wallets
from billing.dashboard.forms import PromotionForm, TopUpForm, WarningForm, add_error
from billing.models import Customer, LedgerEntry, TopUp, Wallet
from billing.stripe import client, customers
from vidgo.kernel import errors

SECTION = "billing"
RECENT = 8
KEYS_MAX = 100
UNREACHABLE = "Stripe cannot be reached right now. Please try again in a moment."


@require_safe
@access.member_page("view")
def overview(request: MemberRequest) -> HttpResponseBase:
    """Display the balance to every member, and everything else to those who manage billing."""
    return show(request)


def show(request: MemberRequest, **forms: Any) -> HttpResponse:
    """Render the page, with submitted forms in place of empty ones."""
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
            "warning_form": WarningForm(initial={"warn_below_credits": _threshold(organization)}),
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
    """Return the active keys, for members who manage billing but cannot open the list of keys."""
    if access.allows(request.membership, "keys"):
        return []
    keys = api_keys.list_keys(organization=request.organization)
    return [key for key in keys[:KEYS_MAX] if key.status == "active"]


def _threshold(organization: Organization) -> int:
    """Return the low-balance threshold; an organization without a wallet has the default."""
    stored = Wallet.objects.filter(pk=organization.pk).values_list("warn_below_credits", flat=True)
    default: Any = Wallet._meta.get_field("warn_below_credits").db_default
    return int(next(iter(stored), default))


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("billing")
def low_balance(request: MemberRequest) -> HttpResponseBase:
    """Set the low-balance threshold."""
    form = WarningForm(request.POST)
    if request.method != "POST":
        return redirect("billing")
    if not form.is_valid():
        return show(request, warning_form=form)
    wallets.set_thresholds(organization=request.organization, **form.cleaned_data)
    messages.success(request, "The low-balance warning is saved.")
    return redirect("billing")


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("billing")
def redeem(request: MemberRequest) -> HttpResponseBase:
    """Redeem a promotion code."""
    if request.method != "POST":
        return redirect("billing")
    form = PromotionForm(request.POST)
    if form.is_valid():
        try:
            grant = promotions.redeem(
                organization=request.organization,
                code=form.cleaned_data["code"],
                actor=audit.actor_of(request),
            )
        except (errors.Invalid, errors.Conflict) as refused:
            add_error(form, refused)
        else:
            messages.success(request, f"{grant.amount_credits:,} credits were added.")
            return redirect("billing")
    return show(request, promotion_form=form)


@require_POST
@access.member_page("billing")
def portal(request: MemberRequest) -> HttpResponseBase:
    """Redirect to Stripe's customer portal; raises `NoCustomer`."""
    customer = customers.get_customer(organization=request.organization)
    try:
        url = client.portal_url(
            customer_id=customer.stripe_id,
            return_url=request.build_absolute_uri("/dashboard/billing"),
        )
    except client.StripeError:
        messages.error(request, UNREACHABLE)
        return redirect("billing")
    return HttpResponseRedirect(url, status=303)


@require_safe
@access.member_page("billing")
def receipts(request: MemberRequest) -> HttpResponseBase:
    """List the receipts from Stripe; the billing page loads its list from here.

    Stripe is called only for an organization that has a customer there.
    """
    customer = Customer.objects.filter(pk=request.organization.pk).first()
    try:
        invoices = client.list_invoices(customer_id=customer.stripe_id) if customer else []
    except client.StripeError:
        invoices = None
    return render(request, "billing/receipts.html", {"section": SECTION, "invoices": invoices})
