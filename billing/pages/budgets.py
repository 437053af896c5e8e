"""The caps of an API key, which its list of keys links to."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts import access, api_keys, audit
from accounts.access import MemberRequest
from billing import budgets
from billing.forms import BudgetForm
from billing.models import Budget

SECTION = "keys"


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("keys")
def page(request: MemberRequest, key_id: str) -> HttpResponseBase:
    """Show what a key has spent and may spend; a POST sets its caps. Raises `UnknownKey`."""
    api_key = api_keys.get_key(organization=request.organization, key_id=key_id)
    budget = Budget.objects.filter(pk=api_key.pk).first()
    spent = _spent(budget) if budget else None
    form = BudgetForm(request.POST if request.method == "POST" else None, instance=budget)
    if request.method == "POST" and form.is_valid():
        budgets.set_caps(api_key=api_key, actor=audit.actor_of(request), **form.cleaned_data)
        messages.success(request, f"The caps of “{api_key.name}” are set.")
        return redirect("api_keys")
    return render(
        request,
        "billing/budget.html",
        {"section": SECTION, "api_key": api_key, "form": form, "spent": spent},
    )


def _spent(budget: Budget) -> dict[str, int]:
    """Return what counts now: a counter of another day or month (UTC) counts as 0."""
    today = timezone.now().date()
    return {
        "day": budget.day_spent_credits if budget.day == today else 0,
        "month": budget.month_spent_credits if budget.month == today.replace(day=1) else 0,
        "total": budget.total_spent_credits,
    }
