"""Checkout sessions through the SDK, and what becomes of them when somebody pays or does not."""

import time
from typing import Any

import pytest
import stripe

from sandbox.stripe import checkout_payments, tasks
from sandbox.stripe.checkout_payments import NotPayable, Payer
from sandbox.stripe.models import StripeObject

from .conftest import happened, session_params

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.sandbox.stripe.routes"),
]


def test_a_new_session_is_open_and_unpaid(session: stripe.checkout.Session) -> None:
    assert session.id.startswith("cs_test_")
    assert (session.status, session.payment_status) == ("open", "unpaid")
    assert (session.amount_total, session.currency) == (500, "usd")
    assert session.client_reference_id == "topup_1"
    assert session.metadata is not None
    assert session.metadata["top_up"] == "topup_1"
    assert session.payment_intent is None
    assert session.url is not None
    assert session.url.endswith(f"/stripe-simulator/pay/{session.id}")


def test_a_paid_session_is_complete_and_leads_to_its_charge(
    api: Any, session: stripe.checkout.Session
) -> None:
    checkout_payments.pay_by_card(session=session.id)

    read = api.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent.latest_charge", "line_items", "customer"]}
    )
    assert (read.status, read.payment_status, read.url) == ("complete", "paid", None)
    assert read.payment_intent.status == "succeeded"
    assert read.payment_intent.amount_received == 500
    assert read.payment_intent.metadata["top_up"] == "topup_1"
    assert read.payment_intent.latest_charge.paid is True
    assert read.line_items.data[0].description == "1,000 credits"
    assert read.customer.email == "alice@example.com"


def test_a_payment_emits_events_in_stripes_order(session: stripe.checkout.Session) -> None:
    checkout_payments.pay_by_card(session=session.id)

    assert happened() == [
        "customer.created",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "charge.updated",
        "checkout.session.completed",
    ]


def test_a_declined_card_leaves_the_session_open_for_another(
    session: stripe.checkout.Session,
) -> None:
    first = checkout_payments.pay_by_card(session=session.id, number="4000000000000002")
    assert first.decline is not None
    assert first.decline.decline_code == "generic_decline"
    assert first.session is not None
    assert first.session.status == "open"

    second = checkout_payments.pay_by_card(session=session.id)
    assert second.intent.stripe_id == first.intent.stripe_id
    assert second.session is not None
    assert second.session.status == "complete"
    assert happened()[2:4] == ["charge.failed", "payment_intent.payment_failed"]


def test_a_real_card_number_is_declined_and_never_stored(
    session: stripe.checkout.Session,
) -> None:
    outcome = checkout_payments.pay_by_card(session=session.id, number="4111111111111111")

    assert outcome.decline is not None
    assert outcome.decline.decline_code == "test_mode_live_card"
    assert not StripeObject.objects.filter(kind="payment_method").exists()
    assert not StripeObject.objects.filter(kind="charge").exists()


def test_a_card_that_asks_for_authentication_pays_after_it(
    session: stripe.checkout.Session,
) -> None:
    asked = checkout_payments.pay_by_card(session=session.id, number="4000002760003184")
    assert asked.intent.status == "requires_action"
    assert asked.session is not None
    assert asked.session.status == "open"

    done = checkout_payments.authenticate(payment_intent=asked.intent.stripe_id)
    assert done.intent.status == "succeeded"
    assert done.session is not None
    assert (done.session.status, done.session.data["payment_status"]) == ("complete", "paid")
    assert "payment_intent.requires_action" in happened()


def test_a_failed_authentication_declines(session: stripe.checkout.Session) -> None:
    asked = checkout_payments.pay_by_card(session=session.id, number="4000002500003155")
    failed = checkout_payments.authenticate(payment_intent=asked.intent.stripe_id, succeed=False)

    assert failed.intent.status == "requires_payment_method"
    error = failed.intent.data["last_payment_error"]
    assert error["code"] == "payment_intent_authentication_failure"
    assert failed.session is not None
    assert failed.session.status == "open"


def test_a_bank_debit_completes_the_session_unpaid_and_pays_later(
    api: Any, session: stripe.checkout.Session
) -> None:
    begun = checkout_payments.pay_by_bank(session=session.id)
    assert begun.intent.status == "processing"
    read = api.checkout.sessions.retrieve(session.id)
    assert (read.status, read.payment_status) == ("complete", "unpaid")

    tasks.run_due(early=True)

    read = api.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (read.payment_status, read.payment_intent.status) == ("paid", "succeeded")
    assert happened()[-5:] == [
        "checkout.session.completed",
        "charge.succeeded",
        "payment_intent.succeeded",
        "charge.updated",
        "checkout.session.async_payment_succeeded",
    ]


def test_a_bank_debit_may_fail_later(api: Any, session: stripe.checkout.Session) -> None:
    checkout_payments.pay_by_bank(session=session.id, account="000111111116")
    tasks.run_due(early=True)

    read = api.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (read.status, read.payment_status) == ("complete", "unpaid")
    assert read.payment_intent.last_payment_error.code == "account_closed"
    assert happened()[-3:] == [
        "charge.failed",
        "payment_intent.payment_failed",
        "checkout.session.async_payment_failed",
    ]


def test_a_session_is_paid_once(session: stripe.checkout.Session) -> None:
    checkout_payments.pay_by_card(session=session.id)
    with pytest.raises(NotPayable):
        checkout_payments.pay_by_card(session=session.id)
    assert StripeObject.objects.filter(kind="charge").count() == 1


def test_an_expired_session_takes_no_payment(api: Any, session: stripe.checkout.Session) -> None:
    checkout_payments.pay_by_card(session=session.id, number="4000000000000002")
    expired = api.checkout.sessions.expire(session.id)

    assert (expired.status, expired.url) == ("expired", None)
    assert happened()[-2:] == ["payment_intent.canceled", "checkout.session.expired"]
    with pytest.raises(NotPayable):
        checkout_payments.pay_by_card(session=session.id)
    with pytest.raises(stripe.InvalidRequestError, match="status of expired"):
        api.checkout.sessions.expire(session.id)


def test_a_session_expires_by_itself(api: Any, session: stripe.checkout.Session) -> None:
    row = StripeObject.objects.get(stripe_id=session.id)
    row.data["expires_at"] = int(time.time()) - 1
    row.save()

    assert api.checkout.sessions.retrieve(session.id).status == "expired"
    assert happened()[-1] == "checkout.session.expired"


def test_the_payer_may_save_the_card(api: Any, customer: stripe.Customer) -> None:
    session = api.checkout.sessions.create(
        session_params(
            customer=customer.id, payment_intent_data={"setup_future_usage": "off_session"}
        )
    )
    checkout_payments.pay_by_card(session=session.id)

    (method,) = api.payment_methods.list({"customer": customer.id, "type": "card"}).data
    assert (method.card.last4, method.customer) == ("4242", customer.id)
    assert "payment_method.attached" in happened()


def test_nothing_is_saved_unless_asked(api: Any, customer: stripe.Customer, paid: Any) -> None:
    assert api.payment_methods.list({"customer": customer.id}).data == []


def test_a_paid_session_may_make_an_invoice(api: Any, customer: stripe.Customer) -> None:
    session = api.checkout.sessions.create(
        session_params(customer=customer.id, invoice_creation={"enabled": True})
    )
    checkout_payments.pay_by_card(session=session.id)

    read = api.checkout.sessions.retrieve(session.id, {"expand": ["invoice.payments"]})
    assert (read.invoice.status, read.invoice.total) == ("paid", 500)
    assert read.invoice.payments.data[0].payment.payment_intent == read.payment_intent
    assert api.invoices.list({"customer": customer.id}).data[0].id == read.invoice.id
    assert "invoice.paid" in happened()


def test_automatic_tax_is_added_once_the_address_is_known(
    api: Any, customer: stripe.Customer
) -> None:
    session = api.checkout.sessions.create(
        session_params(
            customer=customer.id,
            automatic_tax={"enabled": True},
            customer_update={"address": "auto", "name": "auto"},
            tax_id_collection={"enabled": True},
        )
    )
    assert session.automatic_tax.status == "requires_location_inputs"
    checkout_payments.set_address(session=session.id, country="DE", postal_code="10115")
    payer = Payer(business_name="Alice GmbH", tax_id_type="eu_vat", tax_id="DE123456789")
    checkout_payments.pay_by_card(session=session.id, payer=payer)

    read = api.checkout.sessions.retrieve(session.id, {"expand": ["customer", "payment_intent"]})
    assert (read.amount_subtotal, read.amount_total) == (500, 550)
    assert read.total_details.amount_tax == 50
    assert read.payment_intent.amount == 550
    assert read.customer.address.country == "DE"
    assert read.customer.name == "Alice GmbH"
    assert read.customer_details.tax_ids[0].value == "DE123456789"


@pytest.mark.parametrize(
    ("values", "param", "message"),
    [
        ({"mode": "setup"}, "mode", "mode=payment only"),
        ({"line_items": None}, "line_items", "Missing required param"),
        ({"success_url": None}, "success_url", "Missing required param"),
        ({"success_url": "done"}, "success_url", "Not a valid URL"),
        ({"ui_mode": "embedded_page"}, "ui_mode", "hosted_page only"),
        ({"ui_mode": "hosted"}, "ui_mode", "must be one of"),
        ({"payment_method_types": ["card"]}, "payment_method_types", "unknown parameter"),
        ({"expires_at": int(time.time()) + 600}, "expires_at", "at least 30 minutes"),
        ({"expires_at": int(time.time()) + 90_000}, "expires_at", "less than 24 hours"),
        ({"customer": "cus_nobody"}, "customer", "No such customer: 'cus_nobody'"),
        ({"customer_update": {"name": "auto"}}, "customer_update", "only be used with"),
        ({"payment_intent_data": {"foo": "bar"}}, "payment_intent_data[foo]", "unknown parameter"),
        ({"line_items": [{"price": "price_1"}]}, "line_items[0][price]", "No such price"),
        ({"metadata": {"a" * 41: "b"}}, f"metadata[{'a' * 40}]", "up to 40 characters"),
    ],
)
def test_stripe_would_refuse_such_a_session(
    api: Any, values: dict[str, Any], param: str, message: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=message.replace("[", r"\[")) as refused:
        api.checkout.sessions.create(session_params(**values))
    assert refused.value.param == param
    assert refused.value.http_status == 400
    assert not StripeObject.objects.filter(kind="checkout.session").exists()


def test_an_amount_below_fifty_cents_is_refused(api: Any) -> None:
    params = session_params()
    params["line_items"][0]["price_data"]["unit_amount"] = 49
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.checkout.sessions.create(params)
    assert refused.value.code == "amount_too_small"


def test_taxes_need_permission_to_update_the_customer(api: Any, customer: stripe.Customer) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.checkout.sessions.create(
            session_params(customer=customer.id, automatic_tax={"enabled": True})
        )
    assert refused.value.code == "customer_tax_location_invalid"
    with pytest.raises(stripe.InvalidRequestError, match="customer_update"):
        api.checkout.sessions.create(
            session_params(customer=customer.id, tax_id_collection={"enabled": True})
        )


def test_sessions_are_found_by_status_customer_and_time(
    api: Any, customer: stripe.Customer, session: stripe.checkout.Session
) -> None:
    paid = api.checkout.sessions.create(session_params(customer=customer.id))
    outcome = checkout_payments.pay_by_card(session=paid.id)

    def found(**filters: Any) -> list[str]:
        return [row.id for row in api.checkout.sessions.list(filters).data]

    assert found(status="open") == [session.id]
    assert found(status="complete") == [paid.id]
    assert found(payment_intent=outcome.intent.stripe_id) == [paid.id]
    assert found(customer=customer.id) == [paid.id, session.id]
    assert found(created={"gte": paid.created - 60}) == [paid.id, session.id]
    assert found(created={"gt": paid.created + 60}) == []
