"""A new user's first API key: promised at sign-up, created when the next page shows it.

Created at sign-up, its text would have to be stored until that page.
"""

from __future__ import annotations

from django.http import HttpRequest

from accounts import access, api_keys, audit
from accounts.access import MemberRequest
from accounts.api_keys import Issued
from accounts.models import ApiKey, Organization

SESSION_KEY = "first_key"
NAME = "First key"


def promise(request: HttpRequest, *, organization: Organization) -> None:
    """Have the first dashboard page of this session show a key of the new organization."""
    request.session[SESSION_KEY] = organization.public_id


def take(request: MemberRequest) -> Issued | None:
    """Create the promised key, once; None when none is promised or a key exists."""
    if request.method != "GET" or SESSION_KEY not in request.session:
        return None
    if request.session[SESSION_KEY] != request.organization.public_id:
        # The user has switched to another organization; keep the promise.
        return None
    del request.session[SESSION_KEY]
    has_key = ApiKey.objects.for_organization(request.organization).exists()
    if has_key or not access.allows(request.membership, "keys"):
        return None
    return api_keys.issue(
        organization=request.organization, name=NAME, actor=audit.actor_of(request)
    )
