"""The pages of API keys: list, create, show, change, rotate, revoke. Caps are in `api_key_caps`."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, api_keys, audit
from accounts.access import MemberRequest
from accounts.api_keys import Issued
from accounts.api_keys import first_key as promised_key
from accounts.api_keys.forms import ApiKeyForm, NewApiKeyForm, RotationForm, SearchForm, values_of
from accounts.models import ApiKey, Scope
from billing import budgets, wallets
from billing.dashboard.forms import BudgetForm
from generation import catalog
from vidgo.kernel.web import pagination

SECTION = "keys"


def models_for(api_key: ApiKey | None = None) -> list[tuple[str, str]]:
    """Return the models a key may be limited to, plus those it already names that are gone."""
    names = {model.id: model.name for model in catalog.load().models.values()}
    if api_key is not None:
        names.update({each: each for each in api_key.allowed_models if each not in names})
    return list(names.items())


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("keys")
def key_list(request: MemberRequest) -> HttpResponseBase:
    """List the organization's keys; a POST creates one and shows it once."""
    if request.method == "POST":
        return _create(request)
    search = SearchForm(request.GET)
    query_text = search.cleaned_data["q"] if search.is_valid() else ""
    organization = request.organization
    keys = api_keys.list_keys(organization=organization, search=query_text).select_related("budget")
    page = pagination.turn(
        keys, key="key_id", query=request.GET, among=api_keys.list_keys(organization=organization)
    )
    return render(
        request,
        "accounts/api_keys.html",
        {"section": SECTION, "page": page, "search": search, "query_text": query_text},
    )


@require_safe
@access.member_page("keys")
def key_new(request: MemberRequest) -> HttpResponseBase:
    """Show the form for a new key."""
    return _form(request, NewApiKeyForm(models=models_for()), BudgetForm())


def _form(request: MemberRequest, form: NewApiKeyForm, caps: BudgetForm) -> HttpResponse:
    return render(
        request, "accounts/api_key_new.html", {"section": SECTION, "form": form, "caps": caps}
    )


@never_cache
def _create(request: MemberRequest) -> HttpResponse:
    form = NewApiKeyForm(request.POST, models=models_for())
    caps = BudgetForm(request.POST)
    # Validate both forms, so that all errors appear at once.
    if not all([form.is_valid(), caps.is_valid()]):
        return _form(request, form, caps)
    actor = audit.actor_of(request)
    with transaction.atomic():
        issued = api_keys.issue(
            organization=request.organization,
            name=form.cleaned_data["name"],
            expires_at=form.expires_at(),
            limits=form.cleaned_data["limits"],
            actor=actor,
        )
        if any(value is not None for value in caps.cleaned_data.values()):
            budgets.set_caps(api_key=issued.api_key, actor=actor, **caps.cleaned_data)
    # The response to the POST shows the key: a redirect would have to store it somewhere.
    return render(
        request,
        "accounts/api_key_created.html",
        {"section": SECTION, "issued": secret_context(request, issued)},
    )


@require_safe
@access.member_page("keys")
def key_detail(request: MemberRequest, key_id: str) -> HttpResponseBase:
    """Show a key: what it may do, what it has spent, when and from where it was last used."""
    api_key = api_keys.get_key(organization=request.organization, key_id=key_id)
    names = dict(models_for(api_key))
    return render(
        request,
        "accounts/api_key.html",
        {
            "section": SECTION,
            "api_key": api_key,
            "models": [names[each] for each in api_key.allowed_models],
            "spent": budgets.windows_of(api_key_id=api_key.pk),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("keys")
def key_edit(request: MemberRequest, key_id: str) -> HttpResponseBase:
    """Show a key's name and limits; a POST changes them."""
    api_key = api_keys.get_key(organization=request.organization, key_id=key_id)
    form = ApiKeyForm(
        request.POST if request.method == "POST" else None,
        models=models_for(api_key),
        initial=values_of(api_key),
    )
    if request.method == "POST" and form.is_valid():
        api_keys.change(
            organization=request.organization,
            key_id=key_id,
            name=form.cleaned_data["name"],
            limits=form.cleaned_data["limits"],
            actor=audit.actor_of(request),
        )
        messages.success(request, "Saved. It applies from the next call.")
        return redirect("api_key", key_id)
    return render(
        request,
        "accounts/api_key_edit.html",
        {"section": SECTION, "api_key": api_key, "form": form},
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("keys")
def key_rotate(request: MemberRequest, key_id: str) -> HttpResponseBase:
    """Ask how long the old secret keeps working; a POST creates the new one and shows it once."""
    api_key = api_keys.get_key(organization=request.organization, key_id=key_id)
    form = RotationForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        issued = api_keys.rotate(
            organization=request.organization,
            key_id=key_id,
            overlap=form.overlap(),
            actor=audit.actor_of(request),
        )
        return render(
            request,
            "accounts/api_key_created.html",
            {"section": SECTION, "issued": secret_context(request, issued), "is_rotated": True},
        )
    return render(
        request,
        "accounts/api_key_rotate.html",
        {"section": SECTION, "api_key": api_key, "form": form},
    )


@require_POST
@access.member_page("keys")
def key_end_overlap(request: MemberRequest, key_id: str) -> HttpResponseBase:
    """End the previous secret of a rotated key now."""
    api_key = api_keys.end_overlap(
        organization=request.organization, key_id=key_id, actor=audit.actor_of(request)
    )
    messages.success(request, f"The old secret of “{api_key.name}” no longer works.")
    return redirect("api_key", key_id)


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("keys")
def key_revoke(request: MemberRequest, key_id: str) -> HttpResponseBase:
    """Ask whether to revoke a key; a POST revokes it."""
    if request.method == "POST":
        revoked = api_keys.revoke(
            organization=request.organization, key_id=key_id, actor=audit.actor_of(request)
        )
        messages.success(request, f"The key “{revoked.name}” is revoked.")
        return redirect("api_keys")
    api_key = api_keys.get_key(organization=request.organization, key_id=key_id)
    return render(request, "accounts/api_key_revoke.html", {"section": SECTION, "api_key": api_key})


def secret_context(request: MemberRequest, issued: Issued) -> dict[str, Any]:
    """Return the template context for a new secret: the key, and a command that works with it."""
    api_key = issued.api_key
    balance = wallets.balance_of(organization=request.organization)
    allowed = api_key.allowed_models
    model = next(
        (
            each
            for each in catalog.load().models.values()
            if not each.is_edit and (not allowed or each.id in allowed)
        ),
        None,
    )
    can_submit = Scope.SUBMIT in api_key.scopes and model is not None
    return {
        "plaintext": issued.plaintext,
        "api_key": api_key,
        "balance": balance,
        "model": model if can_submit else None,
        "can_pay": model is not None and balance.balance_credits >= model.price_credits,
        "can_ask": next(
            (each for each in (Scope.BILLING, Scope.READ) if each in api_key.scopes), None
        ),
        "can_read": Scope.READ in api_key.scopes,
    }


def first_key(request: MemberRequest) -> dict[str, Any] | None:
    """Create the key promised at sign-up and return its context; None at any other time."""
    issued = promised_key.take(request)
    return None if issued is None else secret_context(request, issued)
