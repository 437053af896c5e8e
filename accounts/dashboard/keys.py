"""The pages that end a key or its old secret; `generation.dashboard.api_keys` has the others."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access, api_keys, audit
from accounts.access import MemberRequest

SECTION = "keys"


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


@require_POST
@access.member_page("keys")
def end_overlap_page(request: MemberRequest, key_id: str) -> HttpResponseBase:
    """Let the secret before the last rotation end now."""
    api_key = api_keys.end_overlap(
        organization=request.organization, key_id=key_id, actor=audit.actor_of(request)
    )
    messages.success(request, f"The old secret of “{api_key.name}” has ended.")
    return redirect("api_key", key_id)
