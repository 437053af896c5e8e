"""Cross-site request forgery: another site's page sends what a signed-in browser would send."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User
from tests import factories
from tests.architecture.addresses import ROWS
from tests.architecture.addresses.rows import World
from tests.architecture.test_tenancy import SIMULATOR, admin_paths
from tests.conftest import Api

pytestmark = pytest.mark.django_db

# Endpoints for programs, which use a key or a signature and no session.
FOR_PROGRAMS = ("api/", "v1/", "files/", "webhooks/")


def strict(user: User) -> Client:
    """Return a signed-in browser that enforces CSRF checks."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    return client


def exempt(patterns: list[Any] | None = None, before: str = "") -> Iterator[str]:
    """Yield each route whose view is exempt from the check."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from exempt(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and getattr(pattern.callback, "csrf_exempt", False):
            yield route


def test_only_endpoints_for_programs_are_exempt() -> None:
    routes = [route for route in exempt() if not route.startswith(SIMULATOR)]
    assert len(routes) > 10
    assert [route for route in routes if not route.startswith(FOR_PROGRAMS)] == []


def test_every_page_refuses_a_form_without_its_token(world: World, alice: User) -> None:
    browser = strict(alice)
    tried, wrong = 0, []
    for route, rows in ROWS.items():
        if route.startswith(FOR_PROGRAMS):
            continue
        for row in rows:
            status = browser.post(row.path(world) if row.path else f"/{route}", {}).status_code
            tried += 1
            if status != 403:
                wrong.append((route, status))
    assert wrong == []
    assert tried > 100


def test_every_admin_page_refuses_a_form_without_its_token(db: None) -> None:
    browser = strict(factories.user("op@example.com", is_staff=True, is_superuser=True))
    assert [path for path in admin_paths() if browser.post(path, {}).status_code != 403] == []


def test_a_token_of_another_site_is_refused(alice: User, alice_client: Client) -> None:
    """A form from another site, even with a genuine pair of cookie and token."""
    browser = strict(alice)
    page = browser.get("/dashboard/keys/new")
    token = page.context["csrf_token"]
    form = {"name": "mine", "csrfmiddlewaretoken": str(token)}
    own = browser.post("/dashboard/keys", form, headers={"Origin": "http://testserver"})
    assert own.status_code == 200
    foreign = browser.post("/dashboard/keys", form, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403


def test_the_api_accepts_keys_and_no_session(world: World, api: Api) -> None:
    """The API ignores a browser's session, and a key needs no token."""
    browser = world.browsers["alice"]
    for route, rows in ROWS.items():
        for row in rows:
            if not row.api:
                continue
            path = row.path(world) if row.path else f"/{route}"
            options = {"content_type": "application/json"} if row.json else {}
            body = row.body(world) if row.method == "post" else {}
            assert getattr(browser, row.method)(path, body, **options).status_code == 401, path
    api.client = Client(enforce_csrf_checks=True)
    body = {"model": "flux-kontext-pro", "input": {"prompt": "a fox"}}
    assert api.post("/api/generate/submit", body).status_code == 200


@pytest.mark.parametrize("path", ["/accounts/logout/", "/dashboard/keys/{key}/revoke"])
def test_a_get_changes_nothing(world: World, path: str) -> None:
    """An image on another site can only make a browser send a GET."""
    browser = world.browsers["alice"]
    assert browser.get(path.format(key=world.api_key.key_id)).status_code == 200
    assert browser.get("/dashboard").status_code == 200
    world.api_key.refresh_from_db()
    assert world.api_key.revoked_at is None
