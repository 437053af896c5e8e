"""The start page of the admin: what an operator checks in the morning."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import organizations
from accounts.audit import SYSTEM
from accounts.models import Organization, User
from billing.models import TopUp
from generation import jobs
from generation.models import Job
from generation.providers.base import FailureKind
from generation.reporting import hourly_stats
from tests import factories
from tests.reading import count_queries, read

pytestmark = pytest.mark.django_db

START = "admin:index"


def page_text(browser: Client) -> str:
    return browser.get(reverse(START)).content.decode()


def paid(organization: Organization, *, cents: int, days_ago: int = 0) -> TopUp:
    return TopUp.objects.create(
        organization=organization,
        source=TopUp.Source.CHECKOUT,
        credits=cents * 2,
        amount_cents=cents,
        status=TopUp.Status.PAID,
        paid_cents=cents,
        paid_at=timezone.now() - timedelta(days=days_ago),
    )


def failed(organization: Organization, kind: FailureKind) -> None:
    taken = factories.running(organization=organization)
    jobs.fail(job=taken, kind=kind, message="It did not work.")


def test_it_shows_what_was_paid_today_and_yesterday(
    operator: Client, organization: Organization
) -> None:
    for days_ago, cents in ((0, 500), (0, 2000), (1, 1234), (2, 99900)):
        paid(organization, cents=cents, days_ago=days_ago)
    page = page_text(operator)
    assert "$25.00" in page
    assert "2 purchases; $12.34 yesterday, UTC" in page


def test_it_shows_how_many_jobs_failed_and_whose_fault_it_was(
    operator: Client, organization: Organization
) -> None:
    for _ in range(3):
        factories.finished(organization=organization)
    for kind in (FailureKind.UNAVAILABLE, FailureKind.EXPIRED, FailureKind.MODERATED):
        failed(organization, kind)
    factories.job(organization=organization)
    # Two hours, as one may end meanwhile.
    hours = hourly_stats.read()[-2:]
    assert sum(hour.jobs for hour in hours) == 7
    assert sum(hour.finished for hour in hours) == 3
    assert sum(hour.failed for hour in hours) == 2
    assert sum(hour.refused for hour in hours) == 1
    assert sum(hour.not_over for hour in hours) == 1
    page = page_text(operator)
    assert "40.0 %" in page
    assert "2 of 5, invalid requests excluded" in page
    assert "$0.20 charged" in page


def test_hourly_stats_end_with_this_hour_and_skip_older_jobs(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
    monkeypatch.setattr(hourly_stats, "timezone", SimpleNamespace(now=lambda: now))
    factories.finished(organization=organization)
    Job.objects.update(created_at=now - timedelta(hours=2))
    hours = hourly_stats.read()
    assert [hour.jobs for hour in hours] == [0] * 21 + [1, 0, 0]
    assert hours[-1].begins_at == datetime(2026, 5, 4, 12, tzinfo=UTC)
    Job.objects.update(created_at=now - timedelta(hours=24))
    assert not any(hour.jobs for hour in hourly_stats.read())


def test_many_failures_are_an_alarm_but_few_jobs_are_none(
    operator: Client, organization: Organization
) -> None:
    for _ in range(3):
        factories.finished(organization=organization)
    failed(organization, FailureKind.UNAVAILABLE)
    assert "tasks failed since" not in page_text(operator)
    factories.finished(organization=organization)
    assert "1 of 5 tasks failed since" in page_text(operator)


def test_it_lists_the_newest_organizations_and_their_state(
    operator: Client, organization: Organization, other_organization: Organization
) -> None:
    organizations.suspend(organization=other_organization, actor=SYSTEM)
    page = read(operator, reverse(START))
    text = page_text(operator)
    for each in (organization, other_organization):
        assert reverse("admin:vidgo_organization", args=[each.public_id]) in page.links
    assert "Suspended" in text
    assert "in 7 days" in text


def test_it_shows_the_state_of_each_provider(operator: Client, organization: Organization) -> None:
    factories.finished(organization=organization)
    page = page_text(operator)
    assert "How each provider is doing" in page
    assert "sandbox" in page


def test_an_operator_sees_only_the_permitted_cards(op: User, operator: Client) -> None:
    op.is_superuser = False
    op.save()
    page = page_text(operator)
    for title in ("Paid today", "Jobs by hour", "Newest organizations", "Providers"):
        assert title not in page


def test_it_takes_the_same_few_queries_however_much_there_is(
    operator: Client, organization: Organization, alice: User
) -> None:
    page_text(operator)
    few = count_queries(operator, reverse(START))
    for number in range(8):
        paid(factories.organization(owner=alice, name=f"Org {number}"), cents=500)
        factories.finished(organization=organization)
    assert count_queries(operator, reverse(START)) == few
    assert few <= 17
