"""Long polling: an answer as soon as the job ends, for many requests at little cost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from django.db import connection
from django.test import Client, RequestFactory
from pytest_django import Settings
from rest_framework.request import Request

from accounts.models import Organization
from billing.models import Wallet
from generation import jobs
from generation.api import prefer_wait
from generation.jobs import long_polling
from generation.models import Job
from generation.providers.base import FailureKind
from tests import factories, running
from tests.conftest import Api

FOX = {"model": "flux-kontext-pro", "input": {"prompt": "a fox", "steps": 1}}

real = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def watcher(monkeypatch: pytest.MonkeyPatch) -> Iterator[long_polling.Watcher]:
    """Give each test its own watcher, which leaves no thread and no connection behind."""
    watcher = long_polling.Watcher()
    monkeypatch.setattr(long_polling, "watcher", watcher)
    yield watcher
    running.wait_for(lambda: watcher._thread is None, seconds=5, what="end of the watcher")
    for thread in threading.enumerate():
        if thread.name == "waiting":
            thread.join(5)


@pytest.fixture
def later() -> Iterator[Callable[..., Future[Any]]]:
    """Return a function that runs work in another thread, after some seconds."""
    with ThreadPoolExecutor(64) as pool:

        def later(work: Callable[..., Any], *arguments: Any, seconds: float = 0) -> Future[Any]:
            def do() -> Any:
                time.sleep(seconds)
                try:
                    return work(*arguments)
                finally:
                    connection.close()

            return pool.submit(do)

        yield later


def end(job: Job) -> None:
    jobs.fail(job=job, kind=FailureKind.MODERATED, message="No.", fenced=False)


def ask(api: Api, job: Job, prefer: str = "wait=10") -> tuple[Any, float]:
    """Ask for a status and return the answer, and how long it took in seconds."""
    began = time.monotonic()
    response = api.get(f"/api/generate/status/{job.public_id}", headers={"Prefer": prefer})
    assert response.status_code == 200
    return response, time.monotonic() - began


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("wait=10", 10),
        ("WAIT=10", 10),
        ("wait = 10", 10),
        ('wait="10"', 10),
        ("respond-async, wait=10", 10),
        ("wait=10; x=y", 10),
        ("wait=10, wait=20", 10),
        ("wait=31", 30),
        ("wait=999999999", 30),
        ("wait=0", None),
        ("wait=-1", None),
        ("wait=1.5", None),
        ("wait=9999999999999", None),
        ("wait=٣", None),
        ("wait", None),
        ("await=10", None),
        ("", None),
    ],
)
def test_the_preference_is_read_as_rfc_7240_says(header: str, seconds: int | None) -> None:
    request = Request(RequestFactory().get("/", headers={"Prefer": header}))
    assert prefer_wait.seconds_of(request) == seconds


@real
def test_the_answer_comes_as_soon_as_the_job_ends(
    api: Api, organization: Organization, later: Callable[..., Future[Any]]
) -> None:
    job = factories.job(organization=organization)
    ending = later(end, job, seconds=0.5)
    response, took = ask(api, job)
    ending.result()
    assert response.json()["data"]["status"] == "failed"
    assert response["Preference-Applied"] == "wait=10"
    assert not response.has_header("Retry-After")
    assert 0.4 < took < 8


@real
def test_after_the_wait_the_job_is_returned_as_it_is(api: Api, organization: Organization) -> None:
    job = factories.job(organization=organization)
    response, took = ask(api, job, "wait=1")
    assert response.json()["data"]["status"] == "not_started"
    assert response["Preference-Applied"] == "wait=1"
    assert response["Retry-After"] == "2"
    assert 1 <= took < 8


@real
def test_an_ended_job_is_returned_at_once(api: Api, organization: Organization) -> None:
    response, took = ask(api, factories.finished(organization=organization))
    assert response.json()["data"]["status"] == "finished"
    assert len(response.json()["data"]["files"]) == 1
    assert response["Preference-Applied"] == "wait=10"
    assert took < 8


@real
def test_a_submit_that_waits_is_answered_with_the_result(
    api: Api, wallet: Wallet, later: Callable[..., Future[Any]]
) -> None:
    def end_the_one() -> None:
        running.wait_for(Job.objects.exists, seconds=5, what="job")
        end(Job.objects.get())

    ending = later(end_the_one)
    response = api.post("/api/generate/submit", FOX, headers={"Prefer": "wait=10"})
    ending.result()
    data = response.json()["data"]
    assert response["Preference-Applied"] == "wait=10"
    assert (data["status"], data["error_message"], data["credits_amount"]) == ("failed", "No.", 0)
    assert data["warnings"] == ["Unknown field input.steps was ignored."]
    assert data["seed"] == Job.objects.get().seed


@real
def test_beyond_the_limit_no_request_waits(
    api: Api,
    organization: Organization,
    settings: Settings,
    watcher: long_polling.Watcher,
    later: Callable[..., Future[Any]],
) -> None:
    settings.WEB_WAITS = 1
    job = factories.job(organization=organization)
    first = later(ask, Api(key=api.key, client=Client()), job)
    running.wait_for(lambda: watcher.count() == 1, seconds=5, what="first waiting request")
    response, took = ask(api, job)
    assert not response.has_header("Preference-Applied")
    assert response["Retry-After"] == "2"
    assert took < 8
    end(job)
    assert first.result()[0]["Preference-Applied"] == "wait=10"
    assert watcher.count() == 0


@real
def test_many_wait_with_few_queries_and_no_connection(
    api: Api,
    organization: Organization,
    watcher: long_polling.Watcher,
    later: Callable[..., Future[Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waiters = 40
    made = [factories.job(organization=organization) for _ in range(4)]
    looks: list[int] = []
    look, wait = long_polling._ended_of, watcher.wait
    connections: list[object] = []

    def counted(job_ids: list[int]) -> list[int]:
        looks.append(len(job_ids))
        return look(job_ids)

    def unconnected(**asked: Any) -> bool:
        connections.append(connection.connection)
        return wait(**asked)

    monkeypatch.setattr(long_polling, "_ended_of", counted)
    monkeypatch.setattr(watcher, "wait", unconnected)
    answers = [
        later(ask, Api(key=api.key, client=Client()), made[number % 4]) for number in range(waiters)
    ]
    running.wait_for(lambda: watcher.count() == waiters, seconds=20, what="all waiting requests")
    looks.clear()
    began = time.monotonic()
    time.sleep(0.5)
    assert len(looks) <= (time.monotonic() - began) / long_polling.LOOK_SECONDS + 1
    assert set(looks) == {4}
    for job in made:
        end(job)
    for answer in answers:
        assert answer.result()[0].json()["data"]["status"] == "failed"
    assert connections == [None] * waiters


@real
def test_a_process_about_to_end_answers_all_waiting_requests(
    api: Api,
    organization: Organization,
    watcher: long_polling.Watcher,
    later: Callable[..., Future[Any]],
) -> None:
    job = factories.job(organization=organization)
    answer = later(ask, Api(key=api.key, client=Client()), job)
    running.wait_for(lambda: watcher.count() == 1, seconds=5, what="a waiting request")
    watcher.close()
    response, took = answer.result()
    assert response.json()["data"]["status"] == "not_started"
    assert took < 8
    assert not ask(api, job)[0].has_header("Preference-Applied")


@real
def test_a_lost_database_connection_is_replaced(
    api: Api,
    organization: Organization,
    later: Callable[..., Future[Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = factories.job(organization=organization)
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(pid) FROM pg_stat_activity")
        # Ours, and what other threads of this process keep from test to test.
        (kept,) = cursor.fetchone() or ([],)

    def cut_off() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() "
                "AND NOT pid = ANY(%s) AND query LIKE %s",
                [kept, '%"generation_job"."status" IN%'],
            )
            assert cursor.fetchall() != []
        end(job)

    cutting = later(cut_off, seconds=0.6)
    response, _ = ask(api, job)
    cutting.result()
    assert response.json()["data"]["status"] == "failed"


# In the real web server --------------------------------------------------------------------------


def master_of(address: str) -> psutil.Process:
    """Return the master process of the web server at an address."""
    port = address.rsplit(":", 1)[1]
    for process in psutil.Process().children(recursive=True):
        if "gunicorn" in process.cmdline() and process.environ().get("PORT") == port:
            return process
    raise AssertionError("no web server")


@pytest.mark.chaos
@real
def test_the_server_serves_others_while_many_wait_and_ends_without_a_lost_answer(
    api_key: str, organization: Organization, later: Callable[..., Future[Any]], tmp_path: Path
) -> None:
    """40 requests wait in a process with four connections; on SIGTERM all are answered."""
    job = factories.job(organization=organization)
    headers = {"Authorization": f"Bearer {api_key}"}
    settings = {
        "WEB_PROCESSES": "1",
        "WEB_THREADS": "3",
        "WEB_WAITS": "40",
        # How PostgreSQL tells its connections from other tests' and from autovacuum's.
        "PGAPPNAME": "waiting-web",
    }
    with running.web(log=tmp_path / "web.log", **settings) as address:

        def wait() -> requests.Response:
            return requests.get(
                f"{address}/api/generate/status/{job.public_id}",
                headers={**headers, "Prefer": "wait=30"},
                timeout=40,
            )

        answers = [later(wait) for _ in range(40)]
        time.sleep(2)
        for _ in range(10):
            began = time.monotonic()
            balance = requests.get(f"{address}/api/user/balance", headers=headers, timeout=5)
            assert balance.status_code == 200
            assert time.monotonic() - began < 4
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND application_name = %s",
                [settings["PGAPPNAME"]],
            )
            assert 1 <= (cursor.fetchone() or (0,))[0] <= 4
        master_of(address).terminate()
        for answer in answers:
            response = answer.result(timeout=10)
            assert response.status_code == 200
            assert response.headers["Preference-Applied"] == "wait=30"
