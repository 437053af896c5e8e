"""Redeeming a promotion code."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from accounts import access, audit
from accounts.access import MemberRequest
from billing import promotions
from billing.dashboard import overview
from billing.dashboard.forms import PromotionForm, refuse
from vidgo.kernel import errors


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("billing")
def redeem(request: MemberRequest) -> HttpResponseBase:
    """Give the organization the credits of a code."""
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
            refuse(form, refused)
        else:
            messages.success(request, f"{grant.amount_credits:,} credits were added.")
            return redirect("billing")
    return overview.show(request, promotion_form=form)
