"""Leases and attempts: what a driver may write, and what it may not once it was taken over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Organization
from generation import attempts, jobs, leases
from generation.models import Attempt, Job
from generation.providers.base import FailureKind
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(organization: Organization) -> Job:
    """A job that the driver `a.1/x` has claimed."""
    factories.job(organization=organization)
    (job,) = jobs.claim(owner="a.1/x", limit=1)
    return job


@pytest.fixture
def newer(job: Job) -> Job:
    """The same job, taken over by the driver `b.1/y`."""
    Job.objects.update(leased_until=None)
    (newer,) = jobs.claim(owner="b.1/y", limit=1)
    return newer


def reload() -> Job:
    return Job.objects.get()


def test_renewing_prolongs_what_is_held_and_tells_what_is_not(
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
    assert not jobs.is_due()


def test_an_ended_job_is_no_longer_held(job: Job) -> None:
    jobs.fail(job=job, kind=FailureKind.MODERATED, message="no")
    assert leases.renew(owner="a.1/x", job_ids=[job.pk]) == set()
    assert leases.release(owner="a.1/x") == 0


def test_letting_go_frees_only_ones_own(job: Job) -> None:
    assert leases.release(owner="b.1/y") == 0
    assert leases.release(owner="a.1/x") == 1
    assert reload().leased_until is None
    assert reload().status == "running"


def test_voiding_frees_all_that_a_killed_cluster_held(job: Job) -> None:
    for stranger in ("a", "a.", "a.10", "%", "b.1"):
        assert leases.void(cluster=stranger) == 0
    assert leases.void(cluster="a.1") == 1
    assert leases.void(cluster="a.1") == 0
    assert jobs.is_due()


def test_progress_is_noted_by_the_driver_alone(job: Job, newer: Job) -> None:
    leases.note_progress(job=newer, progress=40)
    leases.note_progress(job=job, progress=80)
    assert reload().progress == 40


@pytest.mark.parametrize(("told", "shown"), [(-5, 0), (0, 0), (57, 57), (99, 99), (400, 99)])
def test_an_unfinished_job_is_never_at_a_hundred_percent(job: Job, told: int, shown: int) -> None:
    leases.note_progress(job=job, progress=told)
    assert reload().progress == shown


def test_a_driver_that_was_taken_over_opens_no_attempt(job: Job, newer: Job) -> None:
    with pytest.raises(attempts.LeaseLost), transaction.atomic():
        attempts.open_one(job=job, provider="sandbox")
    assert not Attempt.objects.exists()
    with transaction.atomic():
        assert attempts.open_one(job=newer, provider="sandbox").number == 1


def test_a_driver_that_was_taken_over_stores_no_reference(job: Job) -> None:
    with transaction.atomic():
        attempt = attempts.open_one(job=job, provider="sandbox")
    Job.objects.update(leased_until=None)
    (newer,) = jobs.claim(owner="b.1/y", limit=1)
    with pytest.raises(attempts.LeaseLost):
        attempts.note_started(job=job, attempt=attempt, upstream_ref="old")
    attempts.note_started(job=newer, attempt=attempt, upstream_ref="new")
    with pytest.raises(attempts.LeaseLost):
        attempts.note_started(job=job, attempt=attempt, upstream_ref="old")
    assert Attempt.objects.get().upstream_ref == "new"


def test_an_ended_job_gets_no_further_attempt(job: Job) -> None:
    jobs.fail(job=job, kind=FailureKind.MODERATED, message="no")
    with pytest.raises(attempts.LeaseLost), transaction.atomic():
        attempts.open_one(job=job, provider="sandbox")


def test_attempts_are_numbered_and_counted_by_provider(job: Job) -> None:
    assert attempts.find_open(job=job) is None
    for provider, kind in (
        ("first", FailureKind.UNAVAILABLE),
        ("first", FailureKind.THROTTLED),
        ("second", FailureKind.NO_CREDIT),
        ("first", FailureKind.OUTCOME_UNKNOWN),
    ):
        with transaction.atomic():
            opened = attempts.open_one(job=job, provider=provider)
            assert attempts.find_open(job=job) == opened
            attempts.close(job=job, kind=kind, message="no")
    assert [attempt.number for attempt in factories.attempts_of(job)] == [1, 2, 3, 4]
    assert attempts.count_ended(job=job) == {"first": 2, "second": 1}


def test_the_database_keeps_a_job_from_having_two_open_attempts(job: Job) -> None:
    with transaction.atomic():
        attempts.open_one(job=job, provider="sandbox")
    with pytest.raises(IntegrityError, match="job_has_one_open_attempt"), transaction.atomic():
        attempts.open_one(job=job, provider="sandbox")
