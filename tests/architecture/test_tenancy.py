"""Request every URL as an anonymous visitor, as Charlie, as Bob and as Alice.

The URLs come from the resolver, so a new one fails here until its row in `addresses` says what each
of the four may see. Alice owns the organization whose objects are requested, Bob is a developer in
it, Charlie owns another one. API calls use a key of the caller's organization.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from accounts import access
from accounts.models import ApiKey, Organization, Role, User
from billing.models import LedgerEntry, TopUp, Wallet
from generation.models import Callback, CallbackEndpoint, CallbackSecret, Job, Upload
from generation.storage import uploads
from tests import factories
from tests.architecture.addresses import ROWS
from tests.architecture.addresses.rows import HOME, SIGN_IN, Row, World
from tests.conftest import signed_in
from tests.generation.callbacks.receiving import announced
from tests.hardening import headers

pytestmark = pytest.mark.django_db

ADMIN = "admin/"
# Stands for another company's servers in development and does not exist in production.
SIMULATOR = "stripe-simulator/"
ROLES = {"bob": Role.DEVELOPER, "alice": Role.OWNER}


def routes(patterns: list[Any] | None = None, before: str = "") -> Iterator[str]:
    """Yield every route of the resolver, as its parts are written in the URL modules."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route


@pytest.fixture
def world(
    organization: Organization,
    other_organization: Organization,
    wallet: Wallet,
    alice: User,
    bob: User,
    charlie: User,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    """One of everything of Alice's, money in both organizations, and no network."""
    for person in (alice, bob, charlie):
        person.set_password("a long enough secret")
        person.save()
    factories.credits(organization=other_organization, amount=1000)
    upload = factories.upload(organization=organization)
    edit = factories.finished(
        organization=organization,
        model="flux-kontext-pro-edit",
        image_urls=[uploads.url_of(upload)],
    )
    monkeypatch.setattr(uploads, "fetch", lambda url: (factories.png(), "x.png"))
    return World(
        organization=organization,
        edit=edit,
        upload=upload,
        top_up=TopUp.objects.create(
            organization=organization,
            source=TopUp.Source.CHECKOUT,
            credits=1000,
            amount_cents=500,
        ),
        api_key=factories.api_key(organization=organization).api_key,
        callback=announced(organization=organization, url="https://example.com/hook"),
        browsers={
            "anonymous": Client(),
            "charlie": signed_in(charlie),
            "bob": signed_in(bob),
            "alice": signed_in(alice),
        },
        keys={
            "charlie": factories.api_key(organization=other_organization).plaintext,
            "bob": factories.api_key(organization=organization).plaintext,
            "alice": factories.api_key(organization=organization).plaintext,
        },
    )


def ask(world: World, row: Row, *, route: str, who: str) -> Any:
    """Send one request of the matrix."""
    path = path_of(world, row, route)
    body = row.body(world) if row.method == "post" else {}
    if not row.api:
        return whole(getattr(world.browsers[who], row.method)(path, body))
    key = {"Authorization": f"Bearer {world.keys[who]}"} if who in world.keys else {}
    options = {"content_type": "application/json"} if row.method == "post" and row.json else {}
    # A key alone decides: no session of the same person helps or harms.
    return whole(getattr(Client(), row.method)(path, body, headers=key, **options))


def whole(answer: Any) -> Any:
    """Read an answer to its end, which closes the file behind it."""
    if answer.streaming:
        answer.streaming_content = [b"".join(answer.streaming_content)]
    return answer


def outcome(answer: Any) -> int | str:
    """Return the status, or where a redirect to the sign-in or the dashboard leads."""
    place = answer.headers.get("Location", "")
    if answer.status_code == 302 and place.startswith("/accounts/login/"):
        return SIGN_IN
    if answer.status_code == 302 and place == "/dashboard":
        return HOME
    return int(answer.status_code)


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    known = {route for route in routes() if not route.startswith((ADMIN, SIMULATOR))}
    assert known - set(ROWS) == set(), "say in ROWS what each of the four may see there"
    assert set(ROWS) - known == set(), "these addresses are gone"


@dataclass(frozen=True)
class Visit:
    """One request of a walk, and its answer."""

    who: str
    method: str
    path: str
    answer: Any
    # The row of the matrix; None for a request that is not in it.
    row: Row | None = None


def walk(world: World, who: str) -> Iterator[Visit]:
    """Make each request once: the matrix, and what else somebody could try.

    Charlie tries both methods of every URL, Bob those of every page that his role may not open, and
    an anonymous visitor and Alice the whole admin.
    """
    browser = world.browsers[who]
    tried = set()
    for route, rows in ROWS.items():
        for row in rows:
            tried.add((row.method, path_of(world, row, route), row.api))
            answer = ask(world, row, route=route, who=who)
            yield Visit(who, row.method, path_of(world, row, route), answer, row)
    further = [] if who not in ("anonymous", "alice") else list(admin_paths())
    for route, rows in ROWS.items():
        for path in dict.fromkeys(path_of(world, row, route) for row in rows):
            # Signing out would make a stranger harmless for the rest of the walk.
            if route != "accounts/logout/" and (who == "charlie" or not is_allowed(path, who=who)):
                further.append(path)
    for path in further:
        for method in ("get", "post"):
            if (method, path, False) not in tried:
                yield Visit(who, method, path, whole(getattr(browser, method)(path, {})))


def path_of(world: World, row: Row, route: str) -> str:
    """Return the address that a row of a route is about."""
    return row.path(world) if row.path else f"/{route}"


def ability_of(path: str) -> str | None:
    """Return the ability that a page asks for, if any."""
    return getattr(resolve(path.split("?")[0]).func, "required_ability", None)


def is_allowed(path: str, *, who: str) -> bool:
    """Return whether somebody's role may open a page; what asks for no ability, everybody may."""
    ability = ability_of(path)
    return ability is None or who not in ROLES or ability in access.ABILITIES[ROLES[who]]


def matrix_faults(visit: Visit, world: World) -> Iterator[str]:
    """Yield where an answer is not what the matrix says."""
    if visit.row is None:
        return
    expected, got = visit.row.expected(visit.who), outcome(visit.answer)
    if got != expected and not (expected == 302 and visit.answer.status_code == 302):
        yield f"expected {expected}, got {got}"


def role_faults(visit: Visit, world: World) -> Iterator[str]:
    """Yield where a page is open to a role that lacks its ability, or closed to one that has it."""
    if visit.who not in ROLES or ability_of(visit.path) is None:
        return
    status = visit.answer.status_code
    if not is_allowed(visit.path, who=visit.who):
        # 405 where the address takes only the other method.
        if status not in (403, 405):
            yield f"open to a role that may not: {status}"
    elif visit.method == "get" and status == 403:
        # What a POST does may ask for more.
        yield "closed to a role that may"


def admin_faults(visit: Visit, world: World) -> Iterator[str]:
    """Yield where the admin is open to somebody who is not an operator."""
    if not visit.path.startswith(f"/{ADMIN}") or visit.path == "/admin/logout/":
        return
    status = visit.answer.status_code
    if status not in (302, 403):
        yield f"open: {status}"
    elif status == 302 and "login" not in visit.answer.headers["Location"]:
        yield f"leads to {visit.answer.headers['Location']}"


def header_faults(visit: Visit, world: World) -> Iterator[str]:
    """Yield what is wrong with the headers of an answer."""
    yield from headers.faults_of(visit.answer)
    yield from headers.privacy_faults_of(visit.answer, is_signed_in=visit.who != "anonymous")
    kept = visit.answer.headers.get("Cache-Control", "")
    if visit.row and visit.row.api and "no-store" not in kept:
        yield "what a key opens may be kept"


def leaks(visit: Visit, world: World) -> Iterator[str]:
    """Yield what a stranger's answer reveals of the organization, unless the request named it."""
    if visit.who not in ("anonymous", "charlie"):
        return
    secrets = [
        world.edit.public_id,
        world.edit.prompt,
        world.api_key.key_id,
        world.callback.public_id,
        world.callback.endpoint.public_id,
        world.organization.public_id,
        "alice@example.com",
    ]
    asked = visit.path + str(visit.row.body(world) if visit.row else "")
    content = visit.answer.getvalue()
    for each in secrets:
        if each not in asked and each.encode() in content:
            yield f"tells {each}"


CHECKS = (matrix_faults, role_faults, admin_faults, header_faults, leaks)


def rows_of(organization: Organization) -> list[Any]:
    """Return all that an organization has."""
    return [
        list(model.objects.filter(organization=organization).order_by("pk").values())
        for model in (
            *(Job, Upload, LedgerEntry, Wallet, ApiKey, TopUp),
            *(Callback, CallbackEndpoint, CallbackSecret),
        )
    ]


@pytest.mark.parametrize("who", ["anonymous", "charlie", "bob", "alice"])
def test_each_of_the_four_gets_what_is_theirs_at_every_address_and_nothing_else(
    world: World, who: str
) -> None:
    """One walk for all checks, as it takes seconds; each request is made once."""
    before = rows_of(world.organization)
    visits = 0
    wrong = []
    for visit in walk(world, who):
        visits += 1
        for check in CHECKS:
            wrong += [(visit.method, visit.path, fault) for fault in check(visit, world)]
    assert wrong == []
    assert visits > sum(map(len, ROWS.values()))
    # Nobody was signed out on the way, or what came behind that would have been a stranger's.
    assert (SESSION_KEY in world.browsers[who].session) == (who != "anonymous")
    if who in ("anonymous", "charlie"):
        assert rows_of(world.organization) == before, "a stranger changed something"


def test_the_walk_covers_the_whole_admin() -> None:
    assert len(list(admin_paths())) > 40


def admin_paths() -> Iterator[str]:
    """Yield a URL for every route of the admin, with 1 for each parameter."""
    for route in routes():
        if route.startswith(ADMIN):
            path = re.sub(r"<[^>]*>|\(\?P<url>\.\*\)\$", "1", route)
            yield "/" + path.replace("^", "").replace("$", "")
