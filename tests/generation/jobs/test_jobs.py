"""Jobs: submitted with their charge and wake-up or not at all, and ended once."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import InternalError
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ, Schedule
from pytest_django import Settings

from accounts import organizations
from accounts.models import Organization
from billing import ledger, ledger_checks, wallets
from billing.models import LedgerEntry, Wallet
from generation import catalog, jobs, tasks
from generation.engine import claims
from generation.jobs import generation_request
from generation.models import Asset, Job
from generation.providers import registry
from generation.providers.base import FailureKind
from generation.storage import files, results
from tests import factories
from tests.generation import catalogs
from tests.generation.conftest import files_in

pytestmark = pytest.mark.django_db

MODELS = {
    "flux-kontext-pro": 10,
    "flux-kontext-pro-edit": 10,
    "flux-kontext-max": 20,
    "flux-kontext-max-edit": 20,
}


def request(**changes: Any) -> generation_request.GenerationRequest:
    model = changes.pop("model", "flux-kontext-pro")
    return generation_request.parse(model=model, input={"prompt": "a fox", **changes})


def submit(
    organization: Organization, wanted: generation_request.GenerationRequest | None = None
) -> Job:
    return jobs.submit(organization=organization, request=wanted or request()).job


def prepared() -> results.Prepared:
    return results.prepare(
        content=factories.png(width=64, height=64),
        size=catalog.load().sizes["1:1"],
        output_format="png",
    )


def finish(job: Job) -> None:
    ready = prepared()
    jobs.finish(job=job, prepared=ready, file=results.store(prepared=ready))


# Submit ------------------------------------------------------------------------------------------


def test_a_submit_stores_the_job_its_charge_and_a_wake_up(
    organization: Organization, wallet: Wallet
) -> None:
    job = submit(organization, request(size="16:9", output_format="jpg", seed=7))
    stored = Job.objects.get()
    assert stored == job
    assert (stored.status, stored.price_credits, stored.fence) == ("queued", 10, 0)
    assert (stored.size, stored.output_format, stored.seed) == ("16:9", "jpg", 7)
    entry = LedgerEntry.objects.get(kind="charge")
    assert (entry.amount_credits, entry.reference) == (-10, job.public_id)
    assert OrmQ.objects.get().func() == "generation.tasks.drive"
    assert ledger_checks.check() == []


@pytest.mark.parametrize(("model", "price"), MODELS.items())
def test_a_submit_charges_the_price_in_the_catalog(
    organization: Organization, wallet: Wallet, model: str, price: int
) -> None:
    assert catalog.load().models[model].price_credits == price
    wanted: dict[str, Any] = {"model": model}
    if model.endswith("-edit"):
        url = files.url_of(factories.upload(organization=organization).file)
        wanted["image_urls"] = [url]
    job = submit(organization, request(**wanted))
    assert job.price_credits == price
    assert wallets.balance_of(organization=organization).balance_credits == 1000 - price


def test_a_price_change_does_not_affect_jobs_in_flight(
    organization: Organization, wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submit(organization)
    loaded = catalog.load()
    dearer = dataclasses.replace(loaded.models[job.model], price_credits=50)
    changed = dataclasses.replace(loaded, models={**loaded.models, job.model: dearer})
    catalogs.use(monkeypatch, changed)
    (taken,) = claims.claim(owner="test", limit=1)
    jobs.fail(job=taken, kind=FailureKind.MODERATED, message="no")
    assert wallets.balance_of(organization=organization).balance_credits == 1000
    assert submit(organization).price_credits == 50
    assert wallets.balance_of(organization=organization).balance_credits == 950


def test_without_enough_credits_nothing_is_stored(
    organization: Organization, storage: Path
) -> None:
    factories.credits(organization=organization, amount=9)
    url = files.url_of(factories.upload(organization=organization).file)
    before = files_in(storage)
    for wanted in (request(), request(model="flux-kontext-pro-edit", image_urls=[url])):
        with pytest.raises(ledger.InsufficientCredits) as refused:
            submit(organization, wanted)
        assert refused.value.extra["required_credits"] == 10
    assert not Job.objects.exists()
    assert not OrmQ.objects.exists()
    assert files_in(storage) == before
    assert wallets.balance_of(organization=organization).balance_credits == 9


@pytest.mark.django_db(transaction=True)
def test_a_wallet_emptied_in_the_meantime_undoes_job_wake_up_and_copied_image(
    organization: Organization, storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.credits(organization=organization, amount=9)
    url = files.url_of(factories.upload(organization=organization).file)
    before = files_in(storage)
    # The early check of the balance passes, as it would in a race.
    monkeypatch.setattr(wallets, "require", lambda **_: None)
    with pytest.raises(ledger.InsufficientCredits):
        submit(organization, request(model="flux-kontext-pro-edit", image_urls=[url]))
    assert not Job.objects.exists()
    assert not OrmQ.objects.exists()
    assert files_in(storage) == before
    assert ledger_checks.check() == []


@pytest.mark.django_db(transaction=True)
def test_a_submit_that_breaks_after_its_wake_up_leaves_none(
    organization: Organization, wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> int:
        raise InternalError("broken")

    monkeypatch.setattr(ledger, "charge", broken)
    with pytest.raises(InternalError):
        submit(organization)
    assert not OrmQ.objects.exists()
    assert not Job.objects.exists()


def test_a_suspended_organization_submits_nothing(
    organization: Organization, wallet: Wallet
) -> None:
    organization.suspended_at = timezone.now()
    organization.save()
    with pytest.raises(organizations.Suspended):
        submit(organization)
    assert not Job.objects.exists()


def test_a_model_without_a_provider_is_refused_before_anything_is_charged(
    organization: Organization, wallet: Wallet, settings: Settings
) -> None:
    settings.SANDBOX_ENABLED = False
    with pytest.raises(registry.NoProvider):
        submit(organization)
    assert not LedgerEntry.objects.filter(kind="charge").exists()


def test_an_edit_keeps_a_copy_of_its_image(
    organization: Organization, wallet: Wallet, storage: Path
) -> None:
    upload = factories.upload(organization=organization)
    url = files.url_of(upload.file)
    job = submit(organization, request(model="flux-kontext-pro-edit", image_urls=[url]))
    assert job.image_url == url
    assert job.image_file.startswith("inputs/")
    assert (storage / job.image_file).read_bytes() == (storage / upload.file).read_bytes()


def test_a_job_without_a_seed_is_given_one(organization: Organization, wallet: Wallet) -> None:
    seeds = {submit(organization).seed for _ in range(3)}
    assert len(seeds) == 3


def test_a_job_belongs_to_its_organization_alone(
    organization: Organization, other_organization: Organization, wallet: Wallet
) -> None:
    job = submit(organization)
    assert jobs.get_job(organization=organization, public_id=job.public_id) == job
    for stranger, public_id in (
        (other_organization, job.public_id),
        (organization, "task_unknown"),
    ):
        with pytest.raises(jobs.UnknownJob):
            jobs.get_job(organization=stranger, public_id=public_id)


# Ends --------------------------------------------------------------------------------------------


def test_finishing_twice_changes_nothing(organization: Organization) -> None:
    taken = factories.running(organization=organization)
    finish(taken)
    before = Job.objects.values().get()
    with pytest.raises(jobs.AlreadyDone):
        finish(taken)
    with pytest.raises(jobs.AlreadyDone):
        jobs.fail(job=taken, kind=FailureKind.MODERATED, message="late")
    with pytest.raises(jobs.AlreadyDone):
        jobs.fail(job=taken, kind=FailureKind.EXPIRED, message="late", fenced=False)
    with pytest.raises(jobs.AlreadyDone):
        jobs.requeue(job=taken, delay_seconds=0, kind=FailureKind.UNAVAILABLE, message="late")
    assert Job.objects.values().get() == before
    assert Asset.objects.count() == 1
    assert ledger_checks.check() == []


def test_failing_refunds_the_credits_once(organization: Organization) -> None:
    taken = factories.running(organization=organization)
    jobs.fail(job=taken, kind=FailureKind.MODERATED, message="The prompt was refused.")
    for fenced in (True, False):
        with pytest.raises(jobs.AlreadyDone):
            jobs.fail(job=taken, kind=FailureKind.MODERATED, message="again", fenced=fenced)
    with pytest.raises(jobs.AlreadyDone):
        finish(taken)
    refund = LedgerEntry.objects.get(kind="refund")
    assert (refund.reference, refund.amount_credits) == (taken.public_id, 10)
    assert refund.reason == "moderated: The prompt was refused."
    assert Job.objects.get().error_message == "The prompt was refused."
    assert ledger_checks.check() == []


def test_a_driver_with_an_old_fence_ends_nothing(organization: Organization) -> None:
    taken = factories.running(organization=organization)
    Job.objects.update(leased_until=None)
    (newer,) = claims.claim(owner="another", limit=1)
    for end in (
        lambda: finish(taken),
        lambda: jobs.fail(job=taken, kind=FailureKind.MODERATED, message="late"),
        lambda: jobs.requeue(
            job=taken, delay_seconds=0, kind=FailureKind.UNAVAILABLE, message="late"
        ),
    ):
        with pytest.raises(jobs.AlreadyDone):
            end()
    assert Job.objects.get().status == "running"
    assert factories.attempts_of(taken)[0].ended_at is None
    finish(newer)
    assert ledger_checks.check() == []


def test_the_database_refuses_an_end_that_contradicts_itself(organization: Organization) -> None:
    job = factories.job(organization=organization)
    for values, constraint in (
        ({"status": "finished"}, "job_has_ended_exactly_when_it_is_over"),
        ({"ended_at": timezone.now()}, "job_has_ended_exactly_when_it_is_over"),
        ({"status": "lost"}, "job_status_is_known|job_has_ended_exactly_when_it_is_over"),
        ({"price_credits": 0}, "job_has_a_price"),
        ({"progress": 101}, "job_progress_is_percent"),
        (
            {"status": "failed", "ended_at": timezone.now(), "leased_until": timezone.now()},
            "ended_job_is_leased_to_nobody",
        ),
    ):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Job.objects.filter(pk=job.pk).update(**values)


def test_a_job_queued_past_its_deadline_expires_and_is_refunded(
    organization: Organization,
) -> None:
    late = factories.job(organization=organization)
    factories.job(organization=organization)
    driven = factories.running(organization=organization)
    Job.objects.exclude(pk=driven.pk).update(status="queued", leased_until=None, lease_owner="")
    Job.objects.filter(pk__in=(late.pk, driven.pk)).update(deadline_at=timezone.now())
    assert jobs.expire_overdue() == 1
    assert jobs.expire_overdue() == 0
    now = Job.objects.get(pk=late.pk)
    assert (now.status, now.failure_kind) == ("failed", "expired")
    assert LedgerEntry.objects.get(kind="refund").reference == late.public_id
    assert Job.objects.get(pk=driven.pk).status == "running", "its driver ends it"
    assert ledger_checks.check() == []


def test_a_requeued_job_is_claimed_again(organization: Organization) -> None:
    taken = factories.running(organization=organization)
    jobs.requeue(job=taken, delay_seconds=0, kind=FailureKind.UNAVAILABLE, message="away")
    now = Job.objects.get()
    assert (now.status, now.lease_owner, now.leased_until) == ("queued", "", None)
    (attempt,) = factories.attempts_of(taken)
    assert (attempt.failure_kind, attempt.error_message) == ("unavailable", "away")
    (again,) = claims.claim(owner="test", limit=1)
    assert again.fence == taken.fence + 1


# Tasks -------------------------------------------------------------------------------------------


def test_each_task_is_found_by_its_path_and_scheduled_once() -> None:
    assert import_string(jobs.WAKE_UP) is tasks.drive
    for path, _, _ in tasks.SCHEDULES:
        assert callable(import_string(path))
    assert Schedule.objects.exists(), "a migration stores them"
    tasks.schedule_all()
    stored = sorted(Schedule.objects.values_list("func", "name", "minutes"))
    assert len(stored) == len(set(stored))
    assert set(stored) >= set(tasks.SCHEDULES)


def test_the_schedule_sends_a_wake_up_and_does_not_drive() -> None:
    OrmQ.objects.all().delete()
    tasks.notify_jobs()
    assert OrmQ.objects.get().func() == jobs.WAKE_UP
    assert jobs.WAKE_UP not in {path for path, _, _ in tasks.SCHEDULES}


def test_the_reaper_reports_what_it_ends(
    organization: Organization, caplog: pytest.LogCaptureFixture
) -> None:
    factories.job(organization=organization)
    Job.objects.update(deadline_at=timezone.now())
    tasks.reap()
    assert Job.objects.get().status == "failed"
    assert "jobs_expired" in caplog.text
