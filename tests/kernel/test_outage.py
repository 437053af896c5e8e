"""Database outage: pages that need no database still answer, and the others report it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from django.db import OperationalError, connection
from django.test import Client
from psycopg.errors import AdminShutdown, LockNotAvailable, QueryCanceled, UndefinedTable

from accounts.models import Organization, User
from generation.reporting import service_status
from tests.conftest import signed_in
from tests.reading import check
from vidgo.kernel.db import transactions


def caused_by(cause: psycopg.Error) -> OperationalError:
    """Return an error as Django wraps the driver's."""
    error = OperationalError(*cause.args)
    error.__cause__ = cause
    return error


def refuse(*_: object) -> None:
    raise caused_by(psycopg.OperationalError("connection refused at 10.0.0.7"))


@pytest.fixture
def browser(alice: User, organization: Organization, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A browser in which Alice is signed in, with no cached service status."""
    monkeypatch.setattr(service_status._Kept, "until", 0.0)
    client = signed_in(alice)
    client.raise_request_exception = False
    return client


@pytest.fixture
def outage(browser: Client) -> Iterator[None]:
    """Make the database refuse every statement."""
    with connection.execute_wrapper(refuse):
        yield


@pytest.mark.usefixtures("outage")
def test_the_status_page_reports_the_outage_to_a_signed_in_user(browser: Client) -> None:
    answer = browser.get("/status")
    assert answer.status_code == 503
    check(answer)
    assert "Database unavailable" in answer.content.decode()
    assert "Sign in" in answer.content.decode()


def test_old_measurements_are_not_displayed_during_an_outage(
    browser: Client,
) -> None:
    assert browser.get("/status").status_code == 200
    with connection.execute_wrapper(refuse):
        assert browser.get("/status").status_code == 503
        assert Client().get("/status").status_code == 200


@pytest.mark.usefixtures("outage")
def test_in_an_outage_one_request_queries_the_database_for_all(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Client().get("/status").status_code == 503
    monkeypatch.setattr(service_status, "measure", lambda: pytest.fail("it was measured again"))
    assert Client().get("/status").status_code == 503


@pytest.mark.usefixtures("outage")
def test_healthz_needs_no_session(browser: Client) -> None:
    answer = browser.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.usefixtures("outage")
def test_a_process_that_has_no_database_is_not_ready(browser: Client) -> None:
    answer = browser.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == "failing"


@pytest.mark.usefixtures("outage")
@pytest.mark.parametrize("path", ["/docs", "/docs/submit", "/robots.txt", "/llms.txt"])
def test_public_pages_still_answer(browser: Client, path: str) -> None:
    assert browser.get(path).status_code == 200


@pytest.mark.usefixtures("outage")
@pytest.mark.parametrize("path", ["/", "/pricing", "/dashboard", "/dashboard/jobs", "/admin/"])
def test_every_other_page_reports_the_outage(browser: Client, path: str) -> None:
    answer = browser.get(path)
    text = answer.content.decode()
    assert answer.status_code == 503
    assert "We cannot reach our database" in text
    assert 'href="/status"' in text
    assert "10.0.0.7" not in text
    assert answer.headers["X-Request-Id"] in text


def test_the_api_reports_it_in_its_envelope(browser: Client, api_key: str) -> None:
    with connection.execute_wrapper(refuse):
        answer = browser.get("/api/user/balance", headers={"Authorization": f"Bearer {api_key}"})
    assert answer.status_code == 503
    assert answer.json()["error"]["type"] == "service_error"
    assert answer.json()["error"]["retryable"] is True


@pytest.mark.parametrize(
    ("error", "is_outage"),
    [
        (caused_by(psycopg.OperationalError("connection refused")), True),
        (caused_by(AdminShutdown("terminating connection")), True),
        (caused_by(QueryCanceled("statement timeout")), True),
        (caused_by(LockNotAvailable("lock timeout")), True),
        (caused_by(UndefinedTable("no such table")), False),
        (ValueError("no matter of the database"), False),
        (None, False),
    ],
)
def test_a_database_that_is_away_or_too_slow_is_an_outage_and_a_bug_is_not(
    error: BaseException | None, is_outage: bool
) -> None:
    assert transactions.is_unavailable(error) is is_outage
