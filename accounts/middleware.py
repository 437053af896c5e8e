"""Middleware: which organization a page request acts for, view-as, and a session's last use."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import InternalError, connection
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from accounts import access, impersonation
from accounts.models import Membership, User
from accounts.sign_in import sessions
from vidgo.kernel.api import envelope
from vidgo.kernel.web import error_pages

GetResponse = Callable[[HttpRequest], HttpResponse]
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
READ_ONLY_SQLSTATE = "25006"


class SessionSeenMiddleware:
    """Record every ten minutes that a session is in use, from which address and browser.

    django-allauth's own middleware does it on every request, with three queries.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # A response that did not use the session must not start to query the database here.
        if (
            request.session.accessed
            and response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
            and SESSION_KEY in request.session
        ):
            sessions.note_seen(request)
        return response


class CurrentOrganizationMiddleware:
    """Set which organization a signed-in user's request acts for, and what the user may do there.

    Sets `request.membership`, `request.organization`, `request.abilities` and
    `request.memberships`, each loaded on first use.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        def membership() -> Membership | None:
            if not isinstance(request.user, User):
                return None
            return access.membership_of(
                user=request.user, public_id=request.session.get(access.SESSION_KEY)
            )

        def memberships() -> list[Membership]:
            user = request.user
            return list(access.list_memberships(user=user)) if isinstance(user, User) else []

        request.membership = SimpleLazyObject(membership)  # type: ignore[attr-defined]
        request.organization = SimpleLazyObject(  # type: ignore[attr-defined]
            lambda: request.membership and request.membership.organization  # type: ignore[attr-defined]
        )
        request.abilities = SimpleLazyObject(  # type: ignore[attr-defined]
            lambda: access.abilities_of(request.membership)  # type: ignore[attr-defined]
        )
        request.memberships = SimpleLazyObject(memberships)  # type: ignore[attr-defined]
        return self.get_response(request)


class ViewAsMiddleware:
    """Replace an operator's organization by the one they view as, and refuse every write.

    Sets `request.viewing_as`. Comes after `CurrentOrganizationMiddleware`.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.viewing_as = None  # type: ignore[attr-defined]
        # The API authenticates by key, and without a session there is no view-as.
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or envelope.is_api(request):
            return self.get_response(request)
        locked: list[bool] = []
        _replace_membership(request, locked)
        try:
            return _refusal(request) or self.get_response(request)
        finally:
            if locked:
                _execute("RESET default_transaction_read_only")

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer a write that the database refused with the same page as any other refusal."""
        if (
            isinstance(error, InternalError)
            and getattr(error.__cause__, "sqlstate", "") == READ_ONLY_SQLSTATE
            and getattr(request, "viewing_as", None)
        ):
            return error_pages.problem(request, impersonation.ViewingOnly())
        return None


def _replace_membership(request: HttpRequest, locked: list[bool]) -> None:
    """Let the request's membership be that of the view; its first use locks the database."""
    own_membership = request.membership  # type: ignore[attr-defined]
    own_memberships = request.memberships  # type: ignore[attr-defined]
    viewing = SimpleLazyObject(lambda: impersonation.find(request))

    def membership() -> Membership | None:
        if not viewing:
            return own_membership
        if not locked:
            locked.append(True)
            _execute("SET default_transaction_read_only = on")
        return viewing.membership

    request.viewing_as = viewing  # type: ignore[attr-defined]
    request.membership = SimpleLazyObject(membership)  # type: ignore[attr-defined]
    request.memberships = SimpleLazyObject(  # type: ignore[attr-defined]
        lambda: [viewing.membership] if viewing else own_memberships
    )


def _refusal(request: HttpRequest) -> HttpResponse | None:
    """Return the page that refuses a request which could change something, None to let it pass."""
    if request.method in SAFE_METHODS or not request.viewing_as:  # type: ignore[attr-defined]
        return None
    if request.path == reverse("account_logout"):
        impersonation.end(request, because="the operator signed out")
        return None
    if request.path == reverse(f"admin:vidgo_{impersonation.END}"):
        return None
    return error_pages.problem(request, impersonation.ViewingOnly())


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
