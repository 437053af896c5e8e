"""Operators: who acts at the desk, and why."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpRequest

from accounts import audit
from accounts.audit import Actor


def actor_of(request: HttpRequest, *, reason: str = "") -> Actor:
    """Return the operator behind a request; whatever is recorded of the deed says why."""
    return replace(audit.actor_of(request), reason=reason, is_operator=True)
