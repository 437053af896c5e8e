"""The job loop: work cycles on real threads and transactions, with a scripted provider."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connections, transaction
from django.utils import timezone
from django_q.models import OrmQ
from psycopg.errors import LockNotAvailable
from pytest_django import Settings

from accounts.models import Organization
from billing import ledger_checks, wallets
from billing.models import LedgerEntry
from generation import jobs
from generation.engine import claims, driver, failures, job_loop
from generation.jobs import attempts
from generation.models import Asset, Job
from generation.providers.base import FailureKind, Pending
from tests import factories
from tests.generation.conftest import files_in
from tests.generation.scripted import Scripted, failure, ready
from vidgo.kernel import queue
from vidgo.kernel.queue import cluster

pytestmark = pytest.mark.django_db(transaction=True)

DriveToEnd = Callable[..., Job]


def balance(organization: Organization) -> int:
    return wallets.balance_of(organization=organization).balance_credits


def refunds_of(job: Job) -> int:
    return LedgerEntry.objects.filter(kind="refund", reference=job.public_id).count()


def take_over(job: Job) -> Job:
    """Claim the job as another driver after its lease ran out."""
    # In one transaction, because the first driver would renew its lease or claim the job again.
    with transaction.atomic():
        Job.objects.filter(pk=job.pk).update(leased_until=timezone.now() - timedelta(days=1))
        (taken,) = claims.claim(owner="another", limit=1)
    assert taken.pk == job.pk
    return taken


def reload(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


# Work cycles -------------------------------------------------------------------------------------


def test_an_unfinished_job_is_resumed_and_never_started_again(
    organization: Organization, scripted: Scripted, quick: Settings
) -> None:
    quick.WORK_CYCLE_SECONDS = 0.2
    scripted.answers = [Pending(progress=40)]
    job = factories.job(organization=organization)
    OrmQ.objects.all().delete()
    job_loop.drive()
    now = reload(job)
    assert (now.status, now.leased_until, now.progress) == ("running", None, 40)
    assert OrmQ.objects.count() == 1, "releasing a job sends a wake-up"
    assert factories.attempts_of(job)[0].upstream_ref == "ref-1"
    scripted.answers = [ready()]
    job_loop.drive()
    assert reload(job).status == "finished"
    assert len(scripted.started) == 1
    assert set(scripted.polled) == {"ref-1"}
    assert len(factories.attempts_of(job)) == 1
    assert (now.fence, reload(job).fence) == (1, 2)


def test_a_job_claimed_too_late_in_a_cycle_is_requeued_and_costs_no_try(
    organization: Organization, scripted: Scripted, drive_to_end: DriveToEnd
) -> None:
    """An open attempt without a reference would look like a start with an unknown outcome."""
    job = factories.job(organization=organization)
    (claimed,) = claims.claim(owner="test", limit=1)

    async def drive() -> None:
        draining = asyncio.Event()
        draining.set()
        await driver.drive(job=claimed, draining=draining)

    with pytest.raises(driver.Released):
        asyncio.run(drive())
    assert scripted.started == []
    ended = attempts.list_ended(job_ids=[job.pk])[job.pk]
    assert attempts.count_tries(ended) == {}
    assert drive_to_end(job).status == "finished"


def test_a_work_cycle_without_jobs_ends_at_once_and_sends_no_wake_up(
    organization: Organization, scripted: Scripted
) -> None:
    began = time.monotonic()
    assert job_loop.drive() == 0
    assert time.monotonic() - began < 5
    assert not OrmQ.objects.exists()


def test_jobs_submitted_during_a_work_cycle_are_driven_in_it(
    organization: Organization, scripted: Scripted
) -> None:
    first = factories.job(organization=organization)
    late: list[Job] = []
    arrived = threading.Event()

    def arrive() -> None:
        if not arrived.is_set():
            arrived.set()
            late.append(factories.job(organization=organization))
            _close_own_connections()

    scripted.during_poll = arrive
    scripted.answers = [Pending(), Pending(), Pending(), Pending(), Pending(), Pending(), ready()]
    assert job_loop.drive() == 2
    assert {reload(first).status, reload(late[0]).status} == {"finished"}


def test_a_stopping_cluster_ends_its_work_cycles_early_and_releases_jobs(
    organization: Organization,
    scripted: Scripted,
    quick: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quick.WORK_CYCLE_SECONDS = 30
    heartbeat = cluster.Heartbeat()
    monkeypatch.setattr(queue, "heartbeat", heartbeat)
    scripted.answers = [Pending()]
    scripted.during_poll = heartbeat.stop
    job = factories.job(organization=organization)
    began = time.monotonic()
    job_loop.drive()
    assert time.monotonic() - began < 10
    assert (reload(job).status, reload(job).leased_until) == ("running", None)
    assert job_loop.drive() == 0, "a stopping cluster claims nothing"


def test_a_call_that_hangs_is_canceled_and_its_job_released(
    organization: Organization,
    scripted: Scripted,
    quick: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quick.WORK_CYCLE_SECONDS = 0.2
    monkeypatch.setattr(job_loop, "DRAIN_SECONDS", 0.2)
    hung = threading.Event()

    def hang() -> None:
        hung.wait(1.5)

    scripted.during_poll = hang
    job = factories.job(organization=organization)
    job_loop.drive()
    hung.set()
    now = reload(job)
    assert (now.status, now.leased_until) == ("running", None)
    assert factories.attempts_of(job)[0].upstream_ref == "ref-1"


def test_leases_are_renewed_while_a_work_cycle_runs_and_drains(
    organization: Organization,
    scripted: Scripted,
    quick: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quick.WORK_CYCLE_SECONDS = 0.5
    quick.LEASE_SECONDS = 0.6
    monkeypatch.setattr(job_loop, "DRAIN_SECONDS", 5)
    job = factories.job(organization=organization)
    stolen: list[Job] = []

    def look() -> None:
        until = time.monotonic() + 1.8
        while time.monotonic() < until:
            stolen.extend(claims.claim(owner="another", limit=1))
            time.sleep(0.05)
        _close_own_connections()

    scripted.during_poll = look
    job_loop.drive()
    assert stolen == []
    assert reload(job).status == "finished"


def test_a_lost_database_connection_leaves_the_job_to_its_lease(
    organization: Organization,
    scripted: Scripted,
    monkeypatch: pytest.MonkeyPatch,
    drive_to_end: DriveToEnd,
    storage: Path,
) -> None:
    finish = jobs.finish

    def lost(**values: object) -> Asset:
        monkeypatch.setattr(jobs, "finish", finish)
        raise OperationalError("the connection is lost")

    monkeypatch.setattr(jobs, "finish", lost)
    job = factories.job(organization=organization)
    job_loop.drive()
    now = reload(job)
    assert now.status == "running"
    assert now.failure_kind == ""
    assert len(files_in(storage)) == 1, "the commit may have happened, so the file has to stay"
    assert drive_to_end(job).status == "finished"
    assert len(scripted.started) == 1
    assert ledger_checks.check() == []


def test_a_work_cycle_that_breaks_releases_its_jobs(
    organization: Organization, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = claims.claim
    calls: list[int] = []

    def claim_once(**values: object) -> list[Job]:
        calls.append(1)
        if len(calls) > 1:
            raise OperationalError("the connection is lost")
        return claim(**values)  # type: ignore[arg-type]

    monkeypatch.setattr(claims, "claim", claim_once)
    scripted.answers = [Pending()]
    job = factories.job(organization=organization)
    with pytest.raises(OperationalError):
        job_loop.drive()
    now = reload(job)
    assert (now.status, now.leased_until) == ("running", None)


# Fences ------------------------------------------------------------------------------------------


def test_a_driver_that_lost_its_job_ends_nothing_and_leaves_no_file(
    organization: Organization, scripted: Scripted, storage: Path, drive_to_end: DriveToEnd
) -> None:
    job = factories.job(organization=organization)

    def lose() -> None:
        scripted.during_poll = None
        take_over(job)
        _close_own_connections()

    scripted.during_poll = lose
    job_loop.drive()
    now = reload(job)
    assert (now.status, now.lease_owner, now.fence) == ("running", "another", 2)
    assert now.leased_until is not None
    assert not Asset.objects.exists()
    assert files_in(storage) == []
    assert factories.attempts_of(job)[0].ended_at is None
    # The next driver resumes it.
    Job.objects.update(leased_until=None)
    assert drive_to_end(job).status == "finished"
    assert len(scripted.started) == 1
    assert len(files_in(storage)) == 1
    assert ledger_checks.check() == []


def test_a_driver_that_lost_its_job_cannot_fail_it_either(
    organization: Organization, scripted: Scripted
) -> None:
    job = factories.job(organization=organization)

    def lose() -> None:
        take_over(job)
        _close_own_connections()

    scripted.during_poll = lose
    scripted.answers = [failure(FailureKind.MODERATED)]
    job_loop.drive()
    assert (reload(job).status, refunds_of(job)) == ("running", 0)
    assert factories.attempts_of(job)[0].ended_at is None


def test_a_driver_that_lost_its_job_does_not_write_its_reference(
    organization: Organization, scripted: Scripted
) -> None:
    job = factories.job(organization=organization)

    def lose() -> None:
        take_over(job)
        _close_own_connections()

    scripted.during_start = lose
    job_loop.drive()
    assert factories.attempts_of(job)[0].upstream_ref == ""
    assert scripted.polled == []


def test_a_driver_notices_that_its_job_was_taken_over_and_stops_polling(
    organization: Organization, scripted: Scripted, quick: Settings
) -> None:
    quick.LEASE_SECONDS = 0.3
    quick.WORK_CYCLE_SECONDS = 10
    scripted.answers = [Pending()]
    job = factories.job(organization=organization)

    def lose() -> None:
        scripted.during_poll = None
        quick.LEASE_SECONDS = 60
        take_over(job)
        quick.LEASE_SECONDS = 0.3
        _close_own_connections()

    scripted.during_poll = lose
    began = time.monotonic()
    job_loop.drive()
    assert time.monotonic() - began < 5
    assert reload(job).lease_owner == "another"


# Bugs --------------------------------------------------------------------------------------------


def test_a_bug_in_our_code_is_logged_counted_and_ends_with_a_refund(
    organization: Organization,
    scripted: Scripted,
    drive_to_end: DriveToEnd,
    caplog: pytest.LogCaptureFixture,
) -> None:
    scripted.answers = [RuntimeError("a bug")]
    job = drive_to_end(factories.job(organization=organization))
    assert (job.status, job.error_message) == ("failed", "Something went wrong on our side.")
    assert len(factories.attempts_of(job)) == 3
    assert refunds_of(job) == 1
    crashes = [record for record in caplog.records if _event(record) == "job_crashed"]
    assert len(crashes) == 3
    assert {record.levelno for record in crashes} == {logging.ERROR}
    assert all(record.exc_info or _field(record, "exc_info") for record in crashes)
    assert ledger_checks.check() == []


def test_a_bug_that_hits_one_job_does_not_affect_others(
    organization: Organization, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failures, "RETRY_SECONDS", 60)
    scripted.answers = [RuntimeError("a bug"), ready()]
    waiting = [factories.job(organization=organization) for _ in range(4)]
    job_loop.drive()
    assert sorted(reload(job).status for job in waiting) == ["finished"] * 3 + ["queued"]


def test_each_log_line_about_a_job_names_it(
    organization: Organization, scripted: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    scripted.answers = [failure(FailureKind.MODERATED), ready()]
    waiting = {factories.job(organization=organization).public_id for _ in range(3)}
    caplog.clear()
    job_loop.drive()
    about = [
        record for record in caplog.records if record.name in (driver.__name__, failures.__name__)
    ]
    assert {_field(record, "job") for record in about} == waiting
    assert (
        sorted(str(_event(record)) for record in about) == ["attempt_failed"] + ["job_finished"] * 2
    )


def _event(record: logging.LogRecord) -> object:
    return _field(record, "event")


def _field(record: logging.LogRecord, name: str) -> object:
    return record.msg.get(name) if isinstance(record.msg, dict) else None


def _close_own_connections() -> None:
    """Close the connection of a thread that ends with the work cycle."""
    connections.close_all()


def test_a_claim_whose_turn_does_not_come_in_time_is_tried_again_at_once(
    organization: Organization, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = factories.job(organization=organization)
    claim, timeouts = claims.claim, [LockNotAvailable()]

    def impatient(*, owner: str, limit: int) -> list[Job]:
        if timeouts:
            raise OperationalError from timeouts.pop()
        return claim(owner=owner, limit=limit)

    monkeypatch.setattr(claims, "claim", impatient)
    assert job_loop.drive() == 1
    job.refresh_from_db()
    assert job.status == "finished"
