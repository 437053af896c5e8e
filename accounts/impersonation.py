"""Viewing as: an operator sees an organization's dashboard as its owner does, and changes nothing.

It lasts for `MINUTES` at most. Every request that could change something is refused, and while a
page of the organization is made the database itself refuses to write, in case a GET would.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import InternalError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts import audit
from accounts.models import Membership, Organization, Role, User
from vidgo.kernel import errors
from vidgo.kernel.api import envelope
from vidgo.kernel.web import error_pages

MINUTES = 30
PERMISSION = "accounts.change_organization"
# The desk's page that ends it, one of the two addresses that take a POST meanwhile.
END = "view_as_end"
SESSION_KEY = "view_as"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
READ_ONLY_SQLSTATE = "25006"


class ViewingOnly(errors.Forbidden):
    """Something would have been changed."""

    default_message = (
        "You look at this organization as an operator. Nothing can be changed meanwhile."
    )


@dataclass(frozen=True, slots=True)
class View:
    """What an operator looks at, and until when."""

    organization: Organization
    membership: Membership
    until: datetime


def start(request: HttpRequest, *, organization: Organization, reason: str) -> None:
    """Show this session the organization's dashboard, for `MINUTES` at most."""
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
    """End what this session looks at and return it; None when there was nothing to end."""
    stored = request.session.pop(SESSION_KEY, None)
    if stored is None:
        return None
    organization = Organization.objects.filter(public_id=stored["organization"]).first()
    # Two requests may find at the same moment that the time is over; one of them says so.
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
    """Return what this session looks at; ends it when its time or the operator's right is over."""
    stored = request.session.get(SESSION_KEY)
    user = request.user
    if stored is None or not isinstance(user, User):
        return None
    until = datetime.fromisoformat(stored["until"])
    if until <= timezone.now():
        end(request, because="its time was over")
        return None
    if not (user.is_active and user.is_staff and user.has_perm(PERMISSION)):
        end(request, because="the operator's right was taken away")
        return None
    organization = Organization.objects.filter(public_id=stored["organization"]).first()
    if organization is None or organization.deleted_at is not None:
        end(request, because="the organization was deleted")
        return None
    membership = Membership(organization=organization, user=user, role=Role.OWNER)
    return View(organization=organization, membership=membership, until=until)


class ViewAsMiddleware:
    """Put the organization an operator looks at in the place of their own, and refuse to write.

    Sets `request.viewing_as`. Comes after `CurrentOrganizationMiddleware`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.viewing_as = None  # type: ignore[attr-defined]
        # The API goes by keys, and a visitor without a session looks at nothing.
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or envelope.is_api(request):
            return self.get_response(request)
        locked: list[bool] = []
        _replace(request, locked)
        try:
            refusal = _refusal(request)
            return refusal or self.get_response(request)
        finally:
            if locked:
                _allow_writes()

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Say in words that the database has refused to write."""
        cause = error.__cause__
        if (
            isinstance(error, InternalError)
            and getattr(cause, "sqlstate", "") == READ_ONLY_SQLSTATE
            and getattr(request, "viewing_as", None)
        ):
            return error_pages.problem(request, ViewingOnly())
        return None


def _replace(request: HttpRequest, locked: list[bool]) -> None:
    """Let whatever asks where the person is find the organization that is looked at."""
    own_membership = request.membership  # type: ignore[attr-defined]
    own_memberships = request.memberships  # type: ignore[attr-defined]
    viewing = SimpleLazyObject(lambda: find(request))

    def membership() -> Membership | None:
        if not viewing:
            return own_membership
        if not locked:
            locked.append(True)
            _refuse_writes()
        return viewing.membership

    request.viewing_as = viewing  # type: ignore[attr-defined]
    request.membership = SimpleLazyObject(membership)  # type: ignore[attr-defined]
    request.memberships = SimpleLazyObject(  # type: ignore[attr-defined]
        lambda: [viewing.membership] if viewing else own_memberships
    )


def _refusal(request: HttpRequest) -> HttpResponse | None:
    """Return the page that refuses a request which may change something, None to let it pass."""
    if request.method in SAFE_METHODS or not request.viewing_as:  # type: ignore[attr-defined]
        return None
    if request.path == reverse("account_logout"):
        end(request, because="the operator signed out")
        return None
    if request.path == reverse(f"admin:vidgo_{END}"):
        return None
    return error_pages.problem(request, ViewingOnly())


def _refuse_writes() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")


def _allow_writes() -> None:
    with connection.cursor() as cursor:
        cursor.execute("RESET default_transaction_read_only")
