"""The simulator compared with the SDK's own description of Stripe's API.

Whatever the simulator shows must be a field that the SDK knows, of a type that it expects, and
whatever the simulator takes must be a parameter that the SDK can send. So code that works with the
simulator uses nothing that Stripe does not have.
"""

import inspect
import types
import typing
from collections.abc import Iterator
from typing import Any

import pytest
import stripe
from stripe import params as sdk_params
from stripe.params import billing_portal, checkout, radar
from typing_extensions import is_typeddict

from sandbox.stripe import checkout_payments, disputes
from sandbox.stripe.models import Event, StripeObject
from sandbox.stripe.params import Array, Field, Hash
from sandbox.stripe.urls import ENDPOINTS

from .conftest import saved_card, session_params

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.sandbox.stripe.routes"),
]

CLASSES: dict[str, type[stripe.StripeObject]] = {
    "balance_transaction": stripe.BalanceTransaction,
    "billing_portal.session": stripe.billing_portal.Session,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "customer": stripe.Customer,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "invoice": stripe.Invoice,
    "invoice_payment": stripe.InvoicePayment,
    "item": stripe.LineItem,
    "line_item": stripe.InvoiceLineItem,
    "list": stripe.ListObject,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "price": stripe.Price,
    "radar.early_fraud_warning": stripe.radar.EarlyFraudWarning,
    "refund": stripe.Refund,
}

PARAMS: dict[tuple[str, str], type] = {
    ("POST", "customers"): sdk_params.CustomerCreateParams,
    ("GET", "customers"): sdk_params.CustomerListParams,
    ("GET", "customers/{customer}"): sdk_params.CustomerRetrieveParams,
    ("POST", "customers/{customer}"): sdk_params.CustomerUpdateParams,
    ("DELETE", "customers/{customer}"): sdk_params.CustomerDeleteParams,
    ("GET", "payment_methods"): sdk_params.PaymentMethodListParams,
    ("GET", "payment_methods/{payment_method}"): sdk_params.PaymentMethodRetrieveParams,
    ("POST", "payment_methods/{payment_method}"): sdk_params.PaymentMethodUpdateParams,
    ("POST", "payment_methods/{payment_method}/attach"): sdk_params.PaymentMethodAttachParams,
    ("POST", "payment_methods/{payment_method}/detach"): sdk_params.PaymentMethodDetachParams,
    ("GET", "customers/{customer}/payment_methods"): sdk_params.CustomerPaymentMethodListParams,
    ("GET", "customers/{customer}/payment_methods/{payment_method}"): (
        sdk_params.CustomerPaymentMethodRetrieveParams
    ),
    ("POST", "checkout/sessions"): checkout.SessionCreateParams,
    ("GET", "checkout/sessions"): checkout.SessionListParams,
    ("GET", "checkout/sessions/{session}"): checkout.SessionRetrieveParams,
    ("POST", "checkout/sessions/{session}"): checkout.SessionUpdateParams,
    ("POST", "checkout/sessions/{session}/expire"): checkout.SessionExpireParams,
    ("GET", "checkout/sessions/{session}/line_items"): checkout.SessionLineItemListParams,
    ("POST", "payment_intents"): sdk_params.PaymentIntentCreateParams,
    ("GET", "payment_intents"): sdk_params.PaymentIntentListParams,
    ("GET", "payment_intents/{intent}"): sdk_params.PaymentIntentRetrieveParams,
    ("POST", "payment_intents/{intent}"): sdk_params.PaymentIntentUpdateParams,
    ("POST", "payment_intents/{intent}/confirm"): sdk_params.PaymentIntentConfirmParams,
    ("POST", "payment_intents/{intent}/cancel"): sdk_params.PaymentIntentCancelParams,
    ("GET", "charges"): sdk_params.ChargeListParams,
    ("GET", "charges/{charge}"): sdk_params.ChargeRetrieveParams,
    ("POST", "charges/{charge}"): sdk_params.ChargeUpdateParams,
    ("POST", "refunds"): sdk_params.RefundCreateParams,
    ("GET", "refunds"): sdk_params.RefundListParams,
    ("GET", "refunds/{refund}"): sdk_params.RefundRetrieveParams,
    ("POST", "refunds/{refund}"): sdk_params.RefundUpdateParams,
    ("GET", "disputes"): sdk_params.DisputeListParams,
    ("GET", "disputes/{dispute}"): sdk_params.DisputeRetrieveParams,
    ("POST", "disputes/{dispute}"): sdk_params.DisputeUpdateParams,
    ("POST", "disputes/{dispute}/close"): sdk_params.DisputeCloseParams,
    ("GET", "radar/early_fraud_warnings"): radar.EarlyFraudWarningListParams,
    ("GET", "radar/early_fraud_warnings/{warning}"): radar.EarlyFraudWarningRetrieveParams,
    ("GET", "invoices"): sdk_params.InvoiceListParams,
    ("GET", "invoices/{invoice}"): sdk_params.InvoiceRetrieveParams,
    ("GET", "invoice_payments"): sdk_params.InvoicePaymentListParams,
    ("GET", "invoice_payments/{invoice_payment}"): sdk_params.InvoicePaymentRetrieveParams,
    ("POST", "billing_portal/sessions"): billing_portal.SessionCreateParams,
    ("GET", "balance_transactions"): sdk_params.BalanceTransactionListParams,
    ("GET", "balance_transactions/{id}"): sdk_params.BalanceTransactionRetrieveParams,
    ("GET", "events"): sdk_params.EventListParams,
    ("GET", "events/{event}"): sdk_params.EventRetrieveParams,
}


def annotations(cls: type) -> dict[str, Any]:
    """Return the fields that an SDK class declares."""
    found: dict[str, Any] = {}
    for base in cls.__mro__:
        if base.__module__.startswith("stripe.") and base is not stripe.StripeObject:
            for name, annotation in inspect.get_annotations(base).items():
                if not name.startswith("_") and name != "OBJECT_NAME":
                    found.setdefault(name, annotation)
    return found


def options(annotation: Any) -> list[Any]:
    """Return what a field may be: the members of a union, or the type itself."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return [option for part in typing.get_args(annotation) for option in options(part)]
    return [annotation]


def problems(value: Any, annotation: Any, path: str) -> Iterator[str]:
    """Yield where a value is not what the SDK says a field is."""
    allowed = options(annotation)
    if value is None:
        if type(None) not in allowed:
            yield f"{path} must not be null"
        return
    if isinstance(value, dict):
        nested = [part for part in allowed if isinstance(part, type) and "." in part.__qualname__]
        kind = value.get("object")
        cls = CLASSES.get(kind if isinstance(kind, str) else "", nested[0] if nested else None)
        if cls is not None:
            yield from object_problems(value, cls, path)
    elif isinstance(value, list):
        lists = [part for part in allowed if typing.get_origin(part) is list]
        if not lists:
            yield f"{path} must not be a list"
            return
        for place, item in enumerate(value):
            yield from problems(item, typing.get_args(lists[0])[0], f"{path}[{place}]")
    else:
        literals = [part for part in allowed if typing.get_origin(part) is typing.Literal]
        plain = [part for part in allowed if isinstance(part, type)]
        fits = any(value in typing.get_args(part) for part in literals)
        # Decimals travel as strings.
        names = {part.__name__ for part in plain}
        fits = (
            fits or type(value).__name__ in names or (isinstance(value, str) and "Decimal" in names)
        )
        if not fits:
            yield f"{path} must not be {value!r}"


def object_problems(value: dict[str, Any], cls: type, path: str) -> Iterator[str]:
    """Yield where an object differs from its class: unknown, missing or wrong fields."""
    known = annotations(cls)
    if not known:
        return
    for name in value:
        if name not in known and name != "object":
            yield f"{path}.{name} is unknown to the SDK"
    for name, annotation in known.items():
        if name in value:
            yield from problems(value[name], annotation, f"{path}.{name}")
        elif type(None) not in options(annotation):
            yield f"{path}.{name} is missing"


def test_every_object_has_the_fields_that_the_sdk_declares(
    api: Any, customer: stripe.Customer
) -> None:
    saved_card(api, customer, "4000002500003155")
    invoiced = api.checkout.sessions.create(
        session_params(customer=customer.id, invoice_creation={"enabled": True})
    )
    checkout_payments.pay_by_card(session=invoiced.id)
    debited = api.checkout.sessions.create(
        session_params(
            customer=customer.id,
            automatic_tax={"enabled": True},
            customer_update={"address": "auto", "name": "auto"},
            tax_id_collection={"enabled": True},
        )
    )
    checkout_payments.set_address(session=debited.id, country="DE")
    debit = checkout_payments.pay_by_bank(session=debited.id)
    checkout_payments.settle(payment_intent=debit.intent.stripe_id)
    api.refunds.create({"payment_intent": debit.intent.stripe_id, "amount": 100})
    declined = api.checkout.sessions.create(session_params())
    checkout_payments.pay_by_card(session=declined.id, number="4000000000000002")
    asked = api.checkout.sessions.create(session_params())
    checkout_payments.pay_by_card(session=asked.id, number="4000002760003184")
    read = api.checkout.sessions.retrieve(invoiced.id, {"expand": ["payment_intent"]})
    charge = read.payment_intent.latest_charge
    api.refunds.create({"charge": charge, "amount": 100})
    disputes.warn(charge=charge)
    disputes.open_dispute(charge=charge)
    api.billing_portal.sessions.create({"customer": customer.id})

    seen = set()
    wrong: list[str] = []
    for row in StripeObject.objects.all():
        seen.add(row.kind)
        wrong += object_problems(row.payload(), CLASSES[row.kind], row.kind)
        for item in row.hidden.get("line_items", []):
            wrong += object_problems(item, stripe.LineItem, "line_item")
    for event in Event.objects.all():
        wrong += object_problems(event.payload(), stripe.Event, "event")
    assert wrong == []
    tampered = {**row.payload(), "color": "red", "created": "today"}
    assert list(object_problems(tampered, CLASSES[row.kind], "row")) == [
        "row.color is unknown to the SDK",
        "row.created must not be 'today'",
    ]
    inside_others = {"item", "line_item", "list", "price", "event"}
    assert seen | inside_others == set(CLASSES)


def sub_params(annotation: Any) -> type | None:
    """Return the TypedDict inside a parameter's type, if there is one."""
    if is_typeddict(annotation):
        return typing.cast(type, annotation)
    for part in typing.get_args(annotation):
        if found := sub_params(part):
            return found
    return None


def unknown_params(schema: Any, cls: type, path: str) -> Iterator[str]:
    # The SDK imports these names for type checkers only.
    names = {"StripeContext": object, "Mapping": typing.Mapping}
    annotations = typing.get_type_hints(cls, localns=names)
    for name, field in schema.items():
        if name not in annotations:
            yield f"{path}.{name}"
            continue
        inner: Field = field.item if isinstance(field, Array) else field
        nested = sub_params(annotations[name])
        if isinstance(inner, Hash):
            assert nested is not None, f"{path}.{name}"
            yield from unknown_params(inner.fields, nested, f"{path}.{name}")


def test_every_parameter_taken_is_one_that_the_sdk_can_send() -> None:
    wrong: list[str] = []
    for endpoint in ENDPOINTS:
        cls = PARAMS[endpoint.method, endpoint.path]
        wrong += unknown_params(endpoint.schema, cls, f"{endpoint.method} {endpoint.path}")
    assert wrong == []
    assert len(PARAMS) == len(ENDPOINTS)


def test_the_version_is_the_one_that_the_sdk_pins(api: Any) -> None:
    answer = api.customers.create().last_response
    assert answer is not None
    assert answer.headers["Stripe-Version"] == "2026-10-28.endive"
    assert stripe.api_version == "2026-10-28.endive"


def test_every_event_type_is_one_that_the_sdk_knows(api: Any, customer: stripe.Customer) -> None:
    method = saved_card(api, customer, "4242424242424242")
    api.payment_methods.update(method, {"metadata": {"a": "b"}})
    api.payment_methods.detach(method)
    api.customers.delete(customer.id)
    declared = typing.get_args(stripe.Event.__annotations__["type"])
    known = {name for part in declared for name in typing.get_args(part)} | set(declared)
    assert set(Event.objects.values_list("type", flat=True)) <= known
