"""Deliveries of events: signed, retried, dropped, repeated, delayed and reordered."""

import time
from typing import Any

import pytest
import stripe
from django_q.models import OrmQ, Schedule
from pytest_django import Settings

from sandbox.stripe import checkout_payments, deliveries, events, switches, tasks
from sandbox.stripe.models import Delivery, DeliveryTry, Event

from .conftest import SECRET, Endpoint, deliver, happened

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.sandbox.stripe.routes"),
]


def test_each_event_arrives_once_signed_and_in_order(
    endpoint: Endpoint, session: stripe.checkout.Session
) -> None:
    checkout_payments.pay_by_card(session=session.id)
    deliver()

    assert endpoint.types == happened()
    event = endpoint.events[-1]
    assert event.type == "checkout.session.completed"
    assert event.data.object["id"] == session.id
    assert event.data.object["payment_status"] == "paid"
    assert (event.api_version, event.livemode) == ("2026-10-28.endive", False)
    assert deliver() == 0
    assert {row.status for row in DeliveryTry.objects.all()} == {200}


def test_an_event_names_the_request_that_caused_it(endpoint: Endpoint, api: Any) -> None:
    made = api.customers.create({}, {"idempotency_key": "key-1"})
    deliver()
    (event,) = endpoint.events
    assert event.request is not None
    assert event.request.idempotency_key == "key-1"
    assert event.request.id == made.last_response.request_id


def test_an_event_is_a_snapshot(endpoint: Endpoint, api: Any, customer: stripe.Customer) -> None:
    api.customers.update(customer.id, {"name": "Alice Liddell"})
    deliver()
    created, updated = endpoint.events
    assert created.data.object["name"] == "Alice"
    assert updated.data.object["name"] == "Alice Liddell"
    assert updated.data.previous_attributes is not None
    assert updated.data.previous_attributes["name"] == "Alice"


def test_a_signature_is_bound_to_secret_body_and_time(
    endpoint: Endpoint, customer: stripe.Customer, client_of: Any
) -> None:
    event = Event.objects.get()
    message = deliveries.compose(event=event)
    client = client_of()
    assert client.construct_event(message.body, message.signature, SECRET).id == event.stripe_id
    stale = deliveries.compose(event=event, timestamp=int(time.time()) - 301)
    for body, signature, secret in (
        (message.body, message.signature, "whsec_other"),
        (message.body + b" ", message.signature, SECRET),
        (stale.body, stale.signature, SECRET),
    ):
        with pytest.raises(stripe.SignatureVerificationError):
            client.construct_event(body, signature, secret)


def test_a_refused_event_is_retried_and_finally_given_up(
    endpoint: Endpoint, customer: stripe.Customer
) -> None:
    endpoint.answers = [500, 404, 302, 500]
    waits = []
    for _ in range(4):
        assert deliver() == 1
        delivery = Delivery.objects.get()
        waits.append(round((delivery.due_at - _last_try().at).total_seconds()))

    assert waits[:3] == [300, 1800, 7200]
    assert delivery.state == "gave up"
    assert deliver() == 0
    assert [row.status for row in DeliveryTry.objects.order_by("id")] == [500, 404, 302, 500]
    assert _last_try().answer == "thank you"


def _last_try() -> DeliveryTry:
    found = DeliveryTry.objects.order_by("id").last()
    assert found is not None
    return found


def test_the_speed_setting_shortens_the_retry_delays(
    endpoint: Endpoint, customer: stripe.Customer, settings: Settings
) -> None:
    settings.STRIPE_SIMULATOR_SPEED = 100
    endpoint.answers = [500]
    deliver()
    wait = Delivery.objects.get().due_at - _last_try().at
    assert round(wait.total_seconds()) == 3
    assert deliveries.deliver_due() == 0


def test_any_2xx_ends_the_deliveries(endpoint: Endpoint, customer: stripe.Customer) -> None:
    endpoint.answers = [503, 202]
    deliver()
    deliver()
    assert Delivery.objects.get().state == "delivered"
    assert deliver() == 0


def test_an_endpoint_that_is_down_is_retried(
    endpoint: Endpoint, customer: stripe.Customer, settings: Settings
) -> None:
    settings.STRIPE_SIMULATOR_WEBHOOK_URL = "http://127.0.0.1:9/"
    deliver()
    assert Delivery.objects.get().state == "pending"
    assert _last_try().status is None
    assert _last_try().error == "The host could not be reached."


def test_without_an_endpoint_events_are_only_listed(api: Any, customer: stripe.Customer) -> None:
    assert Delivery.objects.count() == 0
    assert [event.type for event in api.events.list().data] == ["customer.created"]


def test_the_worker_is_woken_once_per_transaction(
    endpoint: Endpoint, session: stripe.checkout.Session
) -> None:
    OrmQ.objects.all().delete()
    checkout_payments.pay_by_card(session=session.id)
    (wake_up,) = OrmQ.objects.all()
    assert wake_up.task["func"] == "sandbox.stripe.tasks.deliver"


def test_the_task_delivers_and_a_schedule_makes_up_for_lost_wake_ups(
    endpoint: Endpoint, customer: stripe.Customer
) -> None:
    tasks.deliver()
    assert endpoint.types == ["customer.created"]
    tasks.schedule()
    schedule = Schedule.objects.get(func="sandbox.stripe.tasks.deliver")
    assert schedule.minutes == 1


def test_the_task_waits_for_what_is_nearly_due(endpoint: Endpoint, api: Any) -> None:
    switches.change(delay_seconds=1)
    api.customers.create()
    assert deliveries.deliver_due() == 0
    tasks.deliver()
    assert endpoint.types == ["customer.created"]


def test_exactly_the_chosen_percentage_of_deliveries_is_dropped() -> None:
    for seed in (1, 2):
        chosen = [
            number
            for number in range(1000, 1100)
            if switches.hits(percent=10, number=number, seed=seed, salt="drop")
        ]
        assert len(chosen) == 10


def test_lost_events_are_still_listed(endpoint: Endpoint, api: Any) -> None:
    switches.change(drop_percent=50)
    customer = api.customers.create()
    for name in range(9):
        api.customers.update(customer.id, {"name": f"Name {name}"})
    deliver()
    dropped = Delivery.objects.filter(state="dropped").count()
    assert len(endpoint.events) == 10 - dropped
    assert len(api.events.list({"limit": 100}).data) == 10


def test_all_events_can_be_lost(endpoint: Endpoint, api: Any) -> None:
    switches.change(drop_percent=100)
    api.customers.create()
    assert deliver() == 0
    assert endpoint.events == []
    assert Delivery.objects.get().state == "dropped"


def test_each_event_can_arrive_twice(endpoint: Endpoint, api: Any) -> None:
    switches.change(copies=2)
    api.customers.create()
    deliver()
    first, second = endpoint.events
    assert first.id == second.id


def test_deliveries_can_fail_on_the_way(endpoint: Endpoint, api: Any) -> None:
    switches.change(fail_percent=100)
    api.customers.create()
    deliver()
    assert endpoint.events == []
    switches.change(fail_percent=0)
    deliver()
    assert endpoint.types == ["customer.created"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [("newest_first", [3, 2, 1, 0]), ("shuffled", [3, 0, 2, 1]), ("created", [0, 1, 2, 3])],
)
def test_events_can_arrive_in_another_order(
    endpoint: Endpoint, api: Any, order: str, expected: list[int]
) -> None:
    switches.change(order=order, seed=1)
    made = [api.customers.create().id for _ in range(4)]
    deliver()
    assert [made.index(event.data.object["id"]) for event in endpoint.events] == expected


def test_an_event_is_sent_again_on_demand(endpoint: Endpoint, customer: stripe.Customer) -> None:
    deliver()
    events.resend(event=Event.objects.get().stripe_id)
    deliver()
    assert endpoint.types == ["customer.created"] * 2


def test_events_are_found_by_type_time_and_delivery(
    endpoint: Endpoint, api: Any, session: stripe.checkout.Session
) -> None:
    deliver()
    checkout_payments.pay_by_card(session=session.id)

    def found(**filters: Any) -> list[str]:
        return [event.type for event in api.events.list(filters).data][::-1]

    assert found(type="checkout.session.completed") == ["checkout.session.completed"]
    assert found(type="charge.*") == ["charge.succeeded", "charge.updated"]
    assert found(types=["customer.created", "charge.succeeded"]) == [
        "customer.created",
        "charge.succeeded",
    ]
    assert found(delivery_success="true") == ["customer.created"]
    assert len(found(delivery_success="false")) == 5
    assert found(created={"gt": int(time.time()) + 60}) == []
    with pytest.raises(stripe.InvalidRequestError):
        api.events.list({"type": "a", "types": ["b"]})
    waiting = api.events.list({"type": "charge.succeeded"}).data[0]
    assert waiting.pending_webhooks == 1
    assert api.events.retrieve(waiting.id).data.object["id"] == waiting.data.object["id"]


def test_a_switch_that_does_not_exist_cannot_be_set() -> None:
    with pytest.raises(Exception, match="has no field named 'drop'"):
        switches.change(drop=10)
