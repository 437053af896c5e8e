"""Providers, the queue and webhooks in the admin."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import Schedule
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEvent, Organization
from generation.models import Attempt, Callback, CallbackEndpoint, Job, ProviderState
from generation.providers import circuit_breaker, registry
from generation.providers.base import Failure, FailureKind
from tests import factories
from tests.admin.conftest import act, last_event
from tests.conftest import signed_in
from tests.generation.callbacks.receiving import announced

pytestmark = pytest.mark.django_db
PROVIDERS, QUEUE = "admin:vidgo_providers", "admin:vidgo_queue"
CALLBACKS = "admin:generation_callback_changelist"


def page_text(browser: Client, name: str) -> str:
    return str(browser.get(reverse(name)).content.decode())


def free() -> int:
    return circuit_breaker.free_slots(providers=registry.providers())["sandbox"]


@pytest.mark.parametrize(
    "name", [PROVIDERS, QUEUE, "admin:vidgo_margin", "admin:vidgo_ledger_checks"]
)
def test_an_admin_page_is_open_only_to_operators(
    name: str, looker: Client, alice_client: Client
) -> None:
    assert looker.get(reverse(name)).status_code == 200
    assert alice_client.get(reverse(name), follow=True).status_code == 403
    assert Client().get(reverse(name)).status_code == 302


@pytest.mark.parametrize(
    "name", [PROVIDERS, QUEUE, "admin:vidgo_margin", "admin:vidgo_ledger_checks"]
)
def test_an_operator_without_the_permission_to_view_is_refused(name: str) -> None:
    junior = signed_in(factories.user("junior@example.com", is_staff=True))
    assert junior.get(reverse(name)).status_code == 403
    assert junior.get(reverse("admin:index")).status_code == 200


def test_a_provider_is_paused_and_resumed_with_a_reason(operator: Client, db: None) -> None:
    assert free() > 1
    act(operator, "pause-provider", provider="sandbox", hours=6)
    assert free() == 0
    event = last_event("provider.paused")
    assert event.organization is None
    assert event.target.startswith("sandbox until ")
    text = page_text(operator, PROVIDERS)
    assert "Paused" in text
    assert "by an operator: Ticket 4711" in text
    # A job that started before does not end the pause.
    started = Attempt(provider="sandbox", started_at=timezone.now())
    circuit_breaker.note_success(attempt=started)
    assert free() == 0

    act(operator, "resume-provider", provider="sandbox")
    assert free() > 1
    assert last_event("provider.resumed").target == "sandbox"


def test_a_pause_may_last_until_someone_ends_it(operator: Client) -> None:
    act(operator, "pause-provider", provider="sandbox", hours=0)
    until = ProviderState.objects.get().paused_until
    assert until is not None
    assert until > timezone.now() + timedelta(days=3000)
    assert "Paused" in page_text(operator, PROVIDERS)


def test_an_unknown_provider_is_refused(operator: Client) -> None:
    refused = act(operator, "pause-provider", provider="nobody", hours=1)
    assert "This installation has no such provider." in refused.content.decode()
    assert not ProviderState.objects.exists()


def test_the_page_shows_health_slots_balance_and_recent_failures(
    operator: Client,
    organization: Organization,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    factories.finished(organization=organization)
    factories.failed(organization=organization)
    job = factories.running(organization=organization)
    failure = Failure(FailureKind.UNAVAILABLE, "Down.")
    for _ in range(circuit_breaker.FAILURES_UNTIL_OPEN):
        circuit_breaker.note_failure(attempt=factories.attempts_of(job)[0], failure=failure)
    ProviderState.objects.update(balance=Decimal(12), balance_unit="credits")
    text = page_text(operator, PROVIDERS)
    for part in ("Open", "1 of 500 in use", "1 of 2 failed", "1 moderated", "12 credits"):
        assert part in text, part
    start = page_text(operator, "admin:index")
    assert "Provider sandbox is open" in start
    assert "Low balance at sandbox: 12 credits left." in start
    with django_assert_num_queries(5) as few:
        page_text(operator, PROVIDERS)
    ProviderState.objects.update(open_until=None, failures_in_a_row=0)
    factories.failed(organization=organization)
    with django_assert_num_queries(len(few)):
        page_text(operator, PROVIDERS)


def test_the_queue_page_shows_who_waits_and_since_when(
    operator: Client, organization: Organization
) -> None:
    factories.running(organization=organization)
    factories.running(organization=organization)
    waiting = factories.job(organization=organization)
    Job.objects.filter(pk=waiting.pk).update(created_at=timezone.now() - timedelta(minutes=10))
    queue = operator.get(reverse(QUEUE)).context["queue"]
    assert (queue.queued, queue.running, queue.lost) == (1, 2, 0)
    assert (queue.drivers, queue.workers) == (1, 1)
    (row,) = operator.get(reverse(QUEUE)).context["waiting"]
    assert (row["name"], row["waiting"], row["running"]) == ("Acme", 1, 2)
    assert "waiting for 10 minutes" in page_text(operator, "admin:index")


def test_jobs_without_a_live_worker_are_reported(
    operator: Client, organization: Organization
) -> None:
    job = factories.running(organization=organization)
    Job.objects.filter(pk=job.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    assert operator.get(reverse(QUEUE)).context["queue"].lost == 1
    assert "1 running tasks lost their worker" in page_text(operator, "admin:index")


@pytest.mark.parametrize(("minutes", "silent"), [(1, False), (10, True)])
def test_an_overdue_schedule_means_that_no_worker_is_alive(
    operator: Client, minutes: int, silent: bool
) -> None:
    due = timezone.now() - timedelta(minutes=minutes)
    Schedule.objects.update(next_run=timezone.now() + timedelta(minutes=1))
    Schedule.objects.filter(name="drive").update(next_run=due)
    assert operator.get(reverse(QUEUE)).context["queue"].is_silent is silent
    alarm = "No worker has taken a task for 10 minutes."
    assert (alarm in page_text(operator, "admin:index")) is silent


@pytest.fixture
def failed(organization: Organization) -> Callback:
    """A webhook delivery that has failed for good."""
    callback = announced(organization=organization, url="https://example.com/hook")
    Callback.objects.filter(pk=callback.pk).update(
        state=Callback.State.FAILED, ended_at=timezone.now(), step=9
    )
    return callback


def state(callback: Callback) -> str:
    return Callback.objects.get(pk=callback.pk).state


def test_a_webhook_is_found_by_its_task_through_an_index(
    operator: Client, organization: Organization, failed: Callback
) -> None:
    announced(organization=organization, url="https://example.com/hook")
    assert failed.job is not None
    query = {"q": failed.job.public_id}
    rows = operator.get(reverse(CALLBACKS), query).context["cl"].queryset
    assert [row.pk for row in rows] == [failed.pk]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "task_is_announced_once" in rows.explain()


@pytest.mark.parametrize(
    ("table", "query", "index"),
    [
        ("generation_callback", {"last_error": "rejected"}, "callback_by_error"),
        ("generation_job", {"failure_kind__exact": "moderated"}, "job_failed_by"),
    ],
)
def test_rows_with_one_kind_of_failure_are_found_through_an_index(
    table: str, query: dict[str, str], index: str, operator: Client
) -> None:
    rows = operator.get(reverse(f"admin:{table}_changelist"), query).context["cl"].queryset
    with connection.cursor() as cursor:
        for method in ("seqscan", "bitmapscan", "sort"):
            cursor.execute(f"SET LOCAL enable_{method} = off")
    plan = rows.explain()
    assert re.search(rf"Index Scan using {index} .*\n +Index Cond", plan), plan


def test_selected_webhooks_are_resent_with_a_reason(
    operator: Client, organization: Organization, failed: Callback
) -> None:
    assert "1 will be resent" in act(operator, "send-again", failed.pk).content.decode()
    assert state(failed) == "waiting"
    assert last_event("callbacks.replayed").organization == organization


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"hours": 1}, True),
        ({"hours": 1, "organization": "{org}"}, True),
        ({"hours": 1, "origin": "https://EXAMPLE.com/"}, True),
        ({"hours": 1, "origin": "https://elsewhere.example"}, False),
        ({"hours": 1, "organization": "org_nobody"}, False),
    ],
)
def test_recently_failed_webhooks_are_resent_in_bulk(
    operator: Client,
    organization: Organization,
    failed: Callback,
    values: dict[str, Any],
    found: bool,
) -> None:
    values = {
        name: value.format(org=organization.public_id) if isinstance(value, str) else value
        for name, value in values.items()
    }
    answer = act(operator, "send-failed-again", **values)
    assert state(failed) == ("waiting" if found else "failed")
    assert ("1 will be resent" in answer.content.decode()) is found
    assert AuditEvent.objects.filter(action="callbacks.replayed").exists() is found


def test_webhooks_that_failed_long_ago_are_left_alone(operator: Client, failed: Callback) -> None:
    Callback.objects.update(ended_at=timezone.now() - timedelta(hours=3))
    answer = act(operator, "send-failed-again", hours=2)
    assert "No failed webhooks match" in answer.content.decode()
    assert state(failed) == "failed"


def test_a_webhook_server_is_paused_and_resumed_with_a_reason(
    operator: Client, failed: Callback
) -> None:
    act(operator, "pause-server", failed.endpoint_id)
    assert CallbackEndpoint.objects.get().pause_reason == "by_hand"
    last_event("callback_endpoint.paused")
    act(operator, "resume-server", failed.endpoint_id)
    assert CallbackEndpoint.objects.get().paused_at is None
    last_event("callback_endpoint.resumed")


def test_a_server_paused_by_failures_is_an_alarm(operator: Client, failed: Callback) -> None:
    CallbackEndpoint.objects.update(paused_at=timezone.now(), pause_reason="failing")
    assert "1 webhook endpoint is paused" in page_text(operator, "admin:index")
