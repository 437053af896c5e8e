"""Claims: fair between organizations, exact in their limits, each assigned to a provider."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Organization
from generation.engine import claims
from generation.jobs import attempts
from generation.models import Attempt, Job, ProviderState
from tests.generation.scripted import Scripted, install

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("maker")]


@pytest.fixture
def maker(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """Install the only provider of every model, with more slots than these tests fill."""
    provider = Scripted(name="maker")
    install(monkeypatch, provider)
    return provider


def waiting(organization: Organization, number: int) -> None:
    """Store many queued jobs at once, without charges."""
    deadline = timezone.now() + timedelta(hours=1)
    Job.objects.bulk_create(
        Job(
            organization=organization,
            model="flux-kontext-pro",
            prompt="a fox",
            size="1:1",
            output_format="png",
            seed=1,
            price_credits=10,
            deadline_at=deadline,
        )
        for _ in range(number)
    )


def test_a_claim_leases_the_oldest_first(organization: Organization, settings: Settings) -> None:
    settings.LEASE_SECONDS = 30
    waiting(organization, 3)
    oldest, second = claims.claim(owner="test", limit=2)
    assert oldest.pk < second.pk < Job.objects.get(status="queued").pk
    assert (oldest.status, oldest.fence, oldest.lease_owner) == ("running", 1, "test")
    assert oldest.leased_until is not None
    assert oldest.started_at is not None
    assert 25 < (oldest.leased_until - timezone.now()).total_seconds() <= 30
    assert [job.pk for job in claims.claim(owner="test", limit=10)] != [oldest.pk]
    assert claims.claim(owner="test", limit=10) == []


def test_an_organization_with_many_jobs_does_not_delay_others(
    organization: Organization, other_organization: Organization
) -> None:
    waiting(organization, 500)
    waiting(other_organization, 3)
    claimed = claims.claim(owner="test", limit=10)
    assert Counter(job.organization_id for job in claimed) == {
        organization.pk: 7,
        other_organization.pk: 3,
    }
    # An organization with few running jobs comes before one with many.
    waiting(other_organization, 5)
    claimed = claims.claim(owner="test", limit=4)
    assert Counter(job.organization_id for job in claimed) == {other_organization.pk: 4}


def test_an_organization_runs_no_more_at_once_than_its_limit(
    organization: Organization, other_organization: Organization, settings: Settings
) -> None:
    settings.ORGANIZATION_CONCURRENCY = 4
    organization.concurrency_limit = 2
    organization.save()
    waiting(organization, 10)
    waiting(other_organization, 10)
    claimed = claims.claim(owner="test", limit=100)
    assert Counter(job.organization_id for job in claimed) == {
        organization.pk: 2,
        other_organization.pk: 4,
    }
    assert claims.claim(owner="test", limit=100) == []
    Attempt.objects.filter(job=claimed[0]).update(ended_at=timezone.now())
    Job.objects.filter(pk=claimed[0].pk).update(status="queued", leased_until=None)
    assert [job.pk for job in claims.claim(owner="test", limit=100)] == [claimed[0].pk]


def test_jobs_that_others_left_come_before_queued_ones(organization: Organization) -> None:
    waiting(organization, 4)
    left, expired, held = claims.claim(owner="gone", limit=3)
    Job.objects.filter(pk=left.pk).update(leased_until=None)
    Job.objects.filter(pk=expired.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    claimed = claims.claim(owner="test", limit=2)
    assert [job.pk for job in claimed] == [left.pk, expired.pk]
    assert {job.fence for job in claimed} == {2}
    assert Job.objects.get(pk=held.pk).lease_owner == "gone"


def test_a_postponed_job_is_not_claimed_before_it_is_due(organization: Organization) -> None:
    waiting(organization, 1)
    Job.objects.update(due_at=timezone.now() + timedelta(seconds=30))
    assert claims.claim(owner="test", limit=1) == []
    assert not claims.is_due()
    Job.objects.update(due_at=timezone.now())
    assert claims.is_due()
    assert len(claims.claim(owner="test", limit=1)) == 1
    assert not claims.is_due()


def test_a_job_is_due_again_when_its_lease_runs_out_or_is_released(
    organization: Organization,
) -> None:
    waiting(organization, 1)
    claims.claim(owner="test", limit=1)
    assert not claims.is_due()
    Job.objects.update(leased_until=None)
    assert claims.is_due()
    Job.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert claims.is_due()


@pytest.mark.parametrize("number", [0, 300])
def test_a_claim_takes_few_queries_however_many_jobs_are_queued(
    organization: Organization, other_organization: Organization, number: int
) -> None:
    waiting(organization, number)
    waiting(other_organization, number)
    with CaptureQueriesContext(connection) as queries:
        claimed = claims.claim(owner="test", limit=50)
    assert len(claimed) == min(50, number)
    texts = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(texts) == (9 if number else 4)


@pytest.mark.django_db(transaction=True)
def test_limits_are_exact_when_all_workers_claim_at_once(
    organization: Organization, other_organization: Organization, settings: Settings
) -> None:
    settings.ORGANIZATION_CONCURRENCY = 20
    waiting(organization, 100)
    waiting(other_organization, 100)
    threads = 8
    together = threading.Barrier(threads)

    def claim(number: int) -> list[int]:
        try:
            together.wait(10)
            taken: list[int] = []
            for _ in range(4):
                taken += [job.pk for job in claims.claim(owner=f"driver {number}", limit=5)]
            return taken
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        claimed = [pk for taken in pool.map(claim, range(threads)) for pk in taken]
    assert len(claimed) == len(set(claimed)) == 40
    running = Counter(Job.objects.filter(status="running").values_list("organization", flat=True))
    assert running == {organization.pk: 20, other_organization.pk: 20}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("lock_of_the_other", "running"), [(1, 6), (claims.LOCK, 5)])
def test_the_lock_is_what_keeps_the_limit(
    organization: Organization,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    lock_of_the_other: int,
    running: int,
) -> None:
    """The first case is the control: with another lock, the other worker claims one too many."""
    settings.ORGANIZATION_CONCURRENCY = 5
    waiting(organization, 10)
    retried = Job.objects.earliest("id")
    Job.objects.filter(pk=retried.pk).update(due_at=timezone.now() + timedelta(hours=1))

    def claim() -> int:
        try:
            return len(claims.claim(owner="another", limit=5))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert len(claims.claim(owner="test", limit=5)) == 5
            # A retry falls due while the first claim is not yet committed.
            pool.submit(_make_due, retried).result(10)
            monkeypatch.setattr(claims, "LOCK", lock_of_the_other)
            other = pool.submit(claim)
            wait([other], timeout=0.5)
        other.result(10)
    assert Job.objects.filter(status="running").count() == running


def _make_due(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(due_at=timezone.now())
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_claim_skips_locked_jobs(organization: Organization) -> None:
    waiting(organization, 3)
    left, _ = claims.claim(owner="gone", limit=2)
    Job.objects.filter(pk=left.pk).update(leased_until=None)
    free = Job.objects.get(status="queued")

    def claim() -> list[int]:
        try:
            return [job.pk for job in claims.claim(owner="test", limit=5)]
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        Job.objects.select_for_update().get(pk=left.pk)
        assert pool.submit(claim).result(5) == [free.pk]


# Providers ---------------------------------------------------------------------------------------


def test_each_claimed_job_has_an_attempt_at_its_provider(
    organization: Organization,
) -> None:
    waiting(organization, 2)
    for job in claims.claim(owner="test", limit=2):
        attempt = job.open_attempt
        assert attempt is not None
        assert (attempt.provider, attempt.number, attempt.fence) == ("maker", 1, job.fence)
        assert (attempt.upstream_ref, attempt.upstream_size) == ("", "")
        assert len(attempt.token) == 32


def test_a_provider_gets_no_more_jobs_than_it_has_slots(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Scripted(name="first"), Scripted(name="second")
    first.concurrency, second.concurrency = 2, 3
    install(monkeypatch, first, second)
    waiting(organization, 10)
    claimed = claims.claim(owner="test", limit=100)
    assert Counter(job.open_attempt.provider for job in claimed if job.open_attempt) == {
        "first": 2,
        "second": 3,
    }
    assert claims.claim(owner="another", limit=100) == []
    with transaction.atomic():
        attempts.close(job=claimed[0])
    Job.objects.filter(pk=claimed[0].pk).update(
        status="finished", ended_at=timezone.now(), leased_until=None
    )
    (further,) = claims.claim(owner="another", limit=100)
    assert further.open_attempt is not None
    assert further.open_attempt.provider == "first"


@pytest.mark.parametrize("column", ["open_until", "paused_until", "throttled_until"])
def test_an_unavailable_provider_gets_no_jobs(
    organization: Organization, monkeypatch: pytest.MonkeyPatch, column: str
) -> None:
    install(monkeypatch, Scripted(name="first"), Scripted(name="second"))
    later = timezone.now() + timedelta(minutes=1)
    ProviderState.objects.create(name="first", **{column: later})
    waiting(organization, 3)
    claimed = claims.claim(owner="test", limit=100)
    assert {job.open_attempt.provider for job in claimed if job.open_attempt} == {"second"}
    ProviderState.objects.create(name="second", **{column: later})
    waiting(organization, 1)
    assert claims.claim(owner="test", limit=100) == []


@pytest.mark.parametrize("column", ["open_until", "paused_until"])
def test_a_provider_that_was_unavailable_is_probed_with_one_job(
    organization: Organization, column: str
) -> None:
    ProviderState.objects.create(name="maker", **{column: timezone.now()})
    waiting(organization, 5)
    assert len(claims.claim(owner="test", limit=100)) == 1
    assert claims.claim(owner="test", limit=100) == []


def test_a_provider_with_no_tries_left_is_passed_over(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, Scripted(name="first"), Scripted(name="second"))
    waiting(organization, 1)
    job = Job.objects.get()
    for number in range(1, attempts.TRIES_PER_PROVIDER + 1):
        Attempt.objects.create(
            job=job,
            number=number,
            provider="first",
            ended_at=timezone.now(),
            failure_kind="unavailable",
        )
    (claimed,) = claims.claim(owner="test", limit=1)
    assert claimed.open_attempt is not None
    assert (claimed.open_attempt.provider, claimed.open_attempt.number) == ("second", 4)


def test_a_job_whose_only_provider_is_busy_does_not_block_others(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Scripted(name="first"), Scripted(name="second")
    install(monkeypatch, first, second)
    first.concurrency = 0
    waiting(organization, 2)
    stuck = Job.objects.earliest("id")
    for number in range(1, attempts.TRIES_PER_PROVIDER + 1):
        Attempt.objects.create(
            job=stuck,
            number=number,
            provider="second",
            ended_at=timezone.now(),
            failure_kind="unavailable",
        )
    claimed = claims.claim(owner="test", limit=1)
    assert claimed == []
    assert [job.pk for job in claims.claim(owner="test", limit=1)] == [Job.objects.latest("id").pk]


def test_a_job_without_a_provider_left_is_claimed_to_be_failed(
    organization: Organization,
) -> None:
    waiting(organization, 1)
    for number in range(1, attempts.TRIES_PER_PROVIDER + 1):
        Attempt.objects.create(
            job=Job.objects.get(),
            number=number,
            provider="maker",
            ended_at=timezone.now(),
            failure_kind="unavailable",
        )
    (claimed,) = claims.claim(owner="test", limit=1)
    assert claimed.open_attempt is None


def test_a_size_the_provider_does_not_make_is_cropped_from_another(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, Scripted(name="fal"), fallback={"16:21": "3:4"})
    waiting(organization, 1)
    Job.objects.update(size="16:21")
    (claimed,) = claims.claim(owner="test", limit=1)
    assert claimed.open_attempt is not None
    assert claimed.open_attempt.upstream_size == "3:4"
