"""Cancellation: at once while a job waits, with the provider's word while it runs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import Organization
from billing import ledger_checks, wallets
from billing.models import LedgerEntry
from generation import jobs
from generation.jobs import attempts
from generation.jobs import cancel as cancellation
from generation.models import Job
from generation.providers.base import Cancellation, FailureKind
from tests import factories
from tests.conftest import Api
from tests.generation.api.conftest import refused
from tests.generation.scripted import Scripted, failure, install

SUBMIT = "/api/generate/submit"


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """The only provider, which does what the test says."""
    provider = Scripted()
    install(monkeypatch, provider)
    return provider


def running(organization: Organization) -> Job:
    """Return a job that a provider has taken."""
    job = factories.running(organization=organization)
    (attempt,) = factories.attempts_of(job)
    attempts.note_started(job=job, attempt=attempt, upstream_ref="ref-1")
    return job


def cancel(api: Api, job: Job) -> Any:
    return api.post(f"/api/generate/cancel/{job.public_id}")


def is_whole(job: Job) -> bool:
    """Return whether all the job's credits are back and the books are clean."""
    entries = LedgerEntry.objects.filter(reference=job.public_id)
    return sum(entry.amount_credits for entry in entries) == 0 and ledger_checks.check() == []


@pytest.mark.django_db
def test_a_waiting_job_ends_at_once_and_its_credits_come_back(
    api: Api, organization: Organization, provider: Scripted
) -> None:
    job = factories.job(organization=organization)
    response = cancel(api, job)
    assert response.status_code == 200
    data = response.json()["data"]
    assert (data["task_id"], data["status"]) == (job.public_id, "failed")
    assert (data["error_message"], data["credits_amount"]) == ("The task was canceled.", 0)
    assert data["files"] == []
    assert Job.objects.get().failure_kind == FailureKind.CANCELED
    assert wallets.balance_of(organization=organization).balance_credits == 10
    assert is_whole(job)
    assert provider.cancelled == []


@pytest.mark.django_db
def test_canceling_twice_is_answered_twice_and_refunded_once(
    api: Api, organization: Organization
) -> None:
    job = factories.job(organization=organization)
    first, second = cancel(api, job), cancel(api, job)
    assert (second.status_code, second.json()) == (200, first.json())
    assert LedgerEntry.objects.filter(kind="refund").count() == 1


@pytest.mark.django_db
def test_a_running_job_ends_when_its_provider_has_stopped(
    api: Api, organization: Organization, provider: Scripted
) -> None:
    job = running(organization)
    assert cancel(api, job).json()["data"]["status"] == "failed"
    assert provider.cancelled == ["ref-1"]
    (attempt,) = factories.attempts_of(job)
    assert attempt.failure_kind == FailureKind.CANCELED
    assert is_whole(job)
    # Its driver finds it gone.
    with pytest.raises(jobs.AlreadyDone):
        jobs.fail(job=job, kind=FailureKind.UNAVAILABLE, message="x")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Cancellation.TOO_LATE, "almost done"),
        (Cancellation.IMPOSSIBLE, "cannot be stopped"),
        (failure(FailureKind.UNAVAILABLE), "could not be found out"),
        (TimeoutError(), "could not be found out"),
    ],
)
def test_a_job_whose_provider_does_not_stop_goes_on(
    api: Api,
    organization: Organization,
    provider: Scripted,
    monkeypatch: pytest.MonkeyPatch,
    answer: Cancellation | Exception,
    sentence: str,
) -> None:
    async def say(upstream_ref: str) -> Cancellation:
        if isinstance(answer, TimeoutError):
            await asyncio.sleep(30)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(provider, "cancel", say)
    monkeypatch.setattr(cancellation, "PATIENCE_SECONDS", 0.05)
    job = running(organization)
    before = Job.objects.values().get()
    assert sentence in refused(cancel(api, job), 409, "conflict_error")["message"]
    assert Job.objects.values().get() == before
    assert LedgerEntry.objects.filter(kind="refund").count() == 0


@pytest.mark.django_db
def test_a_job_that_is_just_being_handed_over_goes_on(
    api: Api, organization: Organization, provider: Scripted
) -> None:
    job = factories.running(organization=organization)
    message = refused(cancel(api, job), 409, "conflict_error")["message"]
    assert "try again" in message
    assert provider.cancelled == []


@pytest.mark.django_db
@pytest.mark.parametrize("ended", [factories.finished, factories.failed])
def test_what_has_ended_cannot_be_canceled(
    api: Api, organization: Organization, ended: Callable[..., Job]
) -> None:
    job = ended(organization=organization)
    before = Job.objects.values().get()
    assert "already ended" in refused(cancel(api, job), 409, "conflict_error")["message"]
    assert Job.objects.values().get() == before


@pytest.mark.django_db
def test_a_foreign_and_an_unknown_job_are_the_same_404(
    api: Api, other_organization: Organization
) -> None:
    foreign = factories.job(organization=other_organization)
    first = refused(cancel(api, foreign), 404, "resource_not_found_error")
    second = refused(cancel(api, Job(public_id="task_1")), 404, "resource_not_found_error")
    assert first["message"] == second["message"]
    assert Job.objects.get().status == "queued"


@pytest.mark.django_db
def test_a_job_that_finishes_meanwhile_stays_finished(
    api: Api,
    organization: Organization,
    provider: Scripted,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = running(organization)
    fail = jobs.fail

    def late(**values: Any) -> None:
        Job.objects.filter(pk=job.pk).update(
            status="finished", progress=100, ended_at=job.created_at, leased_until=None
        )
        fail(**values)

    monkeypatch.setattr(jobs, "fail", late)
    assert "already ended" in refused(cancel(api, job), 409, "conflict_error")["message"]
    assert LedgerEntry.objects.filter(kind="refund").count() == 0


@pytest.mark.django_db
def test_a_job_taken_up_meanwhile_is_stopped_where_it_runs(
    organization: Organization, provider: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A waiting job that a driver claims at this moment is no longer ended over its head."""
    job = running(organization)
    stale = Job.objects.select_related("asset").get(pk=job.pk)
    stale.status = "queued"
    answers = [stale]
    get_job = jobs.get_job
    monkeypatch.setattr(
        jobs, "get_job", lambda **asked: answers.pop() if answers else get_job(**asked)
    )
    ended = cancellation.cancel(organization=organization, public_id=job.public_id)
    assert ended.failure_kind == FailureKind.CANCELED
    assert provider.cancelled == ["ref-1"]


@pytest.mark.django_db(transaction=True)
def test_of_many_who_cancel_one_ends_the_job_and_all_are_told(
    api_key: str, organization: Organization, provider: Scripted
) -> None:
    job = running(organization)
    threads = 8
    barrier = threading.Barrier(threads)

    def one(number: int) -> Any:
        try:
            barrier.wait(timeout=20)
            return cancel(Api(key=api_key, client=Client()), job)
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        answers = list(pool.map(one, range(threads)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert LedgerEntry.objects.filter(kind="refund").count() == 1
    assert is_whole(job)


# The page ----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_person_can_cancel_on_the_jobs_page(
    bob_client: Client, organization: Organization
) -> None:
    job = factories.job(organization=organization)
    page = f"/dashboard/jobs/{job.public_id}"
    assert f'action="{page}/cancel"' in bob_client.get(page).content.decode()
    response: Any = bob_client.post(f"{page}/cancel", follow=True)
    content = response.content.decode()
    assert "its credits were refunded" in content
    assert f"{page}/cancel" not in content
    again: Any = bob_client.post(f"{page}/cancel", follow=True)
    assert again.status_code == 200


@pytest.mark.django_db
def test_a_page_says_why_a_job_goes_on(bob_client: Client, organization: Organization) -> None:
    job = factories.finished(organization=organization)
    response: Any = bob_client.post(f"/dashboard/jobs/{job.public_id}/cancel", follow=True)
    assert "This task has already ended." in response.content.decode()
