"""Endpoints: paused with one e-mail when gone or failing for long, resumed by hand or by a test."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ

from accounts.audit import SYSTEM
from accounts.models import AuditEvent, Organization
from generation.callbacks import endpoints, outbox
from generation.models import Callback, CallbackEndpoint, CallbackTry
from tests.generation.callbacks.conftest import Receive
from tests.generation.callbacks.receiving import (
    Receiver,
    announced,
    answering,
    data_of,
    deliver,
    make_due,
    secret_of,
    tries_of,
    verify,
)

pytestmark = pytest.mark.django_db(transaction=True)


def run_notices() -> int:
    """Run the queued notices as a worker does, and return how many there were."""
    tasks: list[Any] = [row.task for row in OrmQ.objects.all()]
    notices = [task for task in tasks if task["func"] == endpoints.NOTICE]
    for task in notices:
        import_string(task["func"])(*task["args"])
    return len(notices)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Example.com/a?b", "https://example.com"),
        ("https://example.com:443/a", "https://example.com"),
        ("https://example.com:8443/a", "https://example.com:8443"),
    ],
)
def test_urls_of_one_server_share_an_endpoint(url: str, origin: str) -> None:
    assert endpoints.origin_of(url) == origin


def test_410_fails_the_webhook_pauses_the_endpoint_and_sends_one_notice(
    organization: Organization, receive: Receive
) -> None:
    receiver = receive(answering(410))
    OrmQ.objects.all().delete()
    first = announced(organization=organization, url=receiver.url())
    deliver()
    first.refresh_from_db()
    assert (first.state, first.last_error) == ("failed", "gone")
    second = announced(organization=organization, url=receiver.url("/another"))
    assert deliver() == 0
    second.refresh_from_db()
    assert (second.state, second.tries_count) == ("waiting", 0)
    endpoint = CallbackEndpoint.objects.get()
    assert (endpoint.state, endpoint.pause_reason) == ("paused", "gone")
    assert run_notices() == 1
    assert [message.to for message in mail.outbox] == [["alice@example.com"], ["bob@example.com"]]
    assert endpoint.origin in mail.outbox[0].subject
    assert "410 Gone" in str(mail.outbox[0].body)
    assert "/dashboard/callbacks" in str(mail.outbox[0].body)


def test_an_endpoint_that_fails_for_a_day_is_paused_with_a_notice(
    organization: Organization, receive: Receive
) -> None:
    receiver = receive(answering(500))
    callback = announced(organization=organization, url=receiver.url())
    for number in range(11):
        assert CallbackEndpoint.objects.get().state != "paused", number
        make_due()
        deliver()
        CallbackEndpoint.objects.update(
            failing_since=timezone.now() - timedelta(hours=2.4 * (number + 1))
        )
    callback.refresh_from_db()
    assert callback.state == "failed"
    endpoint = CallbackEndpoint.objects.get()
    assert (endpoint.state, endpoint.pause_reason) == ("paused", "failing")
    assert run_notices() == 1
    assert "has not accepted any webhook" in str(mail.outbox[0].body)


def test_many_failures_within_a_day_pause_nothing(
    organization: Organization, receive: Receive
) -> None:
    receiver = receive(answering(500))
    for _ in range(15):
        announced(organization=organization, url=receiver.url())
    while deliver():
        pass
    endpoint = CallbackEndpoint.objects.get()
    assert endpoint.failures_in_a_row >= 15
    assert endpoint.state == "failing"


def test_one_success_resets_the_count(organization: Organization, receive: Receive) -> None:
    receiver = receive(answering(500), answering(200))
    announced(organization=organization, url=receiver.url())
    deliver()
    assert CallbackEndpoint.objects.get().failing_since is not None
    make_due()
    deliver()
    endpoint = CallbackEndpoint.objects.get()
    assert (endpoint.failures_in_a_row, endpoint.failing_since) == (0, None)


def test_queued_webhooks_are_sent_when_the_endpoint_is_resumed(
    organization: Organization, receiver: Receiver
) -> None:
    callback = announced(organization=organization, url=receiver.url())
    with transaction.atomic():
        endpoints.pause(endpoint=callback.endpoint, actor=SYSTEM)
    assert deliver() == 0
    with transaction.atomic():
        endpoints.resume(endpoint=CallbackEndpoint.objects.get(), actor=SYSTEM)
    assert deliver() == 1
    assert receiver.ids == [callback.public_id]
    assert list(AuditEvent.objects.order_by("id").values_list("action", flat=True)) == [
        "callback_endpoint.paused",
        "callback_endpoint.resumed",
    ]


def test_an_accepted_test_resumes_a_paused_endpoint(
    organization: Organization, receive: Receive
) -> None:
    receiver = receive(answering(410), answering(500), answering(200))
    announced(organization=organization, url=receiver.url())
    deliver()
    waiting = announced(organization=organization, url=receiver.url())
    refused = outbox.test(organization=organization, url=receiver.url(), actor=SYSTEM)
    assert deliver() == 1
    refused.refresh_from_db()
    assert (refused.state, refused.tries_count) == ("failed", 1)
    assert CallbackEndpoint.objects.get().state == "paused"
    accepted = outbox.test(organization=organization, url=receiver.url(), actor=SYSTEM)
    assert deliver() == 2
    accepted.refresh_from_db()
    waiting.refresh_from_db()
    assert (accepted.state, waiting.state) == ("delivered", "delivered")
    assert CallbackEndpoint.objects.get().state == "healthy"


def test_a_test_looks_like_a_finished_task(organization: Organization, receiver: Receiver) -> None:
    real = announced(organization=organization, url=receiver.url())
    test = outbox.test(organization=organization, url=receiver.url(), actor=SYSTEM)
    deliver()
    requests = {each.header("webhook-id"): each for each in receiver.received}
    verify(requests[test.public_id], secret=secret_of(organization))
    sample, task = data_of(requests[test.public_id]), data_of(requests[real.public_id])
    assert sample.keys() == task.keys()
    assert sample["files"][0].keys() == task["files"][0].keys()
    assert sample["task_id"].startswith("task_test_")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "https://127.0.0.1/hook",
        "https://169.254.169.254/latest",
        "https://user:secret@example.com/",
        "not a url",
        "https://example.com:22/",
    ],
)
def test_a_test_is_sent_only_to_urls_that_a_task_could_use(
    organization: Organization, url: str
) -> None:
    with pytest.raises(endpoints.BadCallbackUrl):
        outbox.test(organization=organization, url=url, actor=SYSTEM)
    assert Callback.objects.count() == 0


def test_a_replay_sends_it_again_under_its_id_and_restarts_the_schedule(
    organization: Organization, receive: Receive
) -> None:
    receiver = receive(answering(410), answering(500), answering(200))
    callback = announced(organization=organization, url=receiver.url())
    deliver()
    with transaction.atomic():
        endpoints.resume(endpoint=CallbackEndpoint.objects.get(), actor=SYSTEM)
        outbox.replay(callback=callback, actor=SYSTEM)
    deliver()
    callback.refresh_from_db()
    assert (callback.state, callback.step) == ("waiting", 1)
    make_due()
    deliver()
    with transaction.atomic():
        outbox.replay(callback=callback, actor=SYSTEM)
    deliver()
    callback.refresh_from_db()
    assert (callback.state, callback.tries_count) == ("delivered", 4)
    assert receiver.ids == [callback.public_id] * 4
    assert [each.error for each in tries_of(callback)] == ["gone", "rejected", "", ""]


def test_a_webhook_that_is_being_sent_is_not_replayed(organization: Organization) -> None:
    callback = announced(organization=organization, url="https://example.com/hook")
    Callback.objects.update(
        state="sending", leased_until=timezone.now() + timedelta(seconds=10), tries_count=1
    )
    with pytest.raises(outbox.NotOver), transaction.atomic():
        outbox.replay(callback=callback, actor=SYSTEM)


def test_only_webhooks_that_failed_since_a_moment_are_replayed(
    organization: Organization, other_organization: Organization, receiver: Receiver
) -> None:
    now = timezone.now()
    recent, old, delivered = (
        announced(organization=organization, url=receiver.url()) for _ in range(3)
    )
    foreign = announced(organization=other_organization, url=receiver.url())
    for callback, state, hours in [
        (recent, "failed", 1),
        (old, "failed", 30),
        (delivered, "delivered", 1),
        (foreign, "failed", 1),
    ]:
        Callback.objects.filter(pk=callback.pk).update(
            state=state, ended_at=now - timedelta(hours=hours)
        )
    with transaction.atomic():
        replayed = outbox.replay_failed(
            organization=organization, since=now - timedelta(hours=24), actor=SYSTEM
        )
    assert replayed == 1
    deliver()
    assert receiver.ids == [recent.public_id]


def test_old_webhooks_are_deleted_with_their_tries_and_unused_endpoints(
    organization: Organization, receiver: Receiver
) -> None:
    long_ago = timezone.now() - timedelta(days=31)
    old = announced(organization=organization, url=receiver.url())
    deliver()
    Callback.objects.update(ended_at=long_ago)
    forgotten = announced(organization=organization, url="https://paused.example.com/")
    CallbackEndpoint.objects.filter(pk=forgotten.endpoint_id).update(
        paused_at=long_ago, pause_reason="gone"
    )
    CallbackEndpoint.objects.update(created_at=long_ago)
    Callback.objects.filter(pk=forgotten.pk).update(created_at=long_ago)
    kept = announced(organization=organization, url="https://kept.example.com/")
    assert outbox.remove_old() == 2
    assert list(Callback.objects.all()) == [kept]
    assert CallbackTry.objects.filter(callback=old.pk).count() == 0
    origins = set(CallbackEndpoint.objects.values_list("origin", flat=True))
    # A paused one stays: the next webhook to it must stay paused, too.
    assert origins == {"https://paused.example.com", "https://kept.example.com"}
    assert outbox.remove_old() == 0
