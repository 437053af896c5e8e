"""The pages about automatic recharge: the terms, the consent to them, and the end of it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access, audit
from accounts.access import MemberRequest
from billing import auto_recharge, packs
from billing.dashboard.forms import RechargeForm, refuse
from billing.dashboard.overview import SECTION
from billing.models import AutoRecharge, Customer
from vidgo.kernel import errors

THRESHOLD_CREDITS = 200
# Proposed as the monthly limit: so many packs.
PACKS_A_MONTH = 5


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("billing")
def page(request: MemberRequest) -> HttpResponseBase:
    """Ask for the terms, then for the consent to exactly these; a POST with it switches on.

    The terms stand in the address, so that the sentence agreed to is there without any script.
    """
    if request.method == "POST":
        return _agree(request)
    form = RechargeForm(request.GET) if "pack" in request.GET else None
    if form is None:
        setting = auto_recharge.find_setting(organization=request.organization)
        return _show(request, RechargeForm(initial=_proposed(setting)))
    return _show(request, form, asks=form.is_valid())


def _agree(request: MemberRequest) -> HttpResponse:
    form = RechargeForm(request.POST)
    if not form.is_valid():
        return _show(request, form)
    terms = form.terms()
    if form.cleaned_data["consent"] != auto_recharge.consent_text(**terms):
        # What a pack holds has changed since the sentence was on the screen.
        return _show(request, form, asks=True)
    try:
        auto_recharge.enable(
            organization=request.organization,
            agreed=form.cleaned_data["agreed"],
            actor=audit.actor_of(request),
            **terms,
        )
    except (errors.Invalid, errors.Conflict) as refused:
        refuse(form, refused)
        return _show(request, form, asks=True)
    messages.success(request, "Automatic recharge is on.")
    return redirect("billing")


@require_POST
@access.member_page("billing")
def switch_off(request: MemberRequest) -> HttpResponseBase:
    """Buy nothing by itself any more."""
    auto_recharge.disable(organization=request.organization, actor=audit.actor_of(request))
    messages.success(request, "Automatic recharge is off.")
    return redirect("billing")


def _show(request: MemberRequest, form: RechargeForm, *, asks: bool = False) -> HttpResponse:
    """Return the page; with `asks` it shows the terms as a sentence and asks to agree."""
    return render(
        request,
        "billing/recharge.html",
        {
            "section": SECTION,
            "form": form,
            "customer": Customer.objects.filter(pk=request.organization.pk).first(),
            "consent": auto_recharge.consent_text(**form.terms()) if asks else "",
        },
    )


def _proposed(setting: AutoRecharge) -> dict[str, object]:
    """Return the terms as they are, or such as many would choose."""
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
