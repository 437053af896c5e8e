"""Error reports: none without a DSN; with one, which error it was, and no private text."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
import structlog
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path
from pytest_django import Settings
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from accounts.models import User
from tests.running import ROOT
from vidgo.kernel.ops import error_reports, logs

PROMPT = "my secret invention in a glass box"
KEY = "vg_0123456789abcdef_SuperSecretPartOfTheKey"
MAIL = "alice@example.com"


class Kept(Transport):
    """A Sentry transport that keeps events in memory."""

    def __init__(self, options: dict[str, Any] | None = None) -> None:
        super().__init__(options)
        self.events: list[dict[str, Any]] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        event = envelope.get_event()
        assert event is not None
        self.events.append(dict(event))


@pytest.fixture
def sent(settings: Settings) -> Iterator[list[dict[str, Any]]]:
    """Report errors during a test; return what was sent."""
    settings.SENTRY_DSN = "https://public@sentry.example/1"
    transport = Kept()
    with sentry_sdk.isolation_scope():
        error_reports.start(transport=transport)
        structlog.contextvars.clear_contextvars()
        yield transport.events
        structlog.contextvars.clear_contextvars()
        sentry_sdk.get_global_scope().set_client(None)


def crash(request: HttpRequest, word: str) -> HttpResponse:
    """Fail with private text in the message."""
    local = f"{PROMPT} {KEY}"
    raise ValueError(local)


urlpatterns = [path("crash/<str:word>", crash)]
handler500 = "vidgo.kernel.web.error_pages.crashed"


def test_a_500_is_reported_with_its_place_and_without_private_text(
    sent: list[dict[str, Any]], transactional_db: None, alice: User
) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    with override_settings(ROOT_URLCONF=__name__):
        answer = client.post(
            f"/crash/{KEY}?mail={MAIL}",
            {"prompt": PROMPT},
            headers={"Authorization": f"Bearer {KEY}", "X-Request-Id": "request-of-alice"},
            REMOTE_ADDR="203.0.113.9",
        )
    assert answer.status_code == 500
    (event,) = sent
    (error,) = event["exception"]["values"]
    assert error["type"] == "ValueError"
    assert error["stacktrace"]["frames"][-1]["function"] == "crash"
    assert event["tags"]["request_id"] == "request-of-alice"
    text = json.dumps(event)
    for private in (PROMPT, "SuperSecret", MAIL, "203.0.113.9", "glass box", "/crash/"):
        assert private not in text


def test_an_alarm_is_reported_by_its_name_and_ids_alone(sent: list[dict[str, Any]]) -> None:
    logs.bind(organization="org_1", job="task_1")
    structlog.get_logger("generation.providers.circuit_breaker").error(
        "provider_paused", provider="bfl", reason=f"refused {PROMPT}", address=MAIL
    )
    (event,) = sent
    assert event["message"] == "provider_paused"
    assert event["level"] == "error"
    assert event["tags"] == {"job": "task_1", "organization": "org_1", "provider": "bfl"}
    assert PROMPT not in json.dumps(event)
    assert MAIL not in json.dumps(event)


def raised() -> ValueError:
    try:
        raise ValueError(PROMPT)
    except ValueError as error:
        return error


@pytest.mark.parametrize("way", ["exception", "exc_info"])
def test_a_logged_exception_is_reported_by_type_and_place(
    sent: list[dict[str, Any]], way: str
) -> None:
    log = structlog.get_logger("generation.engine.job_loop")
    if way == "exc_info":
        log.error("stripe_event_failed", exc_info=raised())
    else:
        try:
            raise raised()
        except ValueError:
            log.exception("job_crashed")
    (event,) = sent
    (error,) = event["exception"]["values"]
    assert error["type"] == "ValueError"
    assert "raised" in [frame["function"] for frame in error["stacktrace"]["frames"]]
    assert PROMPT not in json.dumps(event)


@pytest.mark.parametrize("words", [("could not send %s", PROMPT), (PROMPT,)])
def test_a_librarys_error_is_reported_by_its_logger_only(
    sent: list[dict[str, Any]], words: tuple[str, ...]
) -> None:
    logging.getLogger("some.library").error(*words)
    (event,) = sent
    assert event["logger"] == "some.library"
    assert PROMPT not in json.dumps(event)


def test_warnings_are_not_reported(sent: list[dict[str, Any]]) -> None:
    log = structlog.get_logger("generation.tasks")
    log.info("request")
    log.warning("jobs_expired", jobs=3)
    assert sent == []


@pytest.mark.system
def test_without_the_setting_the_sdk_is_not_imported() -> None:
    source = (
        "import django, sys; django.setup();"
        "print(any(name.startswith('sentry_sdk') for name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", source],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "vidgo.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"


def test_the_setting_without_the_package_says_what_to_install(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SENTRY_DSN = "https://public@sentry.example/1"
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    with pytest.raises(ImproperlyConfigured, match=r"pip install .vidgo\[sentry\]"):
        error_reports.start()
