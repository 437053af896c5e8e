"""The driver: what a provider's answers mean for one job and its money."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Organization
from billing import ledger_checks, wallets
from billing.models import LedgerEntry
from generation.engine import driver, job_loop
from generation.jobs import attempts
from generation.models import Asset, Attempt, Job, ProviderState
from generation.providers import circuit_breaker
from generation.providers.base import FailureKind, Pending, Ready, Started
from tests import factories
from tests.generation.conftest import files_in
from tests.generation.scripted import Scripted, failure, install, ready

pytestmark = pytest.mark.django_db(transaction=True)

DriveToEnd = Callable[..., Job]


def balance(organization: Organization) -> int:
    return wallets.balance_of(organization=organization).balance_credits


def refunds_of(job: Job) -> int:
    return LedgerEntry.objects.filter(kind="refund", reference=job.public_id).count()


def reload(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def kinds_of(job: Job) -> list[tuple[str, str]]:
    """Return the provider and failure kind of each attempt."""
    return [(each.provider, each.failure_kind) for each in factories.attempts_of(job)]


def leave_start_unknown(organization: Organization) -> Job:
    """Return a job whose driver died between calling the provider and storing the answer."""
    job = factories.running(organization=organization)
    Job.objects.update(leased_until=None)
    return job


# Ends --------------------------------------------------------------------------------------------


def test_a_work_cycle_finishes_queued_jobs(
    organization: Organization, scripted: Scripted, storage: Path
) -> None:
    waiting = [factories.job(organization=organization) for _ in range(5)]
    assert job_loop.drive() == 5
    for job in waiting:
        now = reload(job)
        assert (now.status, now.progress, now.error_message) == ("finished", 100, "")
        assert now.started_at is not None
        assert now.ended_at is not None
        assert (now.leased_until, now.lease_owner) == (None, "")
        (attempt,) = factories.attempts_of(job)
        assert (attempt.provider, attempt.failure_kind) == ("scripted", "")
        assert attempt.upstream_ref.startswith("ref-")
        assert attempt.ended_at is not None
    assert len(scripted.started) == 5
    assert files_in(storage) == sorted(Asset.objects.values_list("file", flat=True))
    assert balance(organization) == 0
    assert ledger_checks.check() == []


def test_a_result_is_cropped_to_the_ratio_and_encoded_as_requested(
    organization: Organization, scripted: Scripted, storage: Path, drive_to_end: DriveToEnd
) -> None:
    scripted.answers = [ready(width=300, height=300)]
    job = drive_to_end(factories.job(organization=organization, size="16:9", output_format="jpg"))
    asset = factories.asset_of(job)
    content = (storage / asset.file).read_bytes()
    assert content.startswith(b"\xff\xd8\xff")
    assert (asset.format, asset.width, asset.height) == ("jpg", 300, 169)
    assert asset.size_bytes == len(content)


@pytest.mark.parametrize("kind", [FailureKind.MODERATED, FailureKind.INVALID_INPUT])
def test_a_fault_of_the_request_fails_at_once_and_refunds_the_credits(
    organization: Organization, scripted: Scripted, drive_to_end: DriveToEnd, kind: FailureKind
) -> None:
    scripted.answers = [failure(kind)]
    job = drive_to_end(factories.job(organization=organization, model="flux-kontext-max"))
    assert (job.status, job.failure_kind) == ("failed", kind.value)
    assert job.error_message == f"scripted {kind.value}"
    assert len(scripted.started) == 1
    assert refunds_of(job) == 1
    assert balance(organization) == 20
    assert ledger_checks.check() == []


def test_an_unavailable_provider_is_tried_three_times_then_the_credits_are_refunded(
    organization: Organization, scripted: Scripted, drive_to_end: DriveToEnd, storage: Path
) -> None:
    scripted.answers = [failure(FailureKind.UNAVAILABLE)]
    job = drive_to_end(factories.job(organization=organization))
    assert (job.status, job.failure_kind) == ("failed", "unavailable")
    tries = factories.attempts_of(job)
    assert [attempt.number for attempt in tries] == [1, 2, 3]
    assert {attempt.failure_kind for attempt in tries} == {"unavailable"}
    assert len(scripted.started) == 3
    assert refunds_of(job) == 1
    assert files_in(storage) == []
    assert ledger_checks.check() == []


def test_a_provider_that_recovers_costs_the_customer_nothing_more(
    organization: Organization, scripted: Scripted, drive_to_end: DriveToEnd
) -> None:
    scripted.answers = [failure(FailureKind.UNAVAILABLE), failure(FailureKind.UNAVAILABLE), ready()]
    job = drive_to_end(factories.job(organization=organization))
    assert job.status == "finished"
    assert len(factories.attempts_of(job)) == 3
    assert LedgerEntry.objects.filter(reference=job.public_id).count() == 1
    assert ledger_checks.check() == []


def test_the_next_provider_of_the_route_is_tried_when_the_first_has_no_tries_left(
    organization: Organization,
    work_cycles: None,
    drive_to_end: DriveToEnd,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = Scripted(failure(FailureKind.UNAVAILABLE), name="first")
    install(monkeypatch, first, Scripted(name="second"))
    job = drive_to_end(factories.job(organization=organization))
    assert job.status == "finished"
    assert kinds_of(job) == [("first", "unavailable")] * 3 + [("second", "")]


@pytest.mark.parametrize("kind", [FailureKind.NO_CREDIT, FailureKind.UNAUTHORIZED])
def test_trouble_with_our_account_pauses_the_provider_and_costs_no_try(
    organization: Organization,
    work_cycles: None,
    drive_to_end: DriveToEnd,
    monkeypatch: pytest.MonkeyPatch,
    kind: FailureKind,
) -> None:
    first = Scripted(name="first")
    first.start_failures = [failure(kind)]
    install(monkeypatch, first, Scripted(name="second"))
    jobs = [drive_to_end(factories.job(organization=organization)) for _ in range(2)]
    assert kinds_of(jobs[0]) == [("first", kind.value), ("second", "")]
    assert kinds_of(jobs[1]) == [("second", "")], "a paused provider gets no work"
    state = ProviderState.objects.get(name="first")
    assert state.paused_until is not None
    assert kind.value in state.paused_reason


def test_waiting_for_a_throttling_provider_costs_no_try(
    organization: Organization, scripted: Scripted, drive_to_end: DriveToEnd
) -> None:
    throttled = [failure(FailureKind.THROTTLED, retry_after_seconds=0.01) for _ in range(5)]
    scripted.start_failures = [*throttled, failure(FailureKind.UNAVAILABLE)]
    scripted.answers = [failure(FailureKind.UNAVAILABLE), ready()]
    job = drive_to_end(factories.job(organization=organization))
    assert job.status == "finished"
    kinds = [attempt.failure_kind for attempt in factories.attempts_of(job)]
    assert kinds == ["throttled"] * 5 + ["unavailable"] * 2 + [""]
    assert attempts.count_tries(factories.attempts_of(job)[:-1]) == {"scripted": 2}


def test_a_throttled_job_waits_as_long_as_the_provider_asks(
    organization: Organization, scripted: Scripted
) -> None:
    scripted.start_failures = [failure(FailureKind.THROTTLED, retry_after_seconds=77)]
    job = factories.job(organization=organization)
    job_loop.drive()
    now = reload(job)
    assert now.status == "queued"
    assert 75 < (now.due_at - timezone.now()).total_seconds() < 77
    assert job_loop.drive() == 0


def test_an_unknown_outcome_is_waited_for_before_another_image_is_bought(
    organization: Organization,
    scripted: Scripted,
    drive_to_end: DriveToEnd,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(driver, "LOST_SECONDS", 60)
    job = leave_start_unknown(organization)
    job_loop.drive()
    (attempt,) = factories.attempts_of(job)
    assert (attempt.ended_at, scripted.started) == (None, [])
    assert attempt.lost_at is not None
    now = reload(job)
    assert (now.status, now.leased_until) == ("running", None)
    Attempt.objects.update(lost_at=timezone.now() - timedelta(seconds=61))
    assert drive_to_end(job).status == "finished"
    assert kinds_of(job) == [("scripted", "outcome_unknown"), ("scripted", "")]
    assert [each.may_cost_double for each in factories.attempts_of(job)] == [True, False]
    assert ledger_checks.check() == []


def test_a_lost_answer_is_an_unknown_outcome(
    organization: Organization, scripted: Scripted, drive_to_end: DriveToEnd
) -> None:
    scripted.start_failures = [failure(FailureKind.OUTCOME_UNKNOWN)]
    job = drive_to_end(factories.job(organization=organization))
    assert kinds_of(job) == [("scripted", "outcome_unknown"), ("scripted", "")]


def test_lost_work_found_at_the_provider_is_not_bought_again(
    organization: Organization, scripted: Scripted, drive_to_end: DriveToEnd
) -> None:
    scripted.found = Started(upstream_ref="ref-found", cost_usd=Decimal("0.05"))
    job = drive_to_end(leave_start_unknown(organization))
    assert (job.status, scripted.started, set(scripted.polled)) == ("finished", [], {"ref-found"})
    (attempt,) = factories.attempts_of(job)
    assert (attempt.cost_usd, attempt.lost_at) == (Decimal("0.05"), None)
    assert not attempt.may_cost_double


def test_work_that_the_provider_never_started_is_started_again_and_costs_no_try(
    organization: Organization, scripted: Scripted, drive_to_end: DriveToEnd
) -> None:
    scripted.can_find = True
    job = drive_to_end(leave_start_unknown(organization))
    assert (job.status, len(scripted.started)) == ("finished", 1)
    assert kinds_of(job) == [("scripted", "throttled"), ("scripted", "")]
    assert not any(each.may_cost_double for each in factories.attempts_of(job))


def test_our_own_crashes_do_not_count_against_a_provider(
    organization: Organization, scripted: Scripted, drive_to_end: DriveToEnd
) -> None:
    for _ in range(circuit_breaker.FAILURES_UNTIL_OPEN):
        drive_to_end(leave_start_unknown(organization))
    assert ProviderState.objects.get().failures_in_a_row == 0


def test_lost_answers_count_against_a_provider(
    organization: Organization, scripted: Scripted, drive_to_end: DriveToEnd
) -> None:
    scripted.start_failures = [failure(FailureKind.OUTCOME_UNKNOWN)] * 2
    scripted.answers = [failure(FailureKind.UNAVAILABLE)]
    drive_to_end(factories.job(organization=organization))
    assert ProviderState.objects.get().failures_in_a_row == 3


def test_lost_work_named_by_a_webhook_is_not_bought_again(
    organization: Organization,
    scripted: Scripted,
    drive_to_end: DriveToEnd,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(driver, "LOST_SECONDS", 60)
    job = leave_start_unknown(organization)
    job_loop.drive()
    Attempt.objects.update(upstream_ref="ref-webhook")
    assert drive_to_end(job).status == "finished"
    assert (scripted.started, set(scripted.polled)) == ([], {"ref-webhook"})


def test_a_start_that_costs_nothing_is_repeated_at_once(
    organization: Organization, scripted: Scripted, drive_to_end: DriveToEnd
) -> None:
    scripted.may_start_again = True
    job = drive_to_end(leave_start_unknown(organization))
    assert job.status == "finished"
    assert len(factories.attempts_of(job)) == 1


def test_started_work_is_polled_again_and_never_bought_twice(
    organization: Organization, scripted: Scripted, drive_to_end: DriveToEnd
) -> None:
    silent = failure(FailureKind.OUTCOME_UNKNOWN)
    scripted.answers = [silent, failure(FailureKind.THROTTLED), Pending(), silent, ready()]
    job = drive_to_end(factories.job(organization=organization))
    assert (job.status, len(scripted.started)) == ("finished", 1)
    assert kinds_of(job) == [("scripted", "")]


def test_a_key_refused_while_polling_pauses_the_provider_and_buys_nothing_twice(
    organization: Organization, scripted: Scripted, drive_to_end: DriveToEnd
) -> None:
    scripted.answers = [failure(FailureKind.UNAUTHORIZED), ready()]
    job = drive_to_end(factories.job(organization=organization))
    assert (job.status, len(scripted.started)) == ("finished", 1)
    assert kinds_of(job) == [("scripted", "")]
    assert "unauthorized" in ProviderState.objects.get().last_failure


def test_a_provider_that_stays_silent_is_abandoned(
    organization: Organization,
    scripted: Scripted,
    drive_to_end: DriveToEnd,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(driver, "SILENT_SECONDS", 0.05)
    scripted.answers = [failure(FailureKind.OUTCOME_UNKNOWN)]
    job = drive_to_end(factories.job(organization=organization))
    assert (job.status, job.failure_kind) == ("failed", "outcome_unknown")
    assert kinds_of(job) == [("scripted", "outcome_unknown")] * 3
    assert all(each.may_cost_double for each in factories.attempts_of(job))
    assert refunds_of(job) == 1


def test_seed_and_cost_come_from_the_provider(
    organization: Organization, scripted: Scripted, drive_to_end: DriveToEnd
) -> None:
    content = ready().content
    scripted.answers = [Ready(content=content, seed=77, cost_usd=Decimal("0.045"))]
    job = drive_to_end(factories.job(organization=organization, seed=5))
    assert (job.seed, factories.attempts_of(job)[0].cost_usd) == (77, Decimal("0.045"))
    assert scripted.started[0].seed == 5


def test_without_them_the_cost_comes_from_the_catalog_and_the_seed_from_the_request(
    organization: Organization, scripted: Scripted, drive_to_end: DriveToEnd
) -> None:
    job = drive_to_end(factories.job(organization=organization, seed=5))
    assert (job.seed, factories.attempts_of(job)[0].cost_usd) == (5, Decimal("0.04"))


def test_a_size_the_provider_does_not_make_is_cropped_and_recorded(
    organization: Organization,
    work_cycles: None,
    drive_to_end: DriveToEnd,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    provider = Scripted(ready(width=300, height=400))
    install(monkeypatch, provider, fallback={"16:21": "3:4"})
    job = drive_to_end(factories.job(organization=organization, size="16:21"))
    asset = factories.asset_of(job)
    assert (asset.cropped_from, asset.width, asset.height) == ("3:4", 300, 394)
    (work,) = provider.started
    assert (work.size, work.width, work.height) == ("3:4", 864, 1152)


def test_a_result_that_is_no_image_is_the_providers_fault(
    organization: Organization, scripted: Scripted, drive_to_end: DriveToEnd
) -> None:
    scripted.answers = [Ready(content=b"<html>no</html>"), ready()]
    job = drive_to_end(factories.job(organization=organization))
    assert job.status == "finished"
    first = factories.attempts_of(job)[0]
    assert first.failure_kind == "unavailable"
    assert "unusable image" in first.error_message


# Deadlines ---------------------------------------------------------------------------------------


def test_a_job_past_its_deadline_is_cancelled_upstream_and_refunded(
    organization: Organization, scripted: Scripted, quick: Settings
) -> None:
    quick.WORK_CYCLE_SECONDS = 0.2
    scripted.answers = [Pending()]
    job = factories.job(organization=organization)
    job_loop.drive()
    assert reload(job).status == "running"
    Job.objects.update(deadline_at=timezone.now())
    job_loop.drive()
    now = reload(job)
    assert (now.status, now.failure_kind) == ("failed", "expired")
    assert scripted.cancelled == ["ref-1"]
    assert refunds_of(job) == 1
    assert ledger_checks.check() == []


def test_a_deadline_that_passes_during_a_work_cycle_ends_the_job(
    organization: Organization, scripted: Scripted, quick: Settings
) -> None:
    quick.JOB_DEADLINE_SECONDS = 0.3
    scripted.answers = [Pending()]
    job = factories.job(organization=organization)
    job_loop.drive()
    assert reload(job).failure_kind == "expired"
    assert scripted.cancelled == ["ref-1"]
