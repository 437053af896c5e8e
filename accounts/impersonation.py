"""View-as: an operator sees an organization's dashboard as its owner does, and changes nothing.

It lasts `MINUTES` at most. `ViewAsMiddleware` refuses every request that could change something,
and makes the database read-only during a page of the organization, in case a GET writes.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import Membership, Organization, Role, User
from vidgo.kernel import errors

MINUTES = 30
PERMISSION = "accounts.change_organization"
# The admin page that ends it; besides signing out, the only URL that takes a POST meanwhile.
END = "view_as_end"
SESSION_KEY = "view_as"


class ViewingOnly(errors.Forbidden):
    """A request could have changed something."""

    default_message = "You are viewing this organization as an operator. Changes are not allowed."


@dataclass(frozen=True, slots=True)
class View:
    """What an operator views, and until when."""

    organization: Organization
    membership: Membership
    until: datetime


def start(request: HttpRequest, *, organization: Organization, reason: str) -> None:
    """Show this session the organization's dashboard for `MINUTES` at most."""
    until = timezone.now() + timedelta(minutes=MINUTES)
    audit.record(
        organization=organization,
        actor=audit.operator_of(request, reason=reason),
        action="view_as.started",
        target=f"until {until:%H:%M} UTC at the latest",
    )
    request.session[SESSION_KEY] = {
        "organization": organization.public_id,
        "until": until.isoformat(),
        "mark": secrets.token_urlsafe(12),
    }


def end(request: HttpRequest, *, because: str = "by the operator") -> Organization | None:
    """End this session's view and return its organization; None when there is no view."""
    stored = request.session.pop(SESSION_KEY, None)
    if stored is None:
        return None
    organization = Organization.objects.filter(public_id=stored["organization"]).first()
    # Two requests may both find that the time is up; one of them records the end.
    if organization and cache.add(f"view_as:{stored['mark']}", "ended", MINUTES * 120):
        with transaction.atomic():
            audit.record(
                organization=organization,
                actor=audit.operator_of(request),
                action="view_as.ended",
                target=because,
            )
    return organization


def find(request: HttpRequest) -> View | None:
    """Return this session's view; end it if it expired or the operator lost the permission."""
    stored = request.session.get(SESSION_KEY)
    user = request.user
    if stored is None or not isinstance(user, User):
        return None
    until = datetime.fromisoformat(stored["until"])
    if until <= timezone.now():
        end(request, because="it expired")
        return None
    if not (user.is_active and user.is_staff and user.has_perm(PERMISSION)):
        end(request, because="the operator lost the permission")
        return None
    organization = Organization.objects.filter(public_id=stored["organization"]).first()
    if organization is None or organization.deleted_at is not None:
        end(request, because="the organization was deleted")
        return None
    membership = Membership(organization=organization, user=user, role=Role.OWNER)
    return View(organization=organization, membership=membership, until=until)
