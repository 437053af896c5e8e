"""Delivery: signed, retried by the schedule, bounded in time, and no receiver delays another."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ
from pytest_django import Settings
from standardwebhooks import WebhookVerificationError

from accounts.models import Organization
from generation import jobs, tasks
from generation.callbacks import (
    delivery,
    delivery_claims,
    delivery_results,
    endpoints,
    outbox,
    retry_schedule,
)
from generation.callbacks.delivery_results import Result
from generation.engine import worker
from generation.jobs import generation_request
from generation.models import Callback, CallbackTry
from tests import factories
from tests.conftest import Api
from tests.generation.callbacks.conftest import Receive
from tests.generation.callbacks.receiving import (
    Behaviour,
    Receiver,
    announced,
    answering,
    data_of,
    deliver,
    ended,
    make_due,
    secret_of,
    tries_of,
    verify,
)
from tests.kernel.network import Network, Request
from vidgo.kernel import queue
from vidgo.kernel.db import transactions
from vidgo.kernel.queue import cluster

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_webhook_has_the_body_of_the_status_endpoint_and_a_valid_signature(
    organization: Organization, receiver: Receiver, api: Api
) -> None:
    callback = announced(organization=organization, url=receiver.url("/hook?cart=7"))
    assert deliver() == 1
    (request,) = receiver.received
    assert request.line == "POST /hook?cart=7 HTTP/1.1"
    assert request.header("content-type") == "application/json"
    assert request.header("webhook-id") == callback.public_id
    assert callback.job is not None
    answer = api.get(f"/api/generate/status/{callback.job.public_id}")
    assert request.body == answer.content
    body = verify(request, secret=secret_of(organization))
    assert body["data"]["status"] == "finished"
    assert body["data"]["files"][0]["file_url"].startswith("http")
    callback.refresh_from_db()
    assert (callback.state, callback.last_status, callback.last_error) == ("delivered", 200, "")
    assert callback.ended_at is not None
    (only,) = tries_of(callback)
    assert (only.status, only.error) == (200, "")
    assert only.latency_ms is not None
    assert only.ended_at is not None
    assert deliver() == 0


def test_a_failed_task_is_reported(organization: Organization, receiver: Receiver) -> None:
    announced(organization=organization, url=receiver.url(), finished=False)
    deliver()
    task = data_of(receiver.received[0])
    assert (task["status"], task["credits_amount"]) == ("failed", 0)
    assert task["error_message"] == "The prompt was refused."


def test_a_forged_message_does_not_verify(organization: Organization, receiver: Receiver) -> None:
    announced(organization=organization, url=receiver.url())
    deliver()
    (request,) = receiver.received
    secret = secret_of(organization)
    verify(request, secret=secret)
    request.body = request.body.replace(b'"finished"', b'"failed"')
    with pytest.raises(WebhookVerificationError):
        verify(request, secret=secret)


def test_another_organizations_secret_does_not_verify_it(
    organization: Organization, other_organization: Organization, receiver: Receiver
) -> None:
    announced(organization=organization, url=receiver.url())
    deliver()
    with pytest.raises(WebhookVerificationError):
        verify(receiver.received[0], secret=secret_of(other_organization))


def test_tries_follow_the_schedule_under_one_id_until_the_last_one_fails(
    organization: Organization, receive: Receive
) -> None:
    receiver = receive(answering(500, b"try later"))
    callback = announced(organization=organization, url=receiver.url())
    gaps = []
    while not callback.is_over:
        make_due()
        assert deliver() == 1
        callback.refresh_from_db()
        if not callback.is_over:
            gaps.append((callback.due_at - timezone.now()).total_seconds())
    offsets = (0, *retry_schedule.OFFSETS_SECONDS)
    planned = [offsets[n + 1] - offsets[n] for n in range(10)]
    assert len(gaps) == len(planned)
    for gap, plan in zip(gaps, planned, strict=True):
        assert plan - 5 < gap < plan * (1 + retry_schedule.JITTER) + 1
    assert callback.state == "failed"
    assert receiver.ids == [callback.public_id] * 11
    tries = tries_of(callback)
    assert [each.number for each in tries] == list(range(1, 12))
    assert {(each.status, each.error, each.answer) for each in tries} == {
        (500, "rejected", "try later")
    }


def test_the_schedule_is_the_published_one_and_lasts_a_day() -> None:
    minute, hour = 60, 3600
    assert (
        *(5, minute, 5 * minute, 30 * minute, 2 * hour),
        *(5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour),
    ) == retry_schedule.OFFSETS_SECONDS
    delays = [retry_schedule.delay_after(step=step) for step in range(1, 11)]
    assert 24 * hour <= sum(delay or 0 for delay in delays) <= 24 * hour * 1.1
    assert retry_schedule.delay_after(step=11) is None
    assert len({retry_schedule.delay_after(step=4) for _ in range(20)}) > 1


def test_a_receiver_that_recovers_gets_its_webhook_late(
    organization: Organization, receive: Receive
) -> None:
    receiver = receive(answering(503), Request.reset, answering(204))
    callback = announced(organization=organization, url=receiver.url())
    for _ in range(3):
        make_due()
        deliver()
    callback.refresh_from_db()
    assert callback.state == "delivered"
    assert [each.error for each in tries_of(callback)] == ["rejected", "connection_lost", ""]
    assert receiver.ids == [callback.public_id] * 3
    callback.endpoint.refresh_from_db()
    assert (callback.endpoint.state, callback.endpoint.failing_since) == ("healthy", None)


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [("3600", 3590, 3601), ("1", 4, 6), ("99999999", 86_390, 86_401), ("soon", 4, 6)],
)
def test_retry_after_is_honoured_within_bounds(
    organization: Organization, receive: Receive, header: str, least: float, most: float
) -> None:
    receiver = receive(answering(429, Retry_After=header))
    callback = announced(organization=organization, url=receiver.url())
    deliver()
    callback.refresh_from_db()
    assert least < (callback.due_at - timezone.now()).total_seconds() < most


def drip(request: Request) -> None:
    """Answer one byte every fifth of a second."""
    request.drip(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100, every_seconds=0.2)


def huge(request: Request) -> None:
    """Answer a body of 20 MB."""
    request.answer(500, b"x" * 20_000_000, Connection="close")


def redirect(request: Request) -> None:
    """Redirect to a cloud's metadata address."""
    request.answer(302, Location="http://169.254.169.254/latest/meta-data/", Connection="close")


@pytest.mark.parametrize(
    ("behaviour", "error", "status"),
    [
        (Request.hang, "timed_out", None),
        (drip, "timed_out", None),
        (huge, "rejected", 500),
        (redirect, "redirected", 302),
        (Request.reset, "connection_lost", None),
        (lambda request: request.send(b"nonsense\r\n\r\n"), "not_http", None),
        (answering(404), "rejected", 404),
        (answering(410), "gone", 410),
    ],
)
def test_a_receiver_that_misbehaves_costs_a_bounded_time_and_a_try(
    organization: Organization,
    receive: Receive,
    network: Network,
    monkeypatch: pytest.MonkeyPatch,
    behaviour: Behaviour,
    error: str,
    status: int | None,
) -> None:
    shortened = delivery.http.Policy(max_bytes=1024, cut_body=True, total_timeout_seconds=1.5)
    assert shortened.max_redirects == delivery.http.CALLBACK.max_redirects == 0
    monkeypatch.setattr(delivery.http, "CALLBACK", shortened)
    receiver = receive(behaviour)
    callback = announced(organization=organization, url=receiver.url())
    began = time.monotonic()
    assert deliver() == 1
    assert time.monotonic() - began < 10
    (only,) = tries_of(callback)
    assert (only.error, only.status) == (error, status)
    assert len(only.answer) <= 1024
    assert len(receiver.received) == 1
    assert set(network.addresses) == {"127.0.0.1"}
    callback.refresh_from_db()
    assert callback.state == ("failed" if error == "gone" else "waiting")


def test_the_first_kilobyte_of_any_answer_is_kept(
    organization: Organization, receive: Receive
) -> None:
    receiver = receive(answering(400, b"<b>no</b>\x00\xff" + b"y" * 5000))
    callback = announced(organization=organization, url=receiver.url())
    deliver()
    (only,) = tries_of(callback)
    assert only.answer.startswith("<b>no</b>��yyy")
    assert len(only.answer) == 1024


def test_an_address_that_became_private_is_not_called(
    organization: Organization, receiver: Receiver, settings: Settings
) -> None:
    callback = announced(organization=organization, url=receiver.url())
    settings.VIDGO_ALLOW_LOOPBACK_URLS = False
    deliver()
    assert receiver.received == []
    (only,) = tries_of(callback)
    assert only.error in ("scheme", "port", "forbidden_address")
    assert only.status is None


def test_a_job_without_a_callback_url_sends_no_webhook(organization: Organization) -> None:
    OrmQ.objects.all().delete()
    with transaction.atomic():
        assert outbox.announce(job=ended(organization=organization, url="")) is None
    assert Callback.objects.count() == 0
    assert OrmQ.objects.count() == 0


def test_a_webhook_is_stored_with_its_wake_up_in_the_transaction_that_ends_the_job(
    organization: Organization,
) -> None:
    job = ended(organization=organization, url="https://example.com/hook")
    with pytest.raises(transactions.TransactionRequired):
        outbox.announce(job=job)
    OrmQ.objects.all().delete()
    with pytest.raises(RuntimeError), transaction.atomic():
        outbox.announce(job=job)
        raise RuntimeError
    assert (Callback.objects.count(), OrmQ.objects.count()) == (0, 0)
    with transaction.atomic():
        outbox.announce(job=job)
    assert OrmQ.objects.get().func() == "generation.tasks.deliver_callbacks"


def test_a_receiver_that_hangs_delays_no_other(
    organization: Organization,
    other_organization: Organization,
    receive: Receive,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Fifty webhooks hang for two seconds each; the healthy receivers get theirs within 1.5."""
    shortened = delivery.http.Policy(max_bytes=1024, cut_body=True, total_timeout_seconds=2)
    monkeypatch.setattr(delivery.http, "CALLBACK", shortened)
    settings.CALLBACKS_IN_FLIGHT_PER_PROCESS = 20
    settings.WORK_CYCLE_SECONDS = 1
    stalled, ours, theirs = receive(Request.hang), receive(), receive()
    for _ in range(50):
        announced(organization=organization, url=stalled.url())
    same = [announced(organization=organization, url=ours.url()) for _ in range(5)]
    others = [announced(organization=other_organization, url=theirs.url()) for _ in range(5)]
    deliver()
    assert sorted(filter(None, ours.ids)) == sorted(each.public_id for each in same)
    assert sorted(filter(None, theirs.ids)) == sorted(each.public_id for each in others)
    assert len(stalled.received) <= settings.CALLBACKS_IN_FLIGHT_PER_ENDPOINT
    for each in [*same, *others]:
        (only,) = tries_of(each)
        assert only.ended_at is not None
        assert (only.ended_at - each.created_at).total_seconds() < 1.5


def test_jobs_go_on_beside_a_receiver_that_hangs(
    organization: Organization, receive: Receive, monkeypatch: pytest.MonkeyPatch
) -> None:
    shortened = delivery.http.Policy(max_bytes=1024, cut_body=True, total_timeout_seconds=1)
    monkeypatch.setattr(delivery.http, "CALLBACK", shortened)
    announced(organization=organization, url=receive(Request.hang).url())
    driven: list[float] = []
    due = [True, True, False]
    monkeypatch.setattr(worker.job_loop, "drive", lambda: driven.append(time.monotonic()))
    monkeypatch.setattr(worker.claims, "is_due", lambda: bool(due) and due.pop(0))
    worker.run_cycle()
    assert len(driven) == 3
    assert driven[-1] - driven[0] < 0.8


def test_an_error_of_the_job_loop_is_raised_after_the_webhooks_were_sent(
    organization: Organization, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    announced(organization=organization, url=receiver.url())

    def broken() -> None:
        raise RuntimeError("the job loop")

    monkeypatch.setattr(worker.job_loop, "drive", broken)
    with pytest.raises(RuntimeError, match="the job loop"):
        worker.run_cycle()
    assert len(receiver.received) == 1


def test_an_endpoint_gets_no_more_at_once_than_its_limit(
    organization: Organization, settings: Settings
) -> None:
    settings.CALLBACKS_IN_FLIGHT_PER_ENDPOINT = 3
    settings.CALLBACKS_IN_FLIGHT_PER_ORGANIZATION = 5
    for number in range(30):
        announced(organization=organization, url=f"https://{number % 3}.example.com/hook")
    first = delivery_claims.claim(owner="one", limit=100)
    assert len(first) == 5
    per_endpoint = [each.callback.endpoint_id for each in first]
    assert max(per_endpoint.count(each) for each in per_endpoint) <= 3
    assert delivery_claims.claim(owner="two", limit=100) == []
    assert not delivery_claims.is_due()
    delivery_results.record(callback=first[0].callback, result=Result(error=""))
    assert delivery_claims.is_due()
    assert len(delivery_claims.claim(owner="two", limit=100)) == 1


def test_claims_are_fair_across_organizations(
    organization: Organization, other_organization: Organization
) -> None:
    for number in range(40):
        announced(organization=organization, url=f"https://{number}.example.com/hook")
    theirs = announced(organization=other_organization, url="https://example.net/hook")
    claimed = delivery_claims.claim(owner="one", limit=4)
    assert theirs.pk in [each.callback.pk for each in claimed]


def test_a_failing_endpoint_gets_one_webhook_at_a_time(organization: Organization) -> None:
    callbacks = [
        announced(organization=organization, url="https://example.com/hook") for _ in range(4)
    ]
    endpoint = callbacks[0].endpoint
    endpoint.failures_in_a_row = delivery_claims.STRIKES
    endpoint.save()
    assert len(delivery_claims.claim(owner="one", limit=100)) == 1


def test_after_its_lease_ran_out_a_webhook_is_sent_again_and_the_late_sender_is_fenced(
    organization: Organization, receiver: Receiver
) -> None:
    callback = announced(organization=organization, url=receiver.url())
    (late,) = delivery_claims.claim(owner="killed", limit=10)
    assert delivery_claims.claim(owner="other", limit=10) == []
    Callback.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert delivery_claims.is_due()
    assert deliver() == 1
    assert (
        delivery_results.record(callback=late.callback, result=Result(error="timed_out")) is False
    )
    callback.refresh_from_db()
    assert (callback.state, callback.tries_count, callback.step) == ("delivered", 2, 0)
    assert receiver.ids == [callback.public_id]
    assert [each.error for each in tries_of(callback)] == ["timed_out", ""]


def test_webhooks_of_a_killed_cluster_are_released_at_once(organization: Organization) -> None:
    announced(organization=organization, url="https://example.com/hook")
    assert len(delivery_claims.claim(owner=f"{queue.cluster_name}/1", limit=10)) == 1
    assert not delivery_claims.is_due()
    assert delivery_claims.release_cluster(cluster="another") == 0
    assert delivery_claims.release_cluster(cluster=queue.cluster_name) == 1
    assert delivery_claims.is_due()


def test_a_bug_of_ours_is_recorded_as_a_try_and_does_not_count_against_the_endpoint(
    organization: Organization, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    callback = announced(organization=organization, url=receiver.url())

    def broken(job: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(delivery.representation, "task", broken)
    deliver()
    callback.refresh_from_db()
    assert (callback.state, callback.last_error, callback.step) == ("waiting", "broken", 1)
    assert callback.endpoint.failures_in_a_row == 0


def test_a_stopping_worker_releases_calls_that_hang(
    organization: Organization, receive: Receive, monkeypatch: pytest.MonkeyPatch
) -> None:
    callback = announced(organization=organization, url=receive(Request.hang).url())
    monkeypatch.setattr(delivery, "STOP_SECONDS", 0.2)

    class Stopping(cluster.Heartbeat):
        asked = 0

        @property
        def is_stopping(self) -> bool:
            self.asked += 1
            return self.asked > 3

    monkeypatch.setattr(delivery.queue, "heartbeat", Stopping())
    began = time.monotonic()
    deliver()
    assert time.monotonic() - began < 10
    callback.refresh_from_db()
    assert (callback.state, callback.leased_until) == ("waiting", None)
    (only,) = CallbackTry.objects.all()
    assert only.ended_at is None


def test_a_hundred_webhooks_to_one_receiver_are_sent_in_parallel(
    organization: Organization,
    receive: Receive,
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    def slow(request: Request) -> None:
        time.sleep(0.2)
        request.answer(200, Connection="close")

    receiver = receive(slow)
    callbacks = [announced(organization=organization, url=receiver.url()) for _ in range(100)]
    began = time.monotonic()
    while deliver():
        pass
    seconds = time.monotonic() - began
    assert sorted(filter(None, receiver.ids)) == sorted(each.public_id for each in callbacks)
    assert seconds < 100 * 0.2 * 0.8
    record_testsuite_property("hundred_callbacks_seconds", round(seconds, 2))


@pytest.mark.parametrize(
    ("prompt", "status"), [("a red fox", "finished"), ("sandbox:fail", "failed")]
)
def test_the_wake_up_that_drives_a_task_also_sends_its_webhook(
    organization: Organization, receiver: Receiver, prompt: str, status: str
) -> None:
    wanted = generation_request.parse(
        model="flux-kontext-pro", input={"prompt": prompt}, callback_url=receiver.url()
    )
    factories.credits(organization=organization, amount=wanted.price_credits)
    job = jobs.submit(organization=organization, request=wanted).job
    deadline = time.monotonic() + 20
    while not receiver.received and time.monotonic() < deadline:
        tasks.drive()
    (request,) = receiver.received
    task = verify(request, secret=secret_of(organization))["data"]
    assert (task["task_id"], task["status"]) == (job.public_id, status)
    tasks.deliver_callbacks()
    assert len(receiver.received) == 1


def test_the_sweep_deletes_old_webhooks_and_the_schedule_sends_a_wake_up_for_due_ones(
    organization: Organization,
) -> None:
    announced(organization=organization, url="https://example.com/hook")
    long_ago = timezone.now() - timedelta(days=31)
    Callback.objects.update(state="failed", ended_at=long_ago, created_at=long_ago)
    tasks.sweep()
    assert Callback.objects.count() == 0
    scheduled = {task for task, _, _ in tasks.SCHEDULES}
    assert import_string(outbox.WAKE_UP) is tasks.deliver_callbacks
    assert "generation.tasks.notify_callbacks" in scheduled
    OrmQ.objects.all().delete()
    tasks.notify_callbacks()
    assert OrmQ.objects.get().func() == outbox.WAKE_UP
    assert import_string(endpoints.NOTICE) is tasks.send_callback_notice
