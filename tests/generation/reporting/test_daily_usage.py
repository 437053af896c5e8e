"""Usage: equal to the ledger, with and without daily totals."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db.models import Sum
from django.utils import timezone

from accounts.models import ApiKey, Organization, User
from billing.models import LedgerEntry
from generation import jobs as submitting
from generation.models import DailyUsage, Job
from generation.providers.base import FailureKind
from generation.reporting import daily_usage
from generation.reporting.daily_usage import Filter, Sums
from tests import factories

pytestmark = pytest.mark.django_db

TODAY = timezone.now().astimezone(UTC).date()


def move(job: Job, *, days: int) -> Job:
    """Set a job's submit to noon some days ago."""
    noon = datetime.combine(TODAY - timedelta(days=days), datetime.min.time(), tzinfo=UTC)
    Job.objects.filter(pk=job.pk).update(created_at=noon + timedelta(hours=12))
    return job


def within(days: int, **values: object) -> Filter:
    return Filter(first_day=TODAY - timedelta(days=days), last_day=TODAY, **values)  # type: ignore[arg-type]


@pytest.fixture
def key(organization: Organization) -> ApiKey:
    return factories.api_key(organization=organization, name="Server").api_key


@pytest.fixture
def jobs(organization: Organization, key: ApiKey, alice: User) -> list[Job]:
    """Jobs on three days in every state, of two models, with a key and from the playground."""
    ours = {"organization": organization}
    return [
        move(factories.finished(**ours, api_key=key), days=9),
        move(factories.failed(**ours, api_key=key, model="flux-kontext-max"), days=9),
        move(factories.finished(**ours, created_by=alice), days=3),
        move(factories.finished(**ours, api_key=key, model="flux-kontext-max"), days=3),
        factories.failed(**ours, created_by=alice),
        factories.job(**ours, api_key=key),
    ]


@pytest.fixture(params=["added up from the jobs", "daily totals"])
def days(request: pytest.FixtureRequest, jobs: list[Job]) -> str:
    """Run a test with and without daily totals."""
    if request.param == "daily totals":
        # One row for each model, key and day, and none for today.
        assert daily_usage.write_daily_totals() == 4
    return str(request.param)


def ledger_credits(organization: Organization, jobs: list[Job]) -> int:
    """Return what these jobs cost according to the ledger."""
    entries = LedgerEntry.objects.for_organization(organization).filter(
        kind__in=["charge", "refund"], reference__in=[job.public_id for job in jobs]
    )
    return -(entries.aggregate(total=Sum("amount_credits"))["total"] or 0)


def test_usage_equals_the_ledger(days: str, jobs: list[Job], organization: Organization) -> None:
    added = daily_usage.add_up(organization=organization, chosen=within(30))
    assert added.total.credits == ledger_credits(organization, jobs) == 50
    entries = LedgerEntry.objects.for_organization(organization)
    for kind, amount in (
        ("charge", -added.total.charged_credits),
        ("refund", added.total.refunded_credits),
    ):
        assert entries.filter(kind=kind).aggregate(s=Sum("amount_credits"))["s"] == amount


def test_every_day_model_and_key_equals_the_ledger(
    days: str, jobs: list[Job], organization: Organization
) -> None:
    added = daily_usage.add_up(organization=organization, chosen=within(30))
    rows = list(Job.objects.filter(pk__in=[job.pk for job in jobs]))
    for found, value_of in (
        (added.days, lambda job: job.created_at.date()),
        (added.models, lambda job: job.model),
        (added.keys, lambda job: job.api_key_id),
    ):
        assert set(found) == {value_of(job) for job in rows}
        for value, sums in found.items():
            theirs = [job for job in rows if value_of(job) == value]
            assert sums.credits == ledger_credits(organization, theirs)
            assert sums.jobs == len(theirs)
            assert sums.finished == sum(job.status == "finished" for job in theirs)
            assert sums.failed == sum(job.status == "failed" for job in theirs)
        assert sum(sums.jobs for sums in found.values()) == added.total.jobs


def test_unfinished_jobs_are_counted_apart(
    days: str, jobs: list[Job], organization: Organization
) -> None:
    today = daily_usage.add_up(organization=organization, chosen=within(0)).total
    assert (today.jobs, today.failed, today.finished, today.not_over) == (2, 1, 0, 1)


def test_usage_is_filtered_by_days_model_and_key(
    days: str, jobs: list[Job], organization: Organization, key: ApiKey
) -> None:
    def total(chosen: Filter) -> Sums:
        return daily_usage.add_up(organization=organization, chosen=chosen).total

    assert total(within(8)).jobs == 4
    assert total(within(30, model="flux-kontext-max")).credits == 20
    assert total(within(30, api_key_id=key.pk)).jobs == 4
    assert total(within(30, without_key=True)).jobs == 2
    assert total(within(30, model="flux-kontext-max", without_key=True)) == Sums()


def test_other_organizations_are_not_added(
    days: str, jobs: list[Job], organization: Organization, other_organization: Organization
) -> None:
    before = daily_usage.add_up(organization=organization, chosen=within(30))
    move(factories.finished(organization=other_organization), days=3)
    factories.finished(organization=other_organization)
    assert daily_usage.add_up(organization=organization, chosen=within(30)) == before
    theirs = daily_usage.add_up(organization=other_organization, chosen=within(30)).total
    # A job cannot be submitted on a day that has totals; this one was moved there.
    assert theirs.jobs == (2 if days == "added up from the jobs" else 1)


def test_daily_totals_are_stored_once(jobs: list[Job], organization: Organization) -> None:
    assert daily_usage.write_daily_totals() == 4
    rows = list(DailyUsage.objects.order_by("pk").values())
    assert daily_usage.write_daily_totals() == 0
    assert list(DailyUsage.objects.order_by("pk").values()) == rows
    assert {row["day"] for row in rows} == {TODAY - timedelta(days=9), TODAY - timedelta(days=3)}


def test_a_day_waits_for_its_last_job(jobs: list[Job], organization: Organization) -> None:
    open_job = move(factories.job(organization=organization), days=3)
    daily_usage.write_daily_totals()
    assert {row.day for row in DailyUsage.objects.all()} == {TODAY - timedelta(days=9)}
    before = daily_usage.add_up(organization=organization, chosen=within(30))
    submitting.fail(job=open_job, kind=FailureKind.EXPIRED, message="Too late.", fenced=False)
    daily_usage.write_daily_totals()
    written = DailyUsage.objects.filter(day=TODAY - timedelta(days=3))
    assert sum(row.finished_count + row.failed_count for row in written) == 3
    after = daily_usage.add_up(organization=organization, chosen=within(30))
    assert after.total.credits == before.total.credits - open_job.price_credits


def test_a_day_waits_for_an_hour_after_its_end(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = factories.finished(organization=organization)
    midnight = datetime.combine(TODAY + timedelta(days=1), datetime.min.time(), tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: midnight + timedelta(minutes=59))
    assert daily_usage.write_daily_totals() == 0
    monkeypatch.setattr(timezone, "now", lambda: midnight + timedelta(minutes=61))
    assert daily_usage.write_daily_totals() == 1
    assert DailyUsage.objects.get().charged_credits == job.price_credits


def test_a_day_is_utc(organization: Organization) -> None:
    job = factories.finished(organization=organization)
    late = datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC)
    Job.objects.filter(pk=job.pk).update(created_at=late)
    day = date(2026, 3, 31)
    chosen = Filter(first_day=day, last_day=day)
    assert daily_usage.add_up(organization=organization, chosen=chosen).total.jobs == 1
    daily_usage.write_daily_totals()
    assert daily_usage.add_up(organization=organization, chosen=chosen).total.jobs == 1
    next_day = Filter(first_day=day + timedelta(days=1), last_day=day + timedelta(days=1))
    assert daily_usage.add_up(organization=organization, chosen=next_day).total == Sums()


def test_the_file_adds_up_to_the_page(
    days: str, jobs: list[Job], organization: Organization, key: ApiKey
) -> None:
    chosen = within(30)
    rows = list(csv.DictReader(daily_usage.csv_lines(organization=organization, chosen=chosen)))
    total = daily_usage.add_up(organization=organization, chosen=chosen).total
    assert sum(int(row["net_credits"]) for row in rows) == total.credits
    assert sum(int(row["jobs"]) for row in rows) == total.jobs
    for row in rows:
        assert int(row["net_credits"]) * 5 == round(float(row["net_usd"]) * 1000)
    assert {(row["api_key"], row["api_key_name"]) for row in rows} == {
        (key.display, "Server"),
        ("", "Playground"),
    }
    assert [row["day_utc"] for row in rows] == sorted(row["day_utc"] for row in rows)
