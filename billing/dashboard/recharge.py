"""The pages about automatic recharge: the terms, the consent to them, and turning it off."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access, audit
from accounts.access import MemberRequest
from billing import auto_recharge, packs
from billing.dashboard.forms import RechargeForm, add_error
from billing.dashboard.overview import SECTION
from billing.models import AutoRecharge, Customer
from vidgo.kernel import errors

# Proposed to an organization that has no terms yet.
THRESHOLD_CREDITS = 200
PACKS_A_MONTH = 5


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("billing")
def page(request: MemberRequest) -> HttpResponseBase:
    """Ask for the terms, then for consent to them; a POST with the consent turns it on.

    The terms are in the URL, so the page can display the consent text without JavaScript.
    """
    if request.method == "POST":
        return _agree(request)
    form = RechargeForm(request.GET) if "pack" in request.GET else None
    if form is None:
        setting = auto_recharge.find_setting(organization=request.organization)
        return _show(request, RechargeForm(initial=_proposed(setting)))
    return _show(request, form, asks_consent=form.is_valid())


def _agree(request: MemberRequest) -> HttpResponse:
    form = RechargeForm(request.POST)
    if not form.is_valid():
        return _show(request, form)
    terms = form.terms()
    if form.cleaned_data["consent"] != auto_recharge.consent_text(**terms):
        # The pack has changed since the consent text was displayed.
        return _show(request, form, asks_consent=True)
    try:
        auto_recharge.enable(
            organization=request.organization,
            agreed=form.cleaned_data["agreed"],
            actor=audit.actor_of(request),
            **terms,
        )
    except (errors.Invalid, errors.Conflict) as refused:
        add_error(form, refused)
        return _show(request, form, asks_consent=True)
    messages.success(request, "Automatic recharge is on.")
    return redirect("billing")


@require_POST
@access.member_page("billing")
def turn_off(request: MemberRequest) -> HttpResponseBase:
    """Turn off automatic recharge."""
    auto_recharge.disable(organization=request.organization, actor=audit.actor_of(request))
    messages.success(request, "Automatic recharge is off.")
    return redirect("billing")


def _show(
    request: MemberRequest, form: RechargeForm, *, asks_consent: bool = False
) -> HttpResponse:
    """Render the page with the terms, or with the consent text."""
    return render(
        request,
        "billing/recharge.html",
        {
            "section": SECTION,
            "form": form,
            "customer": Customer.objects.filter(pk=request.organization.pk).first(),
            "consent": auto_recharge.consent_text(**form.terms()) if asks_consent else "",
        },
    )


def _proposed(setting: AutoRecharge) -> dict[str, object]:
    """Return the current terms, or default ones."""
    if setting.amount_cents:
        return {
            "pack": str(setting.amount_cents),
            "threshold_credits": setting.threshold_credits,
            "monthly_cap": setting.monthly_cap_cents // 100,
        }
    offers = packs.listed()
    pack = offers[min(1, len(offers) - 1)]
    return {
        "pack": pack.key,
        "threshold_credits": THRESHOLD_CREDITS,
        "monthly_cap": pack.amount_cents * PACKS_A_MONTH // 100,
    }
