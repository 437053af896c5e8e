"""The health checks for load balancers and supervisors."""

from __future__ import annotations

import pytest
from django.core.files.storage import default_storage
from django.db import OperationalError
from django.test import Client

from vidgo.kernel.ops import readiness


def test_alive_needs_no_database() -> None:
    # Without the db fixture any query is an error.
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.django_db
def test_ready_names_each_check() -> None:
    answer = Client().get("/readyz")
    assert answer.json() == {
        "status": "ok",
        "checks": {"database": "ok", "migrations": "ok"},
    }
    assert answer.status_code == 200


def _fail() -> None:
    raise OperationalError("the password is hunter2")


@pytest.mark.django_db
@pytest.mark.parametrize("name", readiness.CHECKS)
def test_a_failed_check_is_reported_by_name_and_without_details(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(readiness.CHECKS, name, _fail)
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    body = answer.json()
    assert body["status"] == "failing"
    assert [check for check, state in body["checks"].items() if state == "failing"] == [name]
    assert "hunter2" not in answer.content.decode()


@pytest.mark.django_db
def test_an_unapplied_migration_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        readiness.MigrationExecutor,
        "migration_plan",
        lambda self, targets: [("a migration", False)],
    )
    assert Client().get("/readyz").json()["checks"]["migrations"] == "failing"


@pytest.mark.django_db
def test_without_the_storage_it_still_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(default_storage, "save", full)
    assert Client().get("/readyz").status_code == 200


@pytest.mark.django_db
def test_frequent_requests_do_not_run_the_checks_more_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    monkeypatch.setattr(readiness, "KEPT_SECONDS", 60.0)
    monkeypatch.setitem(readiness.CHECKS, "database", lambda: asked.append(1))
    for _ in range(5):
        assert Client().get("/readyz").status_code == 200
    assert len(asked) == 1
