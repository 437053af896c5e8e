"""The pages about API keys and organizations."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import access, api_keys, audit
from accounts.access import MemberRequest
from accounts.forms import ApiKeyForm

SECTION = "keys"


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("keys")
def api_keys_page(request: MemberRequest) -> HttpResponseBase:
    """List the organization's keys; a POST creates one and shows it, this once."""
    form = ApiKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _created(request, form)
    keys = api_keys.list_keys(organization=request.organization)
    return render(
        request, "accounts/api_keys.html", {"section": SECTION, "keys": keys, "form": form}
    )


@never_cache
def _created(request: MemberRequest, form: ApiKeyForm) -> HttpResponse:
    # Shown in the answer to the POST itself: a redirect would have to keep the key somewhere.
    issued = api_keys.issue(
        organization=request.organization,
        name=form.cleaned_data["name"],
        expires_at=form.expires_at(),
        actor=audit.actor_of(request),
    )
    return render(request, "accounts/api_key_created.html", {"section": SECTION, "issued": issued})


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("keys")
def revoke_key_page(request: MemberRequest, key_id: str) -> HttpResponseBase:
    """Ask whether to revoke a key; a POST does it."""
    if request.method == "POST":
        revoked = api_keys.revoke(
            organization=request.organization, key_id=key_id, actor=audit.actor_of(request)
        )
        messages.success(request, f"The key “{revoked.name}” is revoked.")
        return redirect("api_keys")
    api_key = api_keys.get_key(organization=request.organization, key_id=key_id)
    return render(request, "accounts/api_key_revoke.html", {"section": SECTION, "api_key": api_key})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def organizations_page(request: HttpRequest) -> HttpResponse:
    """List the organizations one is a member of; a POST switches to one."""
    if request.method == "POST":
        access.choose(request, public_id=request.POST.get("organization", ""))
        return redirect("dashboard")
    return render(request, "accounts/organizations.html")
