"""The page of one API key's caps: what the key has spent and may spend."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts import access, api_keys, audit
from accounts.access import MemberRequest
from billing import budgets
from billing.dashboard import overview as billing_overview
from billing.dashboard.forms import BudgetForm
from billing.models import Budget
from generation.dashboard.api_keys import SECTION

# Either ability is enough: caps are about keys and about money.
CAP_SETTERS = frozenset({"keys", "billing"})


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("view")
def caps_page(request: MemberRequest, key_id: str) -> HttpResponseBase:
    """Show what a key has spent and may spend; a POST sets its caps.

    Raises `access.RoleTooLow` or `api_keys.UnknownKey`.
    """
    if not CAP_SETTERS & access.abilities_of(request.membership):
        raise access.RoleTooLow
    api_key = api_keys.get_key(organization=request.organization, key_id=key_id)
    budget = Budget.objects.filter(pk=api_key.pk).first()
    sees_keys = access.allows(request.membership, "keys")
    back = reverse("api_key", args=[key_id]) if sees_keys else reverse("billing")
    form = BudgetForm(request.POST if request.method == "POST" else None, instance=budget)
    if request.method == "POST" and form.is_valid():
        budgets.set_caps(api_key=api_key, actor=audit.actor_of(request), **form.cleaned_data)
        messages.success(request, f"Saved the caps of “{api_key.name}”.")
        return redirect(back)
    return render(
        request,
        "accounts/api_key_caps.html",
        {
            "section": SECTION if sees_keys else billing_overview.SECTION,
            "back": back,
            "api_key": api_key,
            "form": form,
            "spent": budgets.windows_of(api_key_id=api_key.pk),
        },
    )
