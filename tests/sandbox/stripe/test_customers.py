"""Customers, their payment methods and the billing portal, through the SDK."""

from typing import Any

import pytest
import stripe

from sandbox.stripe.models import Event

from .conftest import happened, off_session_params, saved_card

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.sandbox.stripe.routes"),
]


def test_a_customer_is_created_updated_and_retrieved(api: Any, customer: stripe.Customer) -> None:
    api.customers.update(
        customer.id,
        {"name": "Alice Liddell", "metadata": {"org": "org_1", "gone": "x"}, "address": ""},
    )
    api.customers.update(customer.id, {"metadata": {"gone": ""}})

    read = api.customers.retrieve(customer.id)
    assert (read.name, read.email) == ("Alice Liddell", "alice@example.com")
    assert read.metadata.to_dict() == {"org": "org_1"}
    changed = Event.objects.filter(type="customer.updated").first()
    assert changed is not None
    assert changed.body["data"]["previous_attributes"] == {"name": "Alice", "metadata": {}}


def test_a_deleted_customer_is_returned_as_deleted(api: Any, customer: stripe.Customer) -> None:
    method = saved_card(api, customer, "4242424242424242")
    assert api.customers.delete(customer.id).deleted is True

    assert api.customers.retrieve(customer.id).deleted is True
    assert api.customers.list().data == []
    assert happened()[-1] == "customer.deleted"
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        api.payment_intents.create(off_session_params(customer=customer.id, payment_method=method))
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        api.customers.update(customer.id, {"name": "Alice"})


def test_a_test_payment_method_is_attached_and_detached(
    api: Any, customer: stripe.Customer
) -> None:
    method = api.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    api.customers.update(customer.id, {"invoice_settings": {"default_payment_method": method.id}})
    assert [row.id for row in api.customers.payment_methods.list(customer.id).data] == [method.id]

    assert api.payment_methods.detach(method.id).customer is None

    assert api.payment_methods.list({"customer": customer.id}).data == []
    settings = api.customers.retrieve(customer.id).invoice_settings
    assert settings.default_payment_method is None
    detached = Event.objects.get(type="payment_method.detached")
    assert detached.body["data"]["previous_attributes"] == {"customer": customer.id}
    with pytest.raises(stripe.InvalidRequestError, match="not attached"):
        api.payment_methods.detach(method.id)
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        api.payment_methods.attach(method.id, {"customer": customer.id})


def test_a_payment_method_stays_with_its_customer(api: Any, customer: stripe.Customer) -> None:
    method = api.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    bob = api.customers.create({"email": "bob@example.com"})

    with pytest.raises(stripe.InvalidRequestError, match="already been attached"):
        api.payment_methods.attach(method.id, {"customer": bob.id})
    with pytest.raises(stripe.InvalidRequestError, match="No such PaymentMethod"):
        api.customers.payment_methods.retrieve(bob.id, method.id)
    with pytest.raises(stripe.InvalidRequestError, match="does not belong to the Customer"):
        api.payment_intents.create(off_session_params(customer=bob.id, payment_method=method.id))


def test_a_card_that_is_declined_cannot_be_attached(api: Any, customer: stripe.Customer) -> None:
    with pytest.raises(stripe.CardError) as declined:
        api.payment_methods.attach("pm_card_chargeDeclined", {"customer": customer.id})
    assert declined.value.code == "card_declined"


def test_a_portal_session_has_a_link(api: Any, customer: stripe.Customer) -> None:
    session = api.billing_portal.sessions.create(
        {"customer": customer.id, "return_url": "http://127.0.0.1:9/billing"}
    )
    assert "/stripe-simulator/portal/" in session.url
    assert session.customer == customer.id


def test_customers_are_found_by_email(api: Any, customer: stripe.Customer) -> None:
    api.customers.create({"email": "bob@example.com"})
    found = api.customers.list({"email": "alice@example.com"})
    assert [row.id for row in found.data] == [customer.id]
