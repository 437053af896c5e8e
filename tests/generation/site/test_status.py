"""The status page: measured from real tasks, without counts, customers or providers."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import Organization
from generation.models import Job, ProviderState
from generation.reporting import service_status
from generation.reporting.service_status import ServiceStatus, Span
from tests import factories
from tests.reading import check, read


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty the cache before each test."""
    monkeypatch.setattr(service_status._Kept, "until", 0.0)


def words() -> str:
    content = Client().get("/status").content.decode()
    return " ".join(re.sub(r"<[^>]*>", " ", content).split())


def ended(job: Job, *, after: float, ago: timedelta = timedelta(minutes=5)) -> None:
    """Set when a job ended and how many seconds it took."""
    end = timezone.now() - ago
    Job.objects.filter(pk=job.pk).update(ended_at=end, created_at=end - timedelta(seconds=after))


@pytest.mark.django_db
def test_a_new_installation_is_operational_without_data() -> None:
    page = read(Client(), "/status")
    assert page.all("link", rel="canonical")
    text = words()
    assert "All systems operational" in text
    assert "Queue empty" in text
    assert "Success rate not enough data not enough data" in text


def test_shares_and_times_are_those_of_the_tasks(organization: Organization) -> None:
    for seconds in (2.0, 4.0, 6.0):
        ended(factories.finished(organization=organization), after=seconds)
    yesterday = factories.finished(organization=organization)
    ended(yesterday, after=100.0, ago=timedelta(hours=3))
    for kind in ("unavailable", "expired"):
        failed = factories.failed(organization=organization)
        Job.objects.filter(pk=failed.pk).update(failure_kind=kind)
        ended(failed, after=1.0)
    measured = service_status.measure()
    assert measured.hour.share_finished == pytest.approx(3 / 5)
    assert measured.hour.median_seconds == pytest.approx(4.0)
    assert measured.day.share_finished == pytest.approx(4 / 6)
    assert measured.day.slow_seconds == pytest.approx(6.0 + 0.85 * 94.0)
    assert measured.is_failing
    assert "Success rate 60 % 66.6 %" in words()
    assert "More tasks than usual are failing." in words()


def test_what_customers_did_themselves_says_nothing_of_the_service(
    organization: Organization,
) -> None:
    for _ in range(5):
        ended(factories.finished(organization=organization), after=1.0)
    for kind in service_status.REQUEST_FAULTS:
        failed = factories.failed(organization=organization)
        Job.objects.filter(pk=failed.pk).update(failure_kind=kind.value)
    assert service_status.measure().hour.share_finished == 1.0


def test_a_task_of_two_days_ago_is_in_no_span(organization: Organization) -> None:
    for _ in range(service_status.FEWEST):
        ended(factories.finished(organization=organization), after=1.0, ago=timedelta(days=2))
    assert service_status.measure().day == Span()


def test_a_long_wait_is_reported(organization: Organization) -> None:
    waiting = factories.job(organization=organization)
    Job.objects.filter(pk=waiting.pk).update(created_at=timezone.now() - timedelta(seconds=150))
    text = words()
    assert "oldest task waiting for 2 min 3" in text
    assert "Tasks are waiting longer than usual to start." in text


def test_a_provider_outage_is_reported_without_its_name(
    organization: Organization, settings: Settings
) -> None:
    settings.BFL_API_KEY = settings.FAL_KEY = "key"
    ProviderState.objects.create(
        name="bfl", open_until=timezone.now() + timedelta(minutes=1), last_failure="bfl is down"
    )
    assert set(service_status.measure().models.values()) == {"reduced"}
    text = words().lower()
    assert "fewer providers than usual" in text
    assert "bfl" not in text
    assert "fal " not in text


def test_models_that_nobody_can_make_are_down(organization: Organization) -> None:
    ProviderState.objects.create(name="sandbox", paused_until=timezone.now() + timedelta(minutes=1))
    assert service_status.measure().worst == "down"
    assert "Image generation is down" in words()


@pytest.mark.django_db
def test_a_past_outage_is_not_reported() -> None:
    ProviderState.objects.create(
        name="sandbox", open_until=timezone.now() - timedelta(seconds=1), throttled_until=None
    )
    assert service_status.measure().worst == "healthy"


def test_no_task_count_and_no_customer_is_revealed(organization: Organization) -> None:
    jobs = [factories.finished(organization=organization) for _ in range(7)]
    text = words()
    assert not [job.public_id for job in jobs if job.public_id in text]
    assert organization.name not in text
    assert "7" not in text.split("Tasks Last hour")[1].split("Measured")[0]


@pytest.mark.django_db
def test_it_is_measured_in_three_queries_and_then_kept(
    django_assert_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    with django_assert_num_queries(3):
        Client().get("/status")
    with django_assert_num_queries(0):
        Client().get("/status")
    monkeypatch.setattr(service_status._Kept, "until", 0.0)
    with django_assert_num_queries(3):
        Client().get("/status")


def test_without_a_database_it_still_answers_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> ServiceStatus:
        raise OperationalError("connection refused at 10.0.0.7")

    monkeypatch.setattr(service_status, "measure", refuse)
    # Without the db fixture any query is an error.
    answer = Client().get("/status")
    assert answer.status_code == 503
    check(answer)
    assert "Database unavailable" in answer.content.decode()
    assert "10.0.0.7" not in answer.content.decode()


@pytest.mark.parametrize(
    ("share", "percent"), [(1.0, "100 %"), (0.99996, "99.9 %"), (0.9, "90 %"), (None, "")]
)
def test_a_share_is_never_rounded_up(share: float | None, percent: str) -> None:
    assert Span(share_finished=share).percent == percent


@pytest.mark.parametrize(
    ("waited", "hour", "models", "worst"),
    [
        (None, Span(), ("healthy", "healthy"), "healthy"),
        (59.0, Span(share_finished=0.95), ("healthy", "healthy"), "healthy"),
        (61.0, Span(), ("healthy", "healthy"), "reduced"),
        (None, Span(share_finished=0.94), ("healthy", "healthy"), "reduced"),
        (None, Span(), ("healthy", "down"), "reduced"),
        (None, Span(), ("down", "down"), "down"),
    ],
)
def test_the_whole_is_as_well_as_its_worst_part(
    waited: float | None, hour: Span, models: tuple[str, str], worst: str
) -> None:
    now = ServiceStatus(
        read_at=datetime.now(tz=timezone.get_current_timezone()),
        longest_wait_seconds=waited,
        hour=hour,
        day=Span(),
        models=dict(zip("ab", models, strict=True)),
    )
    assert now.worst == worst
