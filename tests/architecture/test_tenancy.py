"""Every address of this installation, tried as nobody, as Charlie, as Bob and as Alice.

The addresses come from the URL resolver, so a new one fails here until a row below says what each
of the four may see. Alice owns the organization whose objects are asked for, Bob is a developer in
it, Charlie owns another one. To the API each comes with a key of their organization.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import ApiKey, Organization, User
from billing.models import LedgerEntry, TopUp, Wallet
from generation import uploads
from generation.models import Callback, CallbackEndpoint, CallbackSecret, Job, Upload
from tests import factories
from tests.conftest import signed_in
from tests.generation.callbacks.receiving import announced

pytestmark = pytest.mark.django_db

ADMIN = "admin/"
# Stands for another company's servers in development and does not exist in production.
SIMULATOR = "stripe-simulator/"
SIGN_IN = "302 sign in"
HOME = "302 home"


@dataclass
class World:
    """Alice's organization with one of everything, and who comes to look."""

    organization: Organization
    edit: Job
    upload: Upload
    top_up: TopUp
    api_key: ApiKey
    callback: Callback
    browsers: dict[str, Client]
    keys: dict[str, str]


@dataclass(frozen=True)
class Row:
    """What the four get for one method of one address."""

    anonymous: int | str
    charlie: int | str
    bob: int | str
    alice: int | str
    method: str = "get"
    # From the world to the address, and to what a POST carries.
    path: Callable[[World], str] | None = None
    body: Callable[[World], Any] = lambda world: {}
    api: bool = False
    json: bool = True

    def expected(self, who: str) -> int | str:
        """Return what one of the four gets."""
        return {
            "anonymous": self.anonymous,
            "charlie": self.charlie,
            "bob": self.bob,
            "alice": self.alice,
        }[who]


def everybody(status: int, **values: Any) -> Row:
    """Return a row for what is public."""
    return Row(status, status, status, status, **values)


def members(status: int = 200, **values: Any) -> Row:
    """Return a row for a page about one's own organization, whichever that is."""
    return Row(SIGN_IN, status, status, status, **values)


def ours(status: int = 200, **values: Any) -> Row:
    """Return a row for an object of Alice's organization."""
    return Row(SIGN_IN, 404, status, status, **values)


def payers(status: int = 200, **values: Any) -> Row:
    """Return a row for a page about one's own money, which a developer may not touch."""
    return Row(SIGN_IN, status, 403, status, **values)


def keyed(status: int = 200, **values: Any) -> Row:
    """Return a row for a call that needs any key."""
    return Row(401, status, status, status, api=True, **values)


def job(world: World) -> str:
    return f"/dashboard/jobs/{world.edit.public_id}"


def submitted(world: World) -> dict[str, Any]:
    """Return an order for an edit of the image that Alice's organization uploaded."""
    return {
        "model": "flux-kontext-pro-edit",
        "input": {"prompt": "make it blue", "image_urls": [uploads.url_of(world.upload)]},
    }


PNG = base64.b64encode(factories.png()).decode()

ROWS: dict[str, list[Row]] = {
    # The public site.
    "": [everybody(200)],
    "models": [everybody(200)],
    "pricing": [everybody(200)],
    "healthz": [everybody(200)],
    "readyz": [everybody(200)],
    # The dashboard.
    "dashboard": [members()],
    "dashboard/playground": [
        members(),
        members(
            302,
            method="post",
            body=lambda world: {"model": "flux-kontext-pro", "prompt": "a red fox"},
        ),
    ],
    "dashboard/jobs": [
        members(),
        ours(path=lambda world: f"/dashboard/jobs?before={world.edit.public_id}"),
        ours(path=lambda world: f"/dashboard/jobs?after={world.edit.public_id}"),
    ],
    "dashboard/jobs/<str:public_id>": [ours(path=job)],
    "dashboard/jobs/<str:public_id>/cancel": [
        ours(302, method="post", path=lambda world: job(world) + "/cancel")
    ],
    "dashboard/jobs/<str:public_id>/live": [ours(path=lambda world: job(world) + "/live")],
    "dashboard/jobs/<str:public_id>/input": [ours(path=lambda world: job(world) + "/input")],
    "dashboard/callbacks": [
        members(),
        ours(path=lambda world: f"/dashboard/callbacks?before={world.callback.public_id}"),
    ],
    "dashboard/callbacks/<str:public_id>": [
        ours(path=lambda world: f"/dashboard/callbacks/{world.callback.public_id}")
    ],
    "dashboard/callbacks/<str:public_id>/replay": [
        ours(
            302,
            method="post",
            path=lambda world: f"/dashboard/callbacks/{world.callback.public_id}/replay",
        )
    ],
    "dashboard/callbacks/endpoints/<str:public_id>": [
        ours(
            302,
            method="post",
            path=lambda world: (
                f"/dashboard/callbacks/endpoints/{world.callback.endpoint.public_id}"
            ),
        )
    ],
    "dashboard/callbacks/replay": [members(302, method="post", body=lambda world: {"hours": "24"})],
    "dashboard/callbacks/test": [
        members(),
        members(302, method="post", body=lambda world: {"url": "https://93.184.215.14/hook"}),
    ],
    "dashboard/callbacks/secret": [members(), members(method="post")],
    "dashboard/keys": [members(), members(method="post", body=lambda world: {"name": "x"})],
    "dashboard/keys/<str:key_id>/revoke": [
        ours(path=lambda world: f"/dashboard/keys/{world.api_key.key_id}/revoke"),
        ours(
            302, method="post", path=lambda world: f"/dashboard/keys/{world.api_key.key_id}/revoke"
        ),
    ],
    "dashboard/organizations": [
        members(),
        ours(302, method="post", body=lambda world: {"organization": world.organization.public_id}),
    ],
    # Money. Charlie owns an organization of his own, Bob is a developer: he sees, and pays nothing.
    "dashboard/billing": [members()],
    "dashboard/billing/top-ups": [payers(), payers(method="post")],
    "dashboard/billing/top-ups/<str:public_id>": [
        Row(
            SIGN_IN,
            404,
            403,
            200,
            path=lambda world: f"/dashboard/billing/top-ups/{world.top_up.public_id}",
        )
    ],
    "dashboard/billing/top-ups/<str:public_id>/receipt": [
        Row(
            SIGN_IN,
            404,
            403,
            302,
            path=lambda world: f"/dashboard/billing/top-ups/{world.top_up.public_id}/receipt",
        )
    ],
    "dashboard/billing/paid": [payers(404)],
    "dashboard/billing/receipts": [payers()],
    "dashboard/billing/portal": [payers(404, method="post")],
    "dashboard/billing/warning": [payers(302), payers(method="post")],
    "dashboard/billing/promotion": [payers(302), payers(method="post")],
    "dashboard/billing/recharge": [payers(), payers(method="post")],
    "dashboard/billing/recharge/off": [payers(302, method="post")],
    "dashboard/billing/statement": [members()],
    "dashboard/billing/statement.csv": [members()],
    "dashboard/keys/<str:key_id>/budget": [
        ours(path=lambda world: f"/dashboard/keys/{world.api_key.key_id}/budget"),
        ours(
            302, method="post", path=lambda world: f"/dashboard/keys/{world.api_key.key_id}/budget"
        ),
    ],
    # The API.
    "api/generate/submit": [
        keyed(
            method="post",
            body=lambda world: {"model": "flux-kontext-pro", "input": {"prompt": "a fox"}},
        ),
        # An upload's address is unguessable and needs no key; whoever was given it may use it.
        keyed(method="post", body=submitted),
    ],
    "api/generate/status/<slug:task_id>": [
        Row(
            401,
            404,
            200,
            200,
            api=True,
            path=lambda world: f"/api/generate/status/{world.edit.public_id}",
        )
    ],
    "api/generate/cancel/<slug:task_id>": [
        # To those who may see it, that it has ended already.
        Row(
            401,
            404,
            409,
            409,
            api=True,
            method="post",
            path=lambda world: f"/api/generate/cancel/{world.edit.public_id}",
        )
    ],
    "api/generate/tasks": [
        keyed(),
        Row(
            401,
            404,
            200,
            200,
            api=True,
            path=lambda world: f"/api/generate/tasks?before={world.edit.public_id}",
        ),
    ],
    "api/user/balance": [keyed()],
    "api/billing/ledger": [keyed()],
    "api/billing/top-ups": [keyed()],
    # Stripe signs what it sends; nobody else is heard, signed in or not.
    "webhooks/stripe": [everybody(400, method="post")],
    # So do providers, each at an address that only it was told.
    "webhooks/providers/<slug:provider>/<slug:token>": [
        everybody(404, method="post", path=lambda world: "/webhooks/providers/sandbox/nonsense"),
        everybody(
            400,
            method="post",
            path=lambda world: (
                f"/webhooks/providers/sandbox/{factories.attempts_of(world.edit)[0].token}"
            ),
        ),
    ],
    "api/common/upload/base64": [keyed(method="post", body=lambda world: {"base64_data": PNG})],
    "api/common/upload/url": [
        keyed(method="post", body=lambda world: {"file_url": "https://example.com/x.png"})
    ],
    "api/common/upload/stream": [
        keyed(
            method="post",
            json=False,
            body=lambda world: {"file": SimpleUploadedFile("x.png", factories.png())},
        )
    ],
    "v1/catalog/models": [everybody(200)],
    "v1/catalog/models/<str:model_id>": [
        everybody(200, path=lambda world: "/v1/catalog/models/flux-kontext-pro")
    ],
    "api/schema": [everybody(200)],
    "api/docs": [everybody(200)],
    # Files are fetched without a key, by an address nobody can guess.
    "files/<path:name>": [
        everybody(200, path=lambda world: f"/files/{factories.asset_of(world.edit).file}"),
        everybody(200, path=lambda world: f"/files/{world.upload.file}"),
        everybody(404, path=lambda world: f"/files/{world.edit.image_file}"),
        everybody(404, path=lambda world: "/files/../manage.py"),
    ],
    # django-allauth.
    "accounts/login/": [Row(200, HOME, HOME, HOME)],
    "accounts/signup/": [Row(200, HOME, HOME, HOME)],
    "accounts/logout/": [Row(302, 200, 200, 200)],
    "accounts/inactive/": [everybody(200)],
    "accounts/reauthenticate/": [members()],
    "accounts/email/": [members()],
    "accounts/confirm-email/": [everybody(200)],
    "accounts/password/change/": [members()],
    "accounts/password/set/": [members(302)],
    "accounts/password/reset/": [everybody(200)],
    "accounts/password/reset/done/": [everybody(200)],
    "accounts/password/reset/key/done/": [everybody(200)],
    "accounts/login/code/confirm/": [Row(302, HOME, HOME, HOME)],
    "accounts/^confirm-email/(?P<key>[-:\\w]+)/$": [
        everybody(200, path=lambda world: "/accounts/confirm-email/nonsense/")
    ],
    "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": [
        everybody(200, path=lambda world: "/accounts/password/reset/key/1-nonsense/")
    ],
}


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
    headers = {"Authorization": f"Bearer {world.keys[who]}"} if who in world.keys else {}
    options = {"content_type": "application/json"} if row.method == "post" and row.json else {}
    # A key alone decides: no session of the same person helps or harms.
    return whole(getattr(Client(), row.method)(path, body, headers=headers, **options))


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
def test_each_of_the_four_gets_what_the_rows_say(world: World, who: str) -> None:
    wrong = []
    for route, rows in ROWS.items():
        for row in rows:
            answer = ask(world, row, route=route, who=who)
            expected = row.expected(who)
            same = told(answer) == expected or (expected == 302 and answer.status_code == 302)
            if not same:
                wrong.append((row.method, route, f"expected {expected}, got {told(answer)}"))
    assert wrong == []


def test_nothing_of_the_organization_is_in_any_answer_to_a_stranger(world: World) -> None:
    secrets = [
        world.edit.public_id,
        world.edit.prompt,
        world.api_key.key_id,
        world.callback.public_id,
        world.callback.endpoint.public_id,
        world.organization.public_id,
        "alice@example.com",
    ]
    for who in ("anonymous", "charlie"):
        for route, rows in ROWS.items():
            for row in rows:
                answer = ask(world, row, route=route, who=who)
                content = answer.getvalue()
                asked = (row.path(world) if row.path else "") + str(row.body(world))
                for secret in secrets:
                    if secret not in asked:
                        assert secret.encode() not in content, (who, route, secret)


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
    for route, matrix in ROWS.items():
        for row in matrix:
            path = row.path(world) if row.path else f"/{route}"
            # Signing out would make a stranger harmless for the rest of the test.
            for method in ("get", "post") if route != "accounts/logout/" else ():
                whole(getattr(world.browsers["charlie"], method)(path, {}))
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
