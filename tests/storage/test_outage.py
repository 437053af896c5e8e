"""A storage outage while images are made: no image is lost, bought twice or charged in vain."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Organization
from billing import ledger_checks
from billing.models import LedgerEntry
from generation.engine import driver, job_loop
from generation.models import Asset, Job
from generation.providers.base import Pending
from generation.storage import files
from tests import factories
from tests.generation.scripted import Scripted, ready
from tests.object_storage import ObjectStorage

pytestmark = pytest.mark.django_db(transaction=True)

DriveToEnd = Callable[..., Job]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "STORAGE_SECONDS", 0.05)


def entries_of(job: Job) -> list[str]:
    found = LedgerEntry.objects.filter(reference=job.public_id).order_by("id")
    return list(found.values_list("kind", flat=True))


def failures_of(job: Job) -> list[str]:
    return [each.failure_kind for each in factories.attempts_of(job)]


def edit_of(organization: Organization) -> Job:
    url = files.url_of(factories.upload(organization=organization).file)
    return factories.job(organization=organization, model="flux-kontext-pro-edit", image_urls=[url])


def test_a_result_waits_for_the_storage_and_is_not_bought_again(
    organization: Organization,
    bucket: ObjectStorage,
    scripted: Scripted,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = factories.job(organization=organization)
    failed: list[str] = []
    save = files.save

    def back_after_two(**values: object) -> str:
        try:
            return save(**values)  # type: ignore[arg-type]
        except files.StorageAway:
            failed.append("away")
            if len(failed) == 2:
                bucket.start()
            raise

    monkeypatch.setattr(files, "save", back_after_two)
    bucket.stop()
    assert job_loop.drive() == 1
    job.refresh_from_db()
    assert (job.status, len(failed)) == ("finished", 2)
    # Bought once and fetched once: the bytes were kept in memory.
    assert (len(scripted.started), len(scripted.polled)) == (1, 1)
    assert failures_of(job) == [""]
    assert entries_of(job) == ["charge"]
    assert bucket.list_files() == [Asset.objects.get().file]
    assert ledger_checks.check() == []


def test_a_work_cycle_that_ends_releases_the_job_and_a_later_one_fetches_the_result_again(
    organization: Organization,
    bucket: ObjectStorage,
    scripted: Scripted,
    quick: Settings,
    drive_to_end: DriveToEnd,
) -> None:
    job = factories.job(organization=organization)
    bucket.stop()
    quick.WORK_CYCLE_SECONDS = 0.3
    job_loop.drive()
    job.refresh_from_db()
    assert job.status == "running"
    assert job.leased_until is None or job.leased_until <= timezone.now()
    bucket.start()
    quick.WORK_CYCLE_SECONDS = 5
    assert drive_to_end(job).status == "finished"
    assert len(scripted.started) == 1
    assert scripted.polled == ["ref-1", "ref-1"]
    assert failures_of(job) == [""]
    assert entries_of(job) == ["charge"]


def test_a_job_whose_deadline_passes_is_refunded(
    organization: Organization, bucket: ObjectStorage, scripted: Scripted
) -> None:
    job = factories.job(organization=organization)
    Job.objects.update(deadline_at=timezone.now() + timedelta(seconds=1))
    bucket.stop()
    job_loop.drive()
    job.refresh_from_db()
    assert (job.status, job.failure_kind) == ("failed", "expired")
    assert entries_of(job) == ["charge", "refund"]
    assert ledger_checks.check() == []


def test_nothing_is_bought_while_results_cannot_be_stored(
    organization: Organization,
    bucket: ObjectStorage,
    scripted: Scripted,
    quick: Settings,
    drive_to_end: DriveToEnd,
) -> None:
    jobs = [factories.job(organization=organization)]
    bucket.stop()
    quick.WORK_CYCLE_SECONDS = 0.3
    job_loop.drive()
    jobs += [factories.job(organization=organization) for _ in range(5)]
    job_loop.drive()
    assert len(scripted.started) == 1
    bucket.start()
    quick.WORK_CYCLE_SECONDS = 5
    assert {drive_to_end(job).status for job in jobs} == {"finished"}
    assert len(scripted.started) == 6


def test_an_edit_whose_image_cannot_be_read_is_started_once_it_can(
    organization: Organization,
    bucket: ObjectStorage,
    scripted: Scripted,
    quick: Settings,
    drive_to_end: DriveToEnd,
) -> None:
    job = edit_of(organization)
    bucket.stop()
    quick.WORK_CYCLE_SECONDS = 0.3
    job_loop.drive()
    assert scripted.started == []
    # The provider was not called, so there is nothing to wait for.
    assert failures_of(job) == ["throttled"]
    bucket.start()
    quick.WORK_CYCLE_SECONDS = 5
    assert drive_to_end(job).status == "finished"
    assert len(scripted.started) == 1
    assert failures_of(job) == ["throttled", ""]


def test_an_edit_that_runs_upstream_keeps_its_attempt_when_its_image_cannot_be_read(
    organization: Organization,
    bucket: ObjectStorage,
    scripted: Scripted,
    quick: Settings,
    drive_to_end: DriveToEnd,
) -> None:
    job = edit_of(organization)
    scripted.answers = [Pending(), ready()]
    scripted.during_start = bucket.stop
    quick.WORK_CYCLE_SECONDS = 0.3
    job_loop.drive()
    job_loop.drive()
    scripted.during_start = None
    bucket.start()
    quick.WORK_CYCLE_SECONDS = 5
    assert drive_to_end(job).status == "finished"
    assert len(scripted.started) == 1
    assert failures_of(job) == [""]
