"""Payments without the payer: recharges with a saved card, and everything banks say to them."""

from typing import Any

import pytest
import stripe

from sandbox.stripe import checkout_payments, payment_methods
from sandbox.stripe.models import StripeObject

from .conftest import happened, off_session_params, saved_card

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.sandbox.stripe.routes"),
]


def test_a_saved_card_is_charged_off_session(api: Any, customer: stripe.Customer) -> None:
    method = saved_card(api, customer, "4242424242424242")
    intent = api.payment_intents.create(
        off_session_params(
            customer=customer.id,
            payment_method=method,
            metadata={"top_up": "topup_2"},
            expand=["latest_charge.balance_transaction"],
        )
    )
    assert (intent.status, intent.amount_received) == ("succeeded", 2000)
    assert intent.metadata["top_up"] == "topup_2"
    assert intent.latest_charge.paid is True
    assert intent.latest_charge.balance_transaction.net == 2000 - 88


@pytest.mark.parametrize(
    ("number", "code", "decline_code"),
    [
        ("4000000000000341", "card_declined", "generic_decline"),
        ("4000002760003184", "authentication_required", "authentication_required"),
    ],
)
def test_a_saved_card_may_refuse_when_the_payer_is_away(
    api: Any, customer: stripe.Customer, number: str, code: str, decline_code: str
) -> None:
    method = saved_card(api, customer, number)
    with pytest.raises(stripe.CardError) as declined:
        api.payment_intents.create(off_session_params(customer=customer.id, payment_method=method))

    error = declined.value.error
    assert declined.value.http_status == 402
    assert declined.value.code == code
    assert error is not None
    assert (error.type, error.decline_code) == ("card_error", decline_code)
    assert error.payment_intent is not None
    assert error.payment_intent.status == "requires_payment_method"
    kept = api.payment_intents.retrieve(error.payment_intent.id, {"expand": ["latest_charge"]})
    assert kept.last_payment_error.code == code
    assert kept.latest_charge.status == "failed"
    assert happened()[-3:] == [
        "payment_intent.created",
        "charge.failed",
        "payment_intent.payment_failed",
    ]


def test_a_card_authenticated_when_it_was_saved_pays_off_session(
    api: Any, customer: stripe.Customer
) -> None:
    method = saved_card(api, customer, "4000002500003155")
    intent = api.payment_intents.create(
        off_session_params(customer=customer.id, payment_method=method)
    )
    assert intent.status == "succeeded"


def test_a_card_that_was_never_authenticated_does_not(api: Any, customer: stripe.Customer) -> None:
    method = api.payment_methods.attach(
        "pm_card_authenticationRequiredOnSetup", {"customer": customer.id}
    )
    with pytest.raises(stripe.CardError) as declined:
        api.payment_intents.create(
            off_session_params(customer=customer.id, payment_method=method.id)
        )
    assert declined.value.code == "authentication_required"


def test_a_detached_card_is_never_charged_again(api: Any, customer: stripe.Customer) -> None:
    method = saved_card(api, customer, "4242424242424242")
    payment_methods.detach(payment_method=method)
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        api.payment_intents.create(off_session_params(customer=customer.id, payment_method=method))
    assert StripeObject.objects.filter(kind="payment_intent").count() == 1


def test_an_off_session_decline_can_be_finished_by_the_payer(
    api: Any, customer: stripe.Customer
) -> None:
    method = saved_card(api, customer, "4000002760003184")
    with pytest.raises(stripe.CardError) as declined:
        api.payment_intents.create(off_session_params(customer=customer.id, payment_method=method))
    assert declined.value.error is not None
    assert declined.value.error.payment_intent is not None
    intent = declined.value.error.payment_intent.id

    asked = api.payment_intents.confirm(
        intent, {"payment_method": method, "return_url": "http://127.0.0.1:9/billing"}
    )
    assert asked.status == "requires_action"
    assert asked.next_action.redirect_to_url.url.endswith(f"/authenticate/{intent}")
    checkout_payments.authenticate(payment_intent=intent)
    assert api.payment_intents.retrieve(intent).status == "succeeded"


def test_an_intent_is_created_confirmed_and_canceled(api: Any, customer: stripe.Customer) -> None:
    params = {"amount": 500, "currency": "usd", "customer": customer.id}
    made = api.payment_intents.create({**params, "payment_method": "pm_card_visa"})
    assert made.status == "requires_confirmation"
    done = api.payment_intents.confirm(made.id, {"return_url": "http://127.0.0.1:9/"})
    assert done.status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.payment_intents.cancel(made.id)
    assert refused.value.code == "payment_intent_unexpected_state"

    other = api.payment_intents.create(params)
    assert other.status == "requires_payment_method"
    canceled = api.payment_intents.cancel(other.id, {"cancellation_reason": "duplicate"})
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "duplicate")
    with pytest.raises(stripe.InvalidRequestError, match="status is canceled"):
        api.payment_intents.confirm(other.id, {"payment_method": "pm_card_visa"})


@pytest.mark.parametrize(
    ("values", "code", "param"),
    [
        ({"amount": 49}, "amount_too_small", "amount"),
        ({"amount": "many"}, "parameter_invalid_integer", "amount"),
        ({"currency": "xxx"}, None, "currency"),
        ({"confirm": False}, None, "off_session"),
        ({"payment_method": "pm_nothing"}, "resource_missing", "payment_method"),
        ({"automatic_payment_methods": {"enabled": True}}, None, "return_url"),
        ({"setup_future_usage": "off_session"}, None, "off_session"),
        ({"payment_method_types": ["card"]}, "parameter_unknown", "payment_method_types"),
        ({"customer": ""}, "parameter_invalid_empty", "customer"),
    ],
)
def test_stripe_would_refuse_such_an_intent(
    api: Any, customer: stripe.Customer, values: dict[str, Any], code: str | None, param: str
) -> None:
    params = off_session_params(customer=customer.id, payment_method="pm_card_visa")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.payment_intents.create({**params, **values})
    assert (refused.value.code, refused.value.param) == (code, param)
    assert not StripeObject.objects.filter(kind="payment_intent").exists()


def test_the_intent_of_a_session_cannot_be_canceled(
    api: Any, session: stripe.checkout.Session
) -> None:
    outcome = checkout_payments.pay_by_card(session=session.id, number="4000000000000002")
    with pytest.raises(stripe.InvalidRequestError, match="Expire the Checkout Session"):
        api.payment_intents.cancel(outcome.intent.stripe_id)
