"""The first key of somebody who has just signed up: promised then, made when it is first shown.

Made at sign-up, its text would have to be kept somewhere until the next page, and it is kept
nowhere.
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
    """Let the first page of the dashboard in this session show a key of the new organization."""
    request.session[SESSION_KEY] = organization.public_id


def take(request: MemberRequest) -> Issued | None:
    """Make the promised key, once; None when none was promised or there is a key already."""
    if request.method != "GET" or SESSION_KEY not in request.session:
        return None
    if request.session[SESSION_KEY] != request.organization.public_id:
        # Another organization is on the screen; the promise stays.
        return None
    del request.session[SESSION_KEY]
    has_key = ApiKey.objects.for_organization(request.organization).exists()
    if has_key or not access.allows(request.membership, "keys"):
        return None
    return api_keys.issue(
        organization=request.organization, name=NAME, actor=audit.actor_of(request)
    )
