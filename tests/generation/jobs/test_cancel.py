"""Cancellation: at once while a job is queued, with the provider's consent while it runs."""

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
    """Install a scripted provider as the only one."""
    provider = Scripted()
    install(monkeypatch, provider)
    return provider


def running(organization: Organization) -> Job:
    """Return a job that a provider has started."""
    job = factories.running(organization=organization)
    (attempt,) = factories.attempts_of(job)
    attempts.note_started(job=job, attempt=attempt, upstream_ref="ref-1")
    return job


def cancel(api: Api, job: Job) -> Any:
    return api.post(f"/api/generate/cancel/{job.public_id}")


def is_refunded(job: Job) -> bool:
    """Return whether all the job's credits are back and the ledger checks pass."""
    entries = LedgerEntry.objects.filter(reference=job.public_id)
    return sum(entry.amount_credits for entry in entries) == 0 and ledger_checks.check() == []


@pytest.mark.django_db
def test_a_queued_job_ends_at_once_and_its_credits_are_refunded(
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
    assert is_refunded(job)
    assert provider.cancelled == []


@pytest.mark.django_db
def test_canceling_twice_refunds_once(api: Api, organization: Organization) -> None:
    job = factories.job(organization=organization)
    first, second = cancel(api, job), cancel(api, job)
    assert (second.status_code, second.json()) == (200, first.json())
    assert LedgerEntry.objects.filter(kind="refund").count() == 1


@pytest.mark.django_db
def test_a_running_job_ends_once_its_provider_has_stopped(
    api: Api, organization: Organization, provider: Scripted
) -> None:
    job = running(organization)
    assert cancel(api, job).json()["data"]["status"] == "failed"
    assert provider.cancelled == ["ref-1"]
    (attempt,) = factories.attempts_of(job)
    assert attempt.failure_kind == FailureKind.CANCELED
    assert is_refunded(job)
    # Its driver can no longer change it.
    with pytest.raises(jobs.AlreadyDone):
        jobs.fail(job=job, kind=FailureKind.UNAVAILABLE, message="x")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Cancellation.TOO_LATE, "almost done"),
        (Cancellation.IMPOSSIBLE, "cannot be stopped"),
        (failure(FailureKind.UNAVAILABLE), "is not known whether"),
        (TimeoutError(), "is not known whether"),
    ],
)
def test_a_job_whose_provider_does_not_stop_goes_on(
    api: Api,
    organization: Organization,
    provider: Scripted,
    monkeypatch: pytest.MonkeyPatch,
    answer: Cancellation | Exception,
    message: str,
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
    assert message in refused(cancel(api, job), 409, "conflict_error")["message"]
    assert Job.objects.values().get() == before
    assert LedgerEntry.objects.filter(kind="refund").count() == 0


@pytest.mark.django_db
def test_a_job_that_is_being_handed_to_its_provider_goes_on(
    api: Api, organization: Organization, provider: Scripted
) -> None:
    job = factories.running(organization=organization)
    message = refused(cancel(api, job), 409, "conflict_error")["message"]
    assert "Try again" in message
    assert provider.cancelled == []


@pytest.mark.django_db
@pytest.mark.parametrize("ended", [factories.finished, factories.failed])
def test_an_ended_job_cannot_be_canceled(
    api: Api, organization: Organization, ended: Callable[..., Job]
) -> None:
    job = ended(organization=organization)
    before = Job.objects.values().get()
    assert "already ended" in refused(cancel(api, job), 409, "conflict_error")["message"]
    assert Job.objects.values().get() == before


@pytest.mark.django_db
def test_another_organizations_job_is_answered_as_an_unknown_one(
    api: Api, other_organization: Organization
) -> None:
    foreign = factories.job(organization=other_organization)
    first = refused(cancel(api, foreign), 404, "resource_not_found_error")
    second = refused(cancel(api, Job(public_id="task_1")), 404, "resource_not_found_error")
    assert first["message"] == second["message"]
    assert Job.objects.get().status == "queued"


@pytest.mark.django_db
def test_a_job_that_finishes_first_stays_finished(
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
def test_a_job_claimed_in_the_meantime_is_stopped_at_its_provider(
    organization: Organization, provider: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A queued job that a driver claims at this moment is not ended behind the driver's back."""
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


@pytest.mark.django_db
def test_a_job_canceled_in_the_meantime_is_answered_like_the_first_cancel(
    organization: Organization, provider: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second cancel reads the job as running, and then finds its attempt closed."""
    job = running(organization)
    stale = Job.objects.select_related("asset").get(pk=job.pk)
    cancellation.cancel(organization=organization, public_id=job.public_id)
    answers = [stale]
    get_job = jobs.get_job
    monkeypatch.setattr(
        jobs, "get_job", lambda **asked: answers.pop() if answers else get_job(**asked)
    )
    ended = cancellation.cancel(organization=organization, public_id=job.public_id)
    assert ended.failure_kind == FailureKind.CANCELED
    assert provider.cancelled == ["ref-1"]
    assert is_refunded(job)


@pytest.mark.django_db(transaction=True)
def test_many_concurrent_cancels_get_one_answer_and_one_refund(
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
    assert is_refunded(job)


# The page ----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_member_can_cancel_on_the_page_of_a_job(
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
def test_the_page_says_why_a_job_was_not_canceled(
    bob_client: Client, organization: Organization
) -> None:
    job = factories.finished(organization=organization)
    response: Any = bob_client.post(f"/dashboard/jobs/{job.public_id}/cancel", follow=True)
    assert "This task has already ended." in response.content.decode()
