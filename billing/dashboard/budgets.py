"""The caps of an API key, which its list of keys links to."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts import access, api_keys, audit
from accounts.access import MemberRequest
from billing import budgets
from billing.dashboard.forms import BudgetForm
from billing.dashboard.overview import SECTION
from billing.models import Budget

# Who may set caps: those who make the keys, and those who pay.
CAP_SETTERS = frozenset({"keys", "billing"})


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("view")
def page(request: MemberRequest, key_id: str) -> HttpResponseBase:
    """Show what a key has spent and may spend; a POST sets its caps. Raises `UnknownKey`.

    It is about keys and about money: either ability will do.
    """
    if not CAP_SETTERS & access.abilities_of(request.membership):
        raise access.RoleTooLow
    api_key = api_keys.get_key(organization=request.organization, key_id=key_id)
    budget = Budget.objects.filter(pk=api_key.pk).first()
    with_keys = access.allows(request.membership, "keys")
    way_back = reverse("api_key", args=[key_id]) if with_keys else reverse("billing")
    form = BudgetForm(request.POST if request.method == "POST" else None, instance=budget)
    if request.method == "POST" and form.is_valid():
        budgets.set_caps(api_key=api_key, actor=audit.actor_of(request), **form.cleaned_data)
        messages.success(request, f"The caps of “{api_key.name}” are set.")
        return redirect(way_back)
    return render(
        request,
        "billing/budget.html",
        {
            "section": "keys" if with_keys else SECTION,
            "back": way_back,
            "api_key": api_key,
            "form": form,
            "spent": budgets.windows_of(api_key_id=api_key.pk),
        },
    )
