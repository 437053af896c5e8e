"""Operators: one who may do everything, one who may only look, and what they send."""

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


def wish(browser: Client, name: str, *keys: Any, **values: Any) -> dict[str, Any]:
    """Return what the page of an action would send: its mark, the rows and a reason."""
    path = reverse("admin:vidgo_action", args=[name])
    page = browser.get(path, {"on": list(keys)})
    (mark,) = re.findall(r'name="once" value="([^"]+)"', page.content.decode())
    return {"on": list(keys), "once": mark, "reason": REASON, **values}


def act(browser: Client, name: str, *keys: Any, **values: Any) -> Any:
    """Open an action's page, fill it in, send it, and return where that leads."""
    path = reverse("admin:vidgo_action", args=[name])
    return browser.post(path, wish(browser, name, *keys, **values), follow=True)


def last_event(action: str) -> AuditEvent:
    """Return the last entry of the audit log about an action; its reason was asked for."""
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
    """A browser in which an operator with every permission has signed in."""
    return signed_in(op)


@pytest.fixture
def looker(db: None) -> Client:
    """A browser of an operator who may look at everything and do nothing."""
    user = factories.user("looker@example.com", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return signed_in(user)
