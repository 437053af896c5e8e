"""Security events: record in the audit log what users change about how they sign in.

django-allauth signals each change; it is recorded in every organization of the user.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from allauth.account import signals
from allauth.mfa import signals as factor_signals
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.http import HttpRequest

from accounts import access, audit
from accounts.models import User

FACTORS = {
    Authenticator.Type.TOTP: "authenticator app",
    Authenticator.Type.WEBAUTHN: "passkey",
    Authenticator.Type.RECOVERY_CODES: "recovery codes",
}


def record(request: HttpRequest, *, user: User, action: str, target: str) -> None:
    """Record the event in each organization of the user."""
    # A user who resets a password is not signed in.
    actor = replace(audit.actor_of(request), label=user.email, user=user)
    with transaction.atomic():
        for membership in access.list_memberships(user=user):
            audit.record(
                organization=membership.organization, actor=actor, action=action, target=target
            )


def _password_changed(request: HttpRequest, user: User, **_: Any) -> None:
    record(request, user=user, action="person.password_changed", target=user.email)


def _password_reset(request: HttpRequest, user: User, **_: Any) -> None:
    record(request, user=user, action="person.password_reset", target=user.email)


def _email_changed(
    request: HttpRequest, user: User, from_email_address: Any, to_email_address: Any, **_: Any
) -> None:
    before = from_email_address.email if from_email_address else "none"
    target = f"{before} → {to_email_address.email}"
    record(request, user=user, action="person.email_changed", target=target)


def _factor_added(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    _record_factor(request, user, authenticator, action="person.second_factor_added")


def _factor_removed(
    request: HttpRequest, user: User, authenticator: Authenticator, **_: Any
) -> None:
    _record_factor(request, user, authenticator, action="person.second_factor_removed")


def _codes_regenerated(
    request: HttpRequest, user: User, authenticator: Authenticator, **_: Any
) -> None:
    _record_factor(request, user, authenticator, action="person.recovery_codes_regenerated")


def _record_factor(
    request: HttpRequest, user: User, authenticator: Authenticator, *, action: str
) -> None:
    kind = FACTORS[Authenticator.Type(authenticator.type)]
    record(request, user=user, action=action, target=f"{user.email}: {kind}")


def listen() -> None:
    """Connect to django-allauth's signals; called once, when the app is ready."""
    signals.password_changed.connect(_password_changed)
    signals.password_set.connect(_password_changed)
    signals.password_reset.connect(_password_reset)
    signals.email_changed.connect(_email_changed)
    factor_signals.authenticator_added.connect(_factor_added)
    factor_signals.authenticator_removed.connect(_factor_removed)
    factor_signals.authenticator_reset.connect(_codes_regenerated)
