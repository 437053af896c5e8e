"""Margins, added up from attempts and from daily totals."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import Organization
from generation import tasks
from generation.models import Attempt, DailyMargin, DailyUsage, Job
from generation.providers.base import FailureKind
from generation.reporting import margins
from generation.reporting.margins import Margin
from tests import factories
from vidgo.kernel.db import row_level_security

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def begun(job: Job, at: datetime, *, cost: str | None = "0.02", double: bool = False) -> Attempt:
    """Set when a job's attempt began and what it cost."""
    attempt = Attempt.objects.get(job=job)
    attempt.started_at, attempt.may_cost_double = at, double
    attempt.cost_usd = Decimal(cost) if cost else None
    attempt.save()
    return attempt


@pytest.fixture
def tries(organization: Organization) -> list[Attempt]:
    """Attempts on four consecutive days, of two models, with every outcome."""
    finished, failed = factories.finished, factories.failed
    ours = {"organization": organization}
    return [
        begun(finished(**ours), NOON - timedelta(hours=1)),
        begun(finished(**ours), NOON + timedelta(hours=1), cost="0.03"),
        begun(failed(**ours), NOON + DAY, cost="0.01", double=True),
        begun(finished(**ours, model="flux-kontext-max"), NOON + DAY, cost="0.04"),
        begun(finished(**ours), NOON + 2 * DAY, cost=None),
        begun(finished(**ours), NOON + 3 * DAY),
        begun(failed(**ours, model="flux-kontext-max"), NOON + 3 * DAY, cost=None),
    ]


def of(by: str, since: datetime = NOON) -> list[Margin]:
    return margins.list_margins(by=by, since=since)


@pytest.mark.parametrize("by", list(margins.COLUMNS))
@pytest.mark.parametrize(
    "since", [NOON - 9 * DAY, NOON, NOON + DAY / 2, NOON + 3 * DAY, NOON + 9 * DAY]
)
def test_daily_totals_give_the_same_margins(
    tries: list[Attempt], by: str, since: datetime, organization: Organization
) -> None:
    before = of(by, since)
    assert bool(before) is (since < NOON + 9 * DAY)
    assert margins.write_daily_totals() == 6
    assert of(by, since) == before
    begun(factories.finished(organization=organization), NOON + 9 * DAY)
    assert margins.total(of(by, since)).images == margins.total(before).images + 1


def test_a_day_with_totals_is_not_added_up_again(tries: list[Attempt]) -> None:
    margins.write_daily_totals()
    before = of("day")
    Attempt.objects.filter(started_at__range=(NOON + DAY / 2, NOON + 9 * DAY)).update(cost_usd=1)
    assert of("day") == before


def test_daily_totals_are_stored_once(tries: list[Attempt]) -> None:
    margins.write_daily_totals()
    rows = list(DailyMargin.objects.order_by("pk").values())
    assert margins.write_daily_totals() == 0
    assert list(DailyMargin.objects.order_by("pk").values()) == rows
    assert {row["day"] for row in rows} == {date(2026, 3, day) for day in (10, 11, 12, 13)}


def test_a_day_waits_until_its_last_attempt_has_ended(
    tries: list[Attempt], organization: Organization
) -> None:
    still = begun(factories.running(organization=organization), NOON + DAY)
    assert margins.write_daily_totals() == 1
    Attempt.objects.filter(pk=still.pk).update(
        ended_at=timezone.now(), failure_kind=FailureKind.EXPIRED
    )
    before = of("day")
    assert margins.write_daily_totals() == 5
    assert of("day") == before


def test_a_day_waits_for_an_hour_after_its_end(
    tries: list[Attempt], monkeypatch: pytest.MonkeyPatch
) -> None:
    midnight = datetime(2026, 3, 14, tzinfo=UTC)
    monkeypatch.setattr(margins.timezone, "now", lambda: midnight + timedelta(minutes=59))
    assert margins.write_daily_totals() == 4
    monkeypatch.setattr(margins.timezone, "now", lambda: midnight + timedelta(minutes=61))
    assert margins.write_daily_totals() == 2


def test_the_hourly_task_stores_usage_and_margins(tries: list[Attempt]) -> None:
    Job.objects.update(created_at=NOON)
    tasks.write_daily_totals()
    assert DailyUsage.objects.exists()
    assert DailyMargin.objects.exists()


def test_no_tenant_can_read_margins(tries: list[Attempt], organization: Organization) -> None:
    margins.write_daily_totals()
    row_level_security.set_tenant(organization_id=organization.pk)
    try:
        assert not DailyMargin.objects.exists()
    finally:
        row_level_security.reset()
    assert DailyMargin.objects.exists()
