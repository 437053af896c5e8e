"""Every address of this installation, tried as nobody, as Charlie, as Bob and as Alice.

The addresses come from the URL resolver, so a new one fails here until a row below says what each
of the four may see. Alice owns the organization whose objects are asked for, Bob is a developer in
it, Charlie owns another one. To the API each comes with a key of their organization.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import ApiKey, Organization, User
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
    path = row.path(world) if row.path else f"/{route}"
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


def told(answer: Any) -> int | str:
    """Return the status, and for a redirect where to."""
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


@pytest.mark.parametrize("who", ["anonymous", "charlie", "bob", "alice"])
def test_each_of_the_four_gets_what_the_rows_say_and_a_stranger_nothing_of_the_organization(
    world: World, who: str
) -> None:
    """Every answer has all its headers, too: one walk looks at everything, as it takes seconds."""
    wrong = []
    for route, rows in ROWS.items():
        for row in rows:
            answer = ask(world, row, route=route, who=who)
            expected = row.expected(who)
            same = told(answer) == expected or (expected == 302 and answer.status_code == 302)
            if not same:
                wrong.append((row.method, route, f"expected {expected}, got {told(answer)}"))
            wrong += [
                (row.method, route, fault)
                for fault in header_faults(answer, row=row, is_signed_in=who != "anonymous")
            ]
            if who in ("anonymous", "charlie"):
                wrong += [
                    (row.method, route, f"tells {secret}")
                    for secret in leaked(answer, world=world, row=row)
                ]
    assert wrong == []
    # Nobody was signed out on the way, or what came behind that would have been a stranger's.
    assert (SESSION_KEY in world.browsers[who].session) == (who != "anonymous")


def header_faults(answer: Any, *, row: Row, is_signed_in: bool) -> Iterator[str]:
    """Yield what is wrong with the headers of an answer."""
    yield from headers.faults_of(answer)
    yield from headers.privacy_faults_of(answer, is_signed_in=is_signed_in)
    if row.api and "no-store" not in answer.headers.get("Cache-Control", ""):
        yield "what a key opens may be kept"


def leaked(answer: Any, *, world: World, row: Row) -> list[str]:
    """Return what of the organization stands in an answer whose request did not name it."""
    secrets = [
        world.edit.public_id,
        world.edit.prompt,
        world.api_key.key_id,
        world.callback.public_id,
        world.callback.endpoint.public_id,
        world.organization.public_id,
        "alice@example.com",
    ]
    asked = (row.path(world) if row.path else "") + str(row.body(world))
    content = answer.getvalue()
    return [each for each in secrets if each not in asked and each.encode() in content]


def test_a_stranger_changes_nothing(world: World) -> None:
    """All that Charlie can send leaves the rows of Alice's organization as they were."""

    def rows() -> Any:
        ours = {"organization": world.organization}
        return [
            list(model.objects.filter(**ours).order_by("pk").values())
            for model in (
                *(Job, Upload, LedgerEntry, Wallet, ApiKey, TopUp),
                *(Callback, CallbackEndpoint, CallbackSecret),
            )
        ]

    before = rows()
    visited: set[str] = set()
    for route, matrix in ROWS.items():
        for row in matrix:
            path = row.path(world) if row.path else f"/{route}"
            # Signing out would make a stranger harmless for the rest of the test.
            if path not in visited and route != "accounts/logout/":
                visited.add(path)
                for method in ("get", "post"):
                    whole(getattr(world.browsers["charlie"], method)(path, {}))
            if row.api or row.method == "post":
                ask(world, row, route=route, who="charlie")
    assert world.browsers["charlie"].get("/dashboard").status_code == 200
    assert rows() == before


def admin_paths() -> Iterator[str]:
    """Yield an address for every route of the desk, with 1 for each thing it asks for."""
    for route in routes():
        if route.startswith(ADMIN):
            path = re.sub(r"<[^>]*>|\(\?P<url>\.\*\)\$", "1", route)
            yield "/" + path.replace("^", "").replace("$", "")


@pytest.mark.parametrize("who", ["anonymous", "alice"])
def test_the_desk_is_closed_to_everybody_but_operators(world: World, who: str) -> None:
    paths = list(admin_paths())
    assert len(paths) > 40
    for path in paths:
        for method in ("get", "post"):
            answer = getattr(world.browsers[who], method)(path)
            if path == "/admin/logout/":
                continue
            assert answer.status_code in (302, 403), (method, path, answer.status_code)
            if answer.status_code == 302:
                assert "login" in answer.headers["Location"], path
    signed_in_still = world.browsers[who].get("/dashboard").status_code
    assert signed_in_still == (302 if who == "anonymous" else 200)
