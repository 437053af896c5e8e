"""Invoices: created for a paid Checkout session at the merchant's request."""

from django.conf import settings

from sandbox.stripe import events, payment_methods, store, wire
from sandbox.stripe.api import Endpoint
from sandbox.stripe.models import StripeObject
from sandbox.stripe.params import LISTING, Choice, Hash, Text
from sandbox.stripe.wire import Data
from vidgo.kernel.db.transactions import requires_transaction

_STATUS = Choice(options=("draft", "open", "paid", "uncollectible", "void"))
_EVENTS = ("invoice.created", "invoice.finalized", "invoice.paid", "invoice.payment_succeeded")
# Fields of an invoice that are null.
_NULL_FIELDS = (
    "account_tax_ids", "application", "automatically_finalizes_at", "custom_fields",
    "customer_phone", "customer_shipping", "default_payment_method", "default_source", "due_date",
    "from_invoice", "hosted_invoice_url", "invoice_pdf", "last_finalization_error",
    "latest_revision", "next_payment_attempt", "on_behalf_of", "parent", "receipt_number",
    "rendering", "shipping_cost", "shipping_details", "statement_descriptor", "test_clock",
)  # fmt: skip


def merchant() -> str:
    """Return the business name that payers see."""
    return str(getattr(settings, "STRIPE_SIMULATOR_MERCHANT", "Simulated Merchant"))


@requires_transaction
def create_paid(*, session: StripeObject, intent: StripeObject) -> StripeObject:
    """Store the invoice of a paid session, and the invoice payment that links it to the intent."""
    row = store.new(kind="invoice", prefix="in", data=_fields(session, intent))
    row.data["lines"] = store.inner_list(
        data=[_line(item, row) for item in session.hidden["line_items"]],
        url=f"invoices/{row.stripe_id}/lines",
    )
    page = f"{session.hidden['base']}/invoices/{row.stripe_id}"
    row.data |= {"hosted_invoice_url": page, "invoice_pdf": f"{page}/pdf"}
    store.save(row)
    store.save(_payment(row, intent))
    for event_type in _EVENTS:
        events.emit(event_type, row)
    return row


def _number(customer: StripeObject | None) -> str:
    """Use the customer's next invoice number."""
    if customer is None or customer.deleted:
        return f"{wire.new_id('x', 8)[2:].upper()}-0001"
    number = f"{customer.data['invoice_prefix']}-{customer.data['next_invoice_sequence']:04d}"
    customer.data["next_invoice_sequence"] += 1
    store.save(customer)
    return number


def _fields(session: StripeObject, intent: StripeObject) -> Data:
    data = session.data
    customer = store.find(kind="customer", stripe_id=data["customer"])
    details = data["customer_details"] or {}
    wanted = data["invoice_creation"]["invoice_data"]
    tax = data["total_details"]["amount_tax"]
    total = data["amount_total"]
    now = wire.now()
    return {
        **dict.fromkeys(_NULL_FIELDS),
        "account_country": "US",
        "account_name": merchant(),
        "amount_due": total,
        "amount_overpaid": 0,
        "amount_paid": total,
        "amount_paid_off_stripe": 0,
        "amount_remaining": 0,
        "amount_shipping": 0,
        "attempt_count": 1,
        "attempted": True,
        "auto_advance": False,
        "automatic_tax": {**data["automatic_tax"], "disabled_reason": None},
        "billing_reason": "manual",
        "collection_method": "charge_automatically",
        "currency": data["currency"],
        "customer": data["customer"],
        "customer_address": details.get("address"),
        "customer_email": details.get("email"),
        "customer_name": details.get("business_name") or details.get("name"),
        "customer_tax_exempt": "none",
        "customer_tax_ids": details.get("tax_ids") or [],
        "default_tax_rates": [],
        "description": wanted["description"],
        "discounts": [],
        "effective_at": now,
        "ending_balance": 0,
        "footer": wanted["footer"],
        "issuer": {"type": "self"},
        "livemode": False,
        "metadata": wanted["metadata"] or {},
        "number": _number(customer),
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_end": now,
        "period_start": now,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "starting_balance": 0,
        "status": "paid",
        "status_transitions": {
            "finalized_at": now,
            "marked_uncollectible_at": None,
            "paid_at": now,
            "voided_at": None,
        },
        "subtotal": data["amount_subtotal"],
        "subtotal_excluding_tax": total - tax,
        "total": total,
        "total_discount_amounts": [],
        "total_excluding_tax": total - tax,
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        "webhooks_delivered_at": now,
    }


def _line(item: Data, invoice: StripeObject) -> Data:
    now = wire.now()
    price = item["price"]
    return {
        "id": wire.new_id("il"),
        "object": "line_item",
        "amount": item["amount_subtotal"],
        "currency": item["currency"],
        "description": item["description"],
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": invoice.stripe_id,
        "livemode": False,
        "metadata": {},
        "parent": {
            "invoice_item_details": {
                "invoice_item": wire.new_id("ii"),
                "proration": False,
                "proration_details": None,
                "subscription": None,
            },
            "subscription_item_details": None,
            "type": "invoice_item_details",
        },
        "period": {"end": now, "start": now},
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        "quantity": item["quantity"],
        "subtotal": item["amount_subtotal"],
        "taxes": [],
    }


def _payment(invoice: StripeObject, intent: StripeObject) -> StripeObject:
    amount = invoice.data["total"]
    return store.new(
        kind="invoice_payment",
        prefix="inpay",
        data={
            "amount_paid": amount,
            "amount_requested": amount,
            "currency": invoice.data["currency"],
            "invoice": invoice.stripe_id,
            "is_default": True,
            "livemode": False,
            "payment": {"payment_intent": intent.stripe_id, "type": "payment_intent"},
            "status": "paid",
            "status_transitions": {"canceled_at": None, "paid_at": wire.now()},
        },
    )


def list_of_customer(*, customer: str) -> list[StripeObject]:
    """Return a customer's invoices, newest first."""
    return list(store.objects("invoice", customer=customer))


def card_line(*, intent: StripeObject | None) -> str:
    """Return how an intent was paid, such as "Visa •••• 4242", "" if unknown."""
    stripe_id = intent.data["payment_method"] if intent else None
    method = store.find(kind="payment_method", stripe_id=stripe_id)
    if method is None:
        return ""
    card = payment_methods.card_of(method)
    return f"{card.brand.title() if card else 'Bank account'} •••• {last4(method)}"


def last4(method: StripeObject) -> str:
    """Return the last four digits of a payment method."""
    return str(method.data[method.data["type"]]["last4"])


def _retrieve(*, params: Data, invoice: str) -> Data:
    return store.get(kind="invoice", stripe_id=invoice, param="invoice", in_path=True).payload()


def _list(*, params: Data) -> Data:
    rows = store.filtered("invoice", params, "customer", "status")
    return store.listing(rows=rows, params=params, url="invoices")


def _list_payments(*, params: Data) -> Data:
    rows = store.objects("invoice_payment")
    if "invoice" in params:
        rows = rows.filter(data__invoice=params["invoice"])
    if intent := params.get("payment", {}).get("payment_intent"):
        rows = rows.filter(data__payment__payment_intent=intent)
    if "status" in params:
        rows = rows.filter(data__status=params["status"])
    return store.listing(rows=rows, params=params, url="invoice_payments")


def _retrieve_payment(*, params: Data, invoice_payment: str) -> Data:
    return store.get(kind="invoice_payment", stripe_id=invoice_payment, in_path=True).payload()


ENDPOINTS = (
    Endpoint("GET", "invoices", _list, {**LISTING, "customer": Text(), "status": _STATUS}),
    Endpoint("GET", "invoices/{invoice}", _retrieve),
    Endpoint(
        "GET",
        "invoice_payments",
        _list_payments,
        {
            **LISTING,
            "invoice": Text(),
            "payment": Hash(
                fields={
                    "type": Choice(options=("payment_intent",), required=True),
                    "payment_intent": Text(),
                }
            ),
            "status": Choice(options=("canceled", "open", "paid")),
        },
    ),
    Endpoint("GET", "invoice_payments/{invoice_payment}", _retrieve_payment),
)
