"""Headers: what a response tells a browser, and what it does not reveal.

Those of every address are checked on the walk that `tests/architecture/test_tenancy.py` takes.
"""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from tests.architecture.addresses.rows import World
from tests.architecture.test_tenancy import admin_paths, whole
from tests.conftest import Api
from tests.hardening.headers import faults_of, privacy_faults_of

pytestmark = pytest.mark.django_db


@pytest.mark.chaos
def test_every_admin_page_has_every_header(operator: Client, world: World) -> None:
    wrong = []
    for path in admin_paths():
        if path == "/admin/logout/":
            continue
        answer = whole(operator.get(path))
        found = [*faults_of(answer), *privacy_faults_of(answer, is_signed_in=True)]
        wrong += [(path, fault) for fault in found]
    assert wrong == []


@pytest.mark.parametrize("path", ["/nothing-here", "/api/nothing-here", "/admin/nothing-here/"])
def test_an_unknown_path_has_every_header(path: str) -> None:
    answer = Client().get(path)
    assert answer.status_code in (302, 404)
    assert list(faults_of(answer)) == []


def test_a_page_that_crashes_has_every_header_and_reveals_nothing(
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
