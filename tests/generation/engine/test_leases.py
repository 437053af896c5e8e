"""Leases and attempts: what a driver may write, and what it may not after it lost the job."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Organization
from generation import jobs
from generation.engine import claims, leases
from generation.jobs import attempts
from generation.models import Attempt, Job
from generation.providers.base import FailureKind
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(organization: Organization) -> Job:
    """Return a job that the driver `a.1/x` has claimed."""
    factories.job(organization=organization)
    (job,) = claims.claim(owner="a.1/x", limit=1)
    return job


@pytest.fixture
def newer(job: Job) -> Job:
    """Return the same job, taken over by the driver `b.1/y`."""
    Job.objects.update(leased_until=None)
    (newer,) = claims.claim(owner="b.1/y", limit=1)
    return newer


def reload() -> Job:
    return Job.objects.get()


def test_renewing_extends_held_leases_and_returns_their_jobs(
    job: Job, organization: Organization, settings: Settings
) -> None:
    Job.objects.update(leased_until=timezone.now() + timedelta(seconds=1))
    assert leases.renew(owner="a.1/x", job_ids=[job.pk, job.pk + 1]) == {job.pk}
    left = reload().leased_until
    assert left is not None
    assert (left - timezone.now()).total_seconds() > settings.LEASE_SECONDS - 5
    assert leases.renew(owner="b.1/y", job_ids=[job.pk]) == set()


def test_a_lease_that_ran_out_unnoticed_can_still_be_renewed(job: Job) -> None:
    Job.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert leases.renew(owner="a.1/x", job_ids=[job.pk]) == {job.pk}
    assert not claims.is_due()


def test_an_ended_job_is_no_longer_held(job: Job) -> None:
    jobs.fail(job=job, kind=FailureKind.MODERATED, message="no")
    assert leases.renew(owner="a.1/x", job_ids=[job.pk]) == set()
    assert leases.release(owner="a.1/x") == 0


def test_a_driver_releases_only_its_own_jobs(job: Job) -> None:
    assert leases.release(owner="b.1/y") == 0
    assert leases.release(owner="a.1/x") == 1
    assert reload().leased_until is None
    assert reload().status == "running"


def test_all_jobs_of_a_killed_cluster_are_released(job: Job) -> None:
    for stranger in ("a", "a.", "a.10", "%", "b.1"):
        assert leases.release_cluster(cluster=stranger) == 0
    assert leases.release_cluster(cluster="a.1") == 1
    assert leases.release_cluster(cluster="a.1") == 0
    assert claims.is_due()


def test_only_the_present_driver_stores_progress(job: Job, newer: Job) -> None:
    leases.note_progress(job=newer, progress=40)
    leases.note_progress(job=job, progress=80)
    assert reload().progress == 40


@pytest.mark.parametrize(("given", "stored"), [(-5, 0), (0, 0), (57, 57), (99, 99), (400, 99)])
def test_an_unfinished_job_is_never_at_a_hundred_percent(job: Job, given: int, stored: int) -> None:
    leases.note_progress(job=job, progress=given)
    assert reload().progress == stored


def test_a_driver_that_lost_its_job_stores_no_reference(job: Job) -> None:
    attempt = job.open_attempt
    assert attempt is not None
    Job.objects.update(leased_until=None)
    (newer,) = claims.claim(owner="b.1/y", limit=1)
    assert newer.open_attempt == attempt
    with pytest.raises(attempts.LeaseLost):
        attempts.note_started(job=job, attempt=attempt, upstream_ref="old")
    attempts.note_started(job=newer, attempt=attempt, upstream_ref="new")
    with pytest.raises(attempts.LeaseLost):
        attempts.note_started(job=job, attempt=attempt, upstream_ref="old")
    assert Attempt.objects.get().upstream_ref == "new"


def test_a_driver_of_an_ended_job_stores_nothing(job: Job) -> None:
    attempt = job.open_attempt
    assert attempt is not None
    jobs.fail(job=job, kind=FailureKind.MODERATED, message="no")
    with pytest.raises(attempts.LeaseLost):
        attempts.note_lost(job=job, attempt=attempt, since=timezone.now())


def test_attempts_are_numbered_and_only_faults_of_the_provider_count_as_tries(
    job: Job,
) -> None:
    for number, kind in enumerate(FailureKind, start=1):
        if number > 1:
            Attempt.objects.create(job=job, number=number, provider="second")
        with transaction.atomic():
            attempts.close(job=job, kind=kind, message="no")
    ended = attempts.list_ended(job_ids=[job.pk])[job.pk]
    assert [attempt.number for attempt in ended] == list(range(1, len(FailureKind) + 1))
    assert attempts.count_tries(ended) == {"sandbox": 1, "second": len(FailureKind) - 4}
    assert attempts.list_open(job_ids=[job.pk]) == {}


def test_the_database_keeps_a_job_from_having_two_open_attempts(job: Job) -> None:
    with pytest.raises(IntegrityError, match="job_has_one_open_attempt"), transaction.atomic():
        Attempt.objects.create(job=job, number=2, provider="sandbox")
