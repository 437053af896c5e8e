"""The requests that the SDK sends: paths, parameters, version and idempotency keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import stripe
from stripe import HTTPClient

from billing.stripe import client

SESSION = {
    "id": "cs_1",
    "object": "checkout.session",
    "url": "https://checkout.stripe.com/c/pay/cs_1",
    "status": "open",
    "payment_status": "unpaid",
    "client_reference_id": "topup_1",
    "amount_subtotal": 2000,
    "amount_total": 2000,
    "currency": "usd",
    "livemode": False,
    "payment_intent": None,
    "invoice": None,
    "customer": "cus_1",
    "metadata": {"top_up": "topup_1"},
}
INTENT = {
    "id": "pi_1",
    "object": "payment_intent",
    "status": "succeeded",
    "amount": 2000,
    "amount_received": 2000,
    "currency": "usd",
    "livemode": False,
    "customer": "cus_1",
    "payment_method": "pm_1",
    "metadata": {"top_up": "topup_1"},
    "last_payment_error": None,
}


class Recorder(HTTPClient):
    """Records the SDK's requests and answers from a list."""

    name = "recorder"

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[tuple[str, str, dict[str, str], str]] = []
        self.answers: list[tuple[int, dict[str, Any]]] = []

    def request(
        self, method: str, url: str, headers: Any, post_data: Any = None, **_: Any
    ) -> tuple[str, int, dict[str, str]]:
        self.requests.append((method, url, dict(headers or {}), post_data or ""))
        status, body = self.answers.pop(0)
        return json.dumps(body), status, {}

    def close(self) -> None:
        return None


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Recorder]:
    settings.STRIPE_SECRET_KEY = "sk_test_recorded"
    settings.STRIPE_API_BASE = ""
    settings.STRIPE_AUTOMATIC_TAX = False
    made = Recorder()
    original = stripe.StripeClient

    def with_recorder(*args: Any, **kwargs: Any) -> stripe.StripeClient:
        return original(*args, **{**kwargs, "http_client": made})

    client._client.cache_clear()
    monkeypatch.setattr(stripe, "StripeClient", with_recorder)
    yield made
    client._client.cache_clear()


def open_page() -> client.Session:
    return client.create_session(
        top_up_id="topup_1",
        customer_id="cus_1",
        amount_cents=2000,
        currency="usd",
        description="4,000 Vidgo credits",
        success_url="https://vidgo.example/paid?session={CHECKOUT_SESSION_ID}",
        cancel_url="https://vidgo.example/billing",
        save_card=True,
        expires_at=datetime(2026, 11, 22, 20, tzinfo=UTC),
    )


def charge() -> client.Intent:
    return client.charge_saved_card(
        top_up_id="topup_1",
        customer_id="cus_1",
        payment_method_id="pm_1",
        amount_cents=2000,
        currency="usd",
        description="4,000 Vidgo credits",
    )


def test_a_checkout_session_is_created_as_documented(recorder: Recorder) -> None:
    recorder.answers = [(200, SESSION)]
    session = open_page()
    ((method, url, headers, body),) = recorder.requests
    assert (method, url) == ("post", "https://api.stripe.com/v1/checkout/sessions")
    assert headers["Authorization"] == "Bearer sk_test_recorded"
    assert headers["Stripe-Version"] == "2026-10-28.endive"
    assert headers["Idempotency-Key"] == "session:topup_1"
    for part in (
        "mode=payment",
        "customer=cus_1",
        "client_reference_id=topup_1",
        "metadata[top_up]=topup_1",
        "payment_intent_data[metadata][top_up]=topup_1",
        "payment_intent_data[setup_future_usage]=off_session",
        "invoice_creation[enabled]=true",
        "line_items[0][price_data][unit_amount]=2000",
        "line_items[0][price_data][currency]=usd",
    ):
        assert part in body.replace("%5B", "[").replace("%5D", "]"), part
    assert "payment_method_types" not in body
    assert "automatic_tax" not in body
    assert (session.id, session.is_paid, session.top_up_id) == ("cs_1", False, "topup_1")


def test_a_setting_turns_on_automatic_tax(recorder: Recorder, settings: Any) -> None:
    settings.STRIPE_AUTOMATIC_TAX = True
    recorder.answers = [(200, SESSION)]
    open_page()
    body = recorder.requests[0][3].replace("%5B", "[").replace("%5D", "]")
    assert "automatic_tax[enabled]=true" in body
    assert "tax_id_collection[enabled]=true" in body


def test_a_saved_card_is_charged_off_session_with_the_rows_own_key(recorder: Recorder) -> None:
    recorder.answers = [(200, INTENT)]
    intent = charge()
    ((method, url, headers, body),) = recorder.requests
    assert (method, url) == ("post", "https://api.stripe.com/v1/payment_intents")
    assert headers["Idempotency-Key"] == "recharge:topup_1"
    for part in ("amount=2000", "off_session=true", "confirm=true", "payment_method=pm_1"):
        assert part in body
    assert (intent.status, intent.received_cents) == ("succeeded", 2000)


def test_a_declined_card_has_the_banks_message(recorder: Recorder) -> None:
    error = {
        "type": "card_error",
        "code": "card_declined",
        "decline_code": "insufficient_funds",
        "message": "Your card has insufficient funds.",
        "payment_intent": {**INTENT, "status": "requires_payment_method"},
    }
    recorder.answers = [(402, {"error": error})]
    with pytest.raises(client.Declined, match="insufficient funds") as refused:
        charge()
    assert (refused.value.code, refused.value.intent_id) == ("card_declined", "pi_1")


def test_required_authentication_is_a_separate_error(recorder: Recorder) -> None:
    error = {
        "type": "card_error",
        "code": "authentication_required",
        "message": "Authenticate.",
        "payment_intent": {**INTENT, "status": "requires_payment_method"},
    }
    recorder.answers = [(402, {"error": error})]
    with pytest.raises(client.AuthenticationRequired):
        charge()


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (404, {"type": "invalid_request_error", "code": "resource_missing"}, client.Missing),
        (400, {"type": "invalid_request_error", "message": "no"}, client.StripeError),
        (401, {"type": "invalid_request_error", "message": "no"}, client.StripeError),
    ],
)
def test_each_failure_has_its_exception(
    recorder: Recorder, status: int, error: dict[str, str], expected: type[Exception]
) -> None:
    recorder.answers = [(status, {"error": {"message": "no", **error}})]
    with pytest.raises(expected):
        client.get_session(session_id="cs_1")


def test_a_list_is_read_to_its_end(recorder: Recorder) -> None:
    second = {**SESSION, "id": "cs_2"}
    recorder.answers = [
        (
            200,
            {"object": "list", "data": [SESSION], "has_more": True, "url": "/v1/checkout/sessions"},
        ),
        (
            200,
            {"object": "list", "data": [second], "has_more": False, "url": "/v1/checkout/sessions"},
        ),
    ]
    since = datetime(2026, 11, 1, tzinfo=UTC)
    found = [session.id for session in client.list_sessions(since=since)]
    assert found == ["cs_1", "cs_2"]
    assert f"created[gte]={int(since.timestamp())}" in recorder.requests[0][1].replace(
        "%5B", "["
    ).replace("%5D", "]")
    assert "starting_after=cs_1" in recorder.requests[1][1]


def test_the_mode_is_read_from_the_key(settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_x"
    assert not client.is_live()
    settings.STRIPE_SECRET_KEY = "sk_live_x"
    assert client.is_live()
