"""Sessions: where a user is signed in, and signing out there.

Django stores the session, django-allauth stores beside it where it was started. Ending a session
deletes both, so that the next request with its cookie is signed out.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import User
from accounts.sign_in import user_agents
from vidgo.kernel import errors

# How often a session's last use is recorded.
SEEN_EVERY_SECONDS = 600
SEEN_KEY = "seen"


class UnknownSession(errors.NotFound):
    default_message = "This session doesn't exist or has already ended."


@dataclass(frozen=True, slots=True)
class ActiveSession:
    """A browser in which a user is signed in."""

    pk: int
    device: str
    ip_address: str
    signed_in_at: datetime
    seen_at: datetime
    is_current: bool


def list_active(*, request: HttpRequest) -> list[ActiveSession]:
    """Return the user's sessions: the current one first, then the most recently seen."""
    # The middleware records it only after this response, which must list this session, too.
    note_seen(request)
    alive = Session.objects.filter(expire_date__gt=timezone.now())
    rows = UserSession.objects.filter(
        user=request.user, session_key__in=alive.values("session_key")
    ).order_by("-last_seen_at", "-pk")
    found = [
        ActiveSession(
            pk=row.pk,
            device=user_agents.describe(row.user_agent),
            ip_address=row.ip,
            signed_in_at=row.created_at,
            seen_at=row.last_seen_at,
            is_current=row.session_key == request.session.session_key,
        )
        for row in rows
    ]
    return sorted(found, key=lambda session: not session.is_current)


def end(*, user: User, pk: int) -> None:
    """Sign a user out of one session at once; raises `UnknownSession`, also for someone else's."""
    row = UserSession.objects.filter(user=user, pk=pk).first()
    if row is None:
        raise UnknownSession
    _end([row])


def end_others(*, user: User, session_key: str | None) -> int:
    """Sign a user out of all sessions but one; return how many ended."""
    return _end(list(UserSession.objects.filter(user=user).exclude(session_key=session_key)))


def remove_expired() -> int:
    """Remove expired sessions and the records of ended ones; return how many had expired."""
    expired, _ = Session.objects.filter(expire_date__lte=timezone.now()).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    return expired


def note_seen(request: HttpRequest) -> None:
    """Record the session's last use, at most once in `SEEN_EVERY_SECONDS`."""
    now = int(time.time())
    if now - request.session.get(SEEN_KEY, 0) < SEEN_EVERY_SECONDS:
        return
    # Over a Unix socket there is no address, and the table requires one.
    if request.user.is_authenticated and audit.address_of(request):
        request.session[SEEN_KEY] = now
        UserSession.objects.create_from_request(request)


def _end(rows: list[UserSession]) -> int:
    with transaction.atomic():
        Session.objects.filter(session_key__in=[row.session_key for row in rows]).delete()
        UserSession.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def _after_new_password(sender: Any, request: HttpRequest, user: User, **values: Any) -> None:
    """Sign out everywhere else, so that anyone who knew the old password loses access."""
    end_others(user=user, session_key=request.session.session_key)


for _signal in (password_changed, password_set, password_reset):
    _signal.connect(_after_new_password, dispatch_uid="accounts.sign_in.sessions")
