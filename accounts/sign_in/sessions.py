"""Sessions: where a person is signed in, and signing out there.

A session is a row of Django's table, and django-allauth remembers beside it from where it was
begun. Ending one deletes both, so the next request with its cookie is nobody's.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts import audit
from accounts.models import User
from accounts.sign_in import user_agents
from vidgo.kernel import errors

# How often a session's last use is written down, in seconds.
SEEN_EVERY_SECONDS = 600
SEEN_KEY = "seen"


class UnknownSession(errors.NotFound):
    default_message = "There is no such session, or it has ended."


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere a person is signed in."""

    pk: int
    device: str
    ip_address: str
    signed_in_at: datetime
    seen_at: datetime
    is_current: bool


def list_places(*, request: HttpRequest) -> list[Place]:
    """Return where the person of the request is signed in: here first, then the latest seen."""
    # The middleware would do it after this answer, which is to name this session, too.
    _note_seen(request)
    alive = Session.objects.filter(expire_date__gt=timezone.now())
    rows = UserSession.objects.filter(
        user=request.user, session_key__in=alive.values("session_key")
    ).order_by("-last_seen_at", "-pk")
    places = [
        Place(
            pk=row.pk,
            device=user_agents.describe(row.user_agent),
            ip_address=row.ip,
            signed_in_at=row.created_at,
            seen_at=row.last_seen_at,
            is_current=row.session_key == request.session.session_key,
        )
        for row in rows
    ]
    return sorted(places, key=lambda place: not place.is_current)


def end(*, user: User, pk: int) -> None:
    """Sign a person out in one place, at once; raises `UnknownSession`, also for a foreign one."""
    row = UserSession.objects.filter(user=user, pk=pk).first()
    if row is None:
        raise UnknownSession
    _end([row])


def end_others(*, user: User, session_key: str | None) -> int:
    """Sign a person out everywhere but in one session; return in how many places that was."""
    return _end(list(UserSession.objects.filter(user=user).exclude(session_key=session_key)))


def forget_ended() -> int:
    """Delete the sessions that have run out, and what was remembered of any that is gone.

    Returns how many sessions there were.
    """
    ended, _ = Session.objects.filter(expire_date__lte=timezone.now()).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    return ended


def _end(rows: list[UserSession]) -> int:
    with transaction.atomic():
        Session.objects.filter(session_key__in=[row.session_key for row in rows]).delete()
        UserSession.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


class SessionSeenMiddleware:
    """Write down every ten minutes that a session is in use, from where and with what.

    django-allauth would do it on every request, with three statements; the session itself, which
    is read anyway, tells when it was done last.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # Only where the answer needed the session: what needs no database is not to ask one here.
        if (
            request.session.accessed
            and response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
            and SESSION_KEY in request.session
        ):
            _note_seen(request)
        return response


def _note_seen(request: HttpRequest) -> None:
    now = int(time.time())
    if now - request.session.get(SEEN_KEY, 0) < SEEN_EVERY_SECONDS:
        return
    # Behind a local socket there is no address, and a row of the table needs one.
    if request.user.is_authenticated and audit.address_of(request):
        request.session[SEEN_KEY] = now
        UserSession.objects.create_from_request(request)


def _after_new_password(sender: Any, request: HttpRequest, user: User, **values: Any) -> None:
    """Sign out everywhere else: whoever knew the old password is to be gone at once."""
    end_others(user=user, session_key=request.session.session_key)


for _signal in (password_changed, password_set, password_reset):
    _signal.connect(_after_new_password, dispatch_uid="accounts.sign_in.sessions")
