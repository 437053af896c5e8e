"""Operators: one with every permission, one who may only view, and the forms they send."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, User
from tests import factories
from tests.conftest import signed_in

REASON = "Ticket 4711: asked for by the customer"

Do = Callable[..., Any]


def form_data(browser: Client, name: str, *keys: Any, **values: Any) -> dict[str, Any]:
    """Return what an action's form would send: its token, the rows and a reason."""
    path = reverse("admin:vidgo_action", args=[name])
    page = browser.get(path, {"on": list(keys)})
    (token,) = re.findall(r'name="once" value="([^"]+)"', page.content.decode())
    return {"on": list(keys), "once": token, "reason": REASON, **values}


def act(browser: Client, name: str, *keys: Any, **values: Any) -> Any:
    """Open an action's form, fill it in, send it, and return the final response."""
    path = reverse("admin:vidgo_action", args=[name])
    return browser.post(path, form_data(browser, name, *keys, **values), follow=True)


def last_event(action: str) -> AuditEvent:
    """Return the last audit event of an action, checked for reason and operator."""
    event = AuditEvent.objects.filter(action=action).order_by("-id")[0]
    assert event.reason == REASON
    assert event.actor == "op@example.com"
    assert event.by_operator
    return event


@pytest.fixture
def op(db: None) -> User:
    return factories.user("op@example.com", is_staff=True, is_superuser=True)


@pytest.fixture
def operator(op: User) -> Client:
    """A browser in which an operator with every permission is signed in."""
    return signed_in(op)


@pytest.fixture
def looker(db: None) -> Client:
    """A browser of an operator who may view everything and change nothing."""
    user = factories.user("looker@example.com", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return signed_in(user)
