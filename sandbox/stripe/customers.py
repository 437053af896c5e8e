"""Customers and their billing portal sessions."""

from sandbox.stripe import events, payment_methods, store, wire
from sandbox.stripe.api import Endpoint
from sandbox.stripe.errors import NoSuch, Refusal
from sandbox.stripe.models import StripeObject
from sandbox.stripe.params import (
    ADDRESS,
    LISTING,
    Array,
    Choice,
    Email,
    Hash,
    Metadata,
    Text,
    Url,
    merge_metadata,
)
from sandbox.stripe.wire import Data
from vidgo.kernel.db.transactions import requires_transaction

PORTAL_SECONDS = 60 * 60

_CHANGEABLE = {
    "address": ADDRESS,
    "business_name": Text(max_length=150, clearable=True),
    "description": Text(clearable=True),
    "email": Email(clearable=True),
    "individual_name": Text(max_length=150, clearable=True),
    "invoice_settings": Hash(
        fields={"default_payment_method": Text(clearable=True), "footer": Text(clearable=True)}
    ),
    "metadata": Metadata(),
    "name": Text(max_length=256, clearable=True),
    "phone": Text(max_length=20, clearable=True),
    "preferred_locales": Array(item=Text()),
    "tax_exempt": Choice(options=("none", "exempt", "reverse"), clearable=True),
}


@requires_transaction
def create(*, params: Data) -> StripeObject:
    """Store a new customer."""
    row = store.new(
        kind="customer",
        prefix="cus",
        length=14,
        data={
            "address": None,
            "balance": 0,
            "currency": None,
            "default_source": None,
            "delinquent": False,
            "description": None,
            "email": None,
            "invoice_prefix": wire.new_id("x", 8)[2:].upper(),
            "invoice_settings": {
                "custom_fields": None,
                "default_payment_method": None,
                "footer": None,
                "rendering_options": None,
            },
            "livemode": False,
            "metadata": {},
            "name": None,
            "next_invoice_sequence": 1,
            "phone": None,
            "preferred_locales": [],
            "shipping": None,
            "tax_exempt": "none",
            "test_clock": None,
        },
    )
    store.save(row)
    method = params.pop("payment_method", None)
    if method is not None:
        payment_methods.attach(
            method=payment_methods.resolve(stripe_id=method),
            customer=row.stripe_id,
            allow_redisplay="unspecified",
        )
    _apply(row, params)
    store.save(row)
    events.emit("customer.created", row)
    return row


@requires_transaction
def update(*, row: StripeObject, params: Data) -> StripeObject:
    """Update a customer and emit what changed."""
    before = store.get(kind="customer", stripe_id=row.stripe_id).payload()
    _apply(row, params)
    store.save(row)
    previous = events.changes(before=before, after=row.payload())
    if previous:
        events.emit("customer.updated", row, previous=previous)
    return row


def _apply(row: StripeObject, params: Data) -> None:
    data = row.data
    merge_metadata(data=data, params=params)
    settings = params.pop("invoice_settings", {})
    if method := settings.get("default_payment_method"):
        found = store.find(kind="payment_method", stripe_id=method)
        if found is None or found.customer != row.stripe_id:
            raise NoSuch(
                noun="PaymentMethod",
                stripe_id=method,
                param="invoice_settings[default_payment_method]",
            )
    data["invoice_settings"] = {**data["invoice_settings"], **settings}
    if "address" in params and params["address"] is not None:
        params["address"] = {**payment_methods.EMPTY_ADDRESS, **params["address"]}
    if params.get("tax_exempt", "") is None:
        params["tax_exempt"] = "none"
    data.update(params)


def delete(*, customer: str) -> StripeObject:
    """Delete a customer and its saved payment methods; raises NoSuch.

    Like Stripe it sends `customer.deleted` only, not `payment_method.detached`.
    """
    with store.writing():
        row = store.get(kind="customer", stripe_id=customer, in_path=True)
        events.emit("customer.deleted", row)
        for method in payment_methods.list_saved(customer=customer):
            method.data["customer"] = None
            store.save(method)
        row.deleted = True
        row.data = {"id": customer, "object": "customer", "deleted": True}
        row.save()
        return row


def get_open(*, customer: str) -> StripeObject:
    """Return the customer of a parameter; raises NoSuch, also for a deleted one."""
    return store.get(kind="customer", stripe_id=customer, param="customer")


def get_portal_session(*, secret: str) -> StripeObject:
    """Return the portal session of a link's secret; raises NoSuch, also once it has expired."""
    row = store.objects("billing_portal.session").filter(hidden__secret=secret).first()
    if row is None or row.created + PORTAL_SECONDS < wire.now():
        raise NoSuch(noun="portal session", stripe_id=secret[:12], param="session", in_path=True)
    return row


def _create(*, params: Data) -> Data:
    return create(params=params).payload()


def _retrieve(*, params: Data, customer: str) -> Data:
    row = store.find(kind="customer", stripe_id=customer)
    if row is None:
        raise NoSuch(noun="customer", stripe_id=customer, param="id", in_path=True)
    return row.payload()


def _update(*, params: Data, customer: str) -> Data:
    row = store.get(kind="customer", stripe_id=customer, in_path=True)
    return update(row=row, params=params).payload()


def _delete(*, params: Data, customer: str) -> Data:
    if params:
        raise Refusal("Deleting a customer takes no parameters.")
    return delete(customer=customer).payload()


def _list(*, params: Data) -> Data:
    rows = store.objects("customer")
    if "email" in params:
        rows = rows.filter(data__email=params["email"])
    return store.listing(rows=rows, params=params, url="customers")


def _create_portal_session(*, params: Data) -> Data:
    customer = get_open(customer=params["customer"])
    call = wire.CALL.get()
    row = store.new(
        kind="billing_portal.session",
        prefix="bps",
        data={
            "configuration": "bpc_simulated",
            "customer": customer.stripe_id,
            "customer_account": None,
            "flow": None,
            "livemode": False,
            "locale": params.get("locale"),
            "on_behalf_of": None,
            "return_url": params.get("return_url"),
        },
    )
    row.hidden["secret"] = wire.new_id("test", 40)
    row.data["url"] = f"{call.base_url if call else ''}/portal/{row.hidden['secret']}"
    return store.save(row).payload()


ENDPOINTS = (
    Endpoint("POST", "customers", _create, {**_CHANGEABLE, "payment_method": Text()}),
    Endpoint("GET", "customers", _list, {**LISTING, "email": Email()}),
    Endpoint("GET", "customers/{customer}", _retrieve),
    Endpoint("POST", "customers/{customer}", _update, _CHANGEABLE),
    Endpoint("DELETE", "customers/{customer}", _delete),
    Endpoint(
        "POST",
        "billing_portal/sessions",
        _create_portal_session,
        {"customer": Text(required=True), "locale": Text(), "return_url": Url()},
    ),
)
