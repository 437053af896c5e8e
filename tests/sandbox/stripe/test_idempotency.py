"""Idempotency: a request runs once per key, in parallel or later."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import stripe
from django.db import connection, transaction
from django.utils import timezone

from sandbox.stripe import idempotency, switches, tasks
from sandbox.stripe.models import Reply, StripeObject

from .conftest import off_session_params, saved_card

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.sandbox.stripe.routes"),
]

KEY = {"idempotency_key": "key-1"}


def customers() -> int:
    return StripeObject.objects.filter(kind="customer").count()


def test_a_repeated_request_is_replayed(api: Any) -> None:
    first = api.customers.create({"email": "alice@example.com"}, KEY)
    again = api.customers.create({"email": "alice@example.com"}, KEY)

    assert again.id == first.id
    assert customers() == 1
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert again.last_response.headers["Original-Request"] == first.last_response.request_id
    assert again.last_response.headers["Idempotency-Key"] == "key-1"


def test_a_key_is_not_reused_for_other_parameters_or_paths(api: Any) -> None:
    made = api.customers.create({"email": "alice@example.com"}, KEY)
    with pytest.raises(stripe.IdempotencyError, match="same parameters") as refused:
        api.customers.create({"email": "bob@example.com"}, KEY)
    assert refused.value.http_status == 400
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        api.customers.update(made.id, {"email": "alice@example.com"}, KEY)
    assert customers() == 1


def test_a_decline_is_replayed_too(api: Any, customer: stripe.Customer) -> None:
    method = saved_card(api, customer, "4000000000000341")
    params = off_session_params(customer=customer.id, payment_method=method)
    intents = []
    for _ in range(2):
        with pytest.raises(stripe.CardError) as declined:
            api.payment_intents.create(params, KEY)
        assert declined.value.error is not None
        assert declined.value.error.payment_intent is not None
        intents.append(declined.value.error.payment_intent.id)
    assert intents[0] == intents[1]
    assert StripeObject.objects.filter(kind="charge", status="failed").count() == 1


def test_a_refused_parameter_leaves_the_key_free(api: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        api.customers.create({"emial": "alice@example.com"}, KEY)
    assert api.customers.create({"email": "alice@example.com"}, KEY).email == "alice@example.com"


def test_a_refusal_after_execution_is_replayed(api: Any) -> None:
    params = {"payment_intent": "pi_nothing"}
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            api.refunds.create(params, KEY)
    assert refused.value.headers is not None
    assert refused.value.headers["Idempotent-Replayed"] == "true"


def test_parallel_requests_with_one_key_are_done_once(client_of: Any) -> None:
    clients = [client_of() for _ in range(8)]
    barrier = Barrier(len(clients))

    def create(client: Any) -> str:
        barrier.wait()
        try:
            made = client.v1.customers.create({"email": "alice@example.com"}, KEY)
        except stripe.APIError as conflict:
            assert conflict.http_status == 409  # noqa: PT017
            assert conflict.error is not None  # noqa: PT017
            return str(conflict.error.code)
        return str(made.id)

    with ThreadPoolExecutor(len(clients)) as pool:
        answers = set(pool.map(create, clients))
    assert customers() == 1
    assert len(answers - {"idempotency_key_in_use"}) == 1


def test_a_key_in_use_is_a_conflict_that_the_sdk_waits_for(client_of: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        idempotency.claim(key="key-1", path="POST /v1/customers", given={})
        cursor.execute("SELECT 1")
        with pytest.raises(stripe.APIError, match="another in-progress request") as conflict:
            client_of().v1.customers.create({}, KEY)
    assert conflict.value.http_status == 409
    assert client_of(retries=2).v1.customers.create({}, KEY).id.startswith("cus_")


def test_a_lost_answer_is_replayed_for_the_same_key(api: Any) -> None:
    switches.change(lose_answers_percent=100)
    with pytest.raises(stripe.APIError) as lost:
        api.customers.create({"email": "alice@example.com"}, KEY)
    assert lost.value.http_status == 500
    switches.reset()
    found = api.customers.create({"email": "alice@example.com"}, KEY)
    assert found.last_response.headers["Idempotent-Replayed"] == "true"
    assert customers() == 1


def test_keys_are_kept_for_more_than_a_day(api: Any) -> None:
    api.customers.create({}, KEY)
    Reply.objects.update(created_at=timezone.now() - timedelta(hours=25))
    tasks.run_due()
    assert Reply.objects.count() == 1
    Reply.objects.update(created_at=timezone.now() - timedelta(hours=49))
    tasks.run_due()
    assert Reply.objects.count() == 0


def test_a_key_has_at_most_255_characters(api: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="255"):
        api.customers.create({}, {"idempotency_key": "k" * 256})
