"""Headers: what every answer of every address tells a browser, and what it tells nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client
from pytest_django import Settings

from tests.architecture.addresses import ROWS
from tests.architecture.addresses.rows import World
from tests.architecture.test_tenancy import admin_paths, ask, whole
from tests.conftest import Api

pytestmark = pytest.mark.django_db

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# A customer's image may be shown anywhere, and opened by itself it may do nothing.
FILE_POLICY = "default-src 'none'; sandbox"
TELLTALES = {"Server", "X-Powered-By", "X-Runtime", "X-Django-Version"}


def policy_of(answer: Any) -> dict[str, set[str]]:
    """Return the directives of an answer's Content-Security-Policy."""
    parts = (part.split() for part in answer.headers["Content-Security-Policy"].split(";"))
    return {name: set(values) for name, *values in parts}


def is_file(answer: Any) -> bool:
    """Tell whether an answer is a customer's image, which has a policy of its own."""
    return str(answer.headers["Content-Type"]).startswith("image/")


def faults_of(answer: Any) -> Iterator[str]:
    """Yield what is wrong with the headers of an answer, in words."""
    for name, value in ALWAYS.items():
        if answer.headers.get(name) != value:
            yield f"{name} is {answer.headers.get(name)}"
    for name in TELLTALES & set(answer.headers):
        yield f"{name} tells {answer.headers[name]}"
    if is_file(answer):
        if answer.headers["Content-Security-Policy"] != FILE_POLICY:
            yield "a file without its sandbox"
        return
    policy = policy_of(answer)
    for name in ("default-src", "frame-ancestors", "base-uri"):
        if policy.get(name) != {"'none'"}:
            yield f"{name} is {policy.get(name)}"
    for name in ("script-src", "style-src"):
        if policy.get(name) != {"'self'"}:
            yield f"{name} is {policy.get(name)}"
    if "object-src" in policy or "unsafe" in answer.headers["Content-Security-Policy"]:
        yield "the policy is wider than it was"


def privacy_faults_of(answer: Any, *, is_signed_in: bool) -> Iterator[str]:
    """Yield what would let an answer be kept by somebody whom it is not meant for."""
    kept = answer.headers.get("Cache-Control", "")
    depends = "Cookie" in answer.headers.get("Vary", "")
    if "public" in kept and (answer.cookies or depends):
        yield "for everybody, and yet it depends on who asks"
    # One's own image may lie in one's own browser; pages may not.
    wanted = {"private"} if is_file(answer) else {"private", "no-store"}
    if is_signed_in and depends and not wanted <= set(re.split(r",\s*", kept)):
        yield f"made for somebody, and kept: {kept or 'no Cache-Control'}"


@pytest.mark.parametrize(
    # The walk takes seconds, so the everyday run takes it once.
    "who",
    [pytest.param("anonymous", marks=pytest.mark.chaos), "alice"],
)
def test_every_address_answers_with_every_header(world: World, who: str) -> None:
    wrong = []
    for route, rows in ROWS.items():
        for row in rows:
            answer = ask(world, row, route=route, who=who)
            found = [
                *faults_of(answer),
                *privacy_faults_of(answer, is_signed_in=who == "alice"),
            ]
            if row.api and "no-store" not in answer.headers.get("Cache-Control", ""):
                found.append("what a key opens may be kept")
            wrong += [(row.method, route, fault) for fault in found]
    assert wrong == []
    # Nobody signed her out on the way, or the half behind that would have been a stranger's.
    assert SESSION_KEY in world.browsers["alice"].session


@pytest.mark.chaos
def test_every_page_of_the_desk_answers_with_every_header(operator: Client, world: World) -> None:
    wrong = []
    for path in admin_paths():
        if path == "/admin/logout/":
            continue
        answer = whole(operator.get(path))
        found = [*faults_of(answer), *privacy_faults_of(answer, is_signed_in=True)]
        wrong += [(path, fault) for fault in found]
    assert wrong == []


@pytest.mark.parametrize("path", ["/nothing-here", "/api/nothing-here", "/admin/nothing-here/"])
def test_an_address_that_is_not_there_answers_with_every_header(path: str) -> None:
    answer = Client().get(path)
    assert answer.status_code in (302, 404)
    assert list(faults_of(answer)) == []


def test_a_page_that_crashes_answers_with_every_header_and_tells_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("a word of ours, with password=hunter2")

    monkeypatch.setattr("billing.api.BalanceView.get", crash)
    api.client.raise_request_exception = False
    answer = api.get("/api/user/balance")
    assert answer.status_code == 500
    assert list(faults_of(answer)) == []
    for word in (b"hunter2", b"RuntimeError", b"Traceback", b"/billing/"):
        assert word not in answer.content


def test_no_other_site_may_read_the_api_from_a_browser(api: Api) -> None:
    answer = api.get("/api/user/balance", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("Access-Control")]


def test_a_foreign_host_name_is_refused(client: Client, settings: Settings) -> None:
    """Links in e-mails are built from a setting, and no page under a name that is not ours."""
    settings.ALLOWED_HOSTS = ["vidgo.example"]
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert client.get("/", headers={"Host": "vidgo.example"}).status_code == 200
