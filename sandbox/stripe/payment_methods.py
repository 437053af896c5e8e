"""Payment methods: cards and bank accounts, attached to customers and detached."""

import hashlib

from django.utils import timezone

from sandbox.stripe import cards, events, store
from sandbox.stripe.api import Endpoint
from sandbox.stripe.cards import BankAccount, Card
from sandbox.stripe.errors import CardDeclined, NoSuch, Refusal
from sandbox.stripe.models import StripeObject
from sandbox.stripe.params import PAGE, Choice, Metadata, Text, merge_metadata
from sandbox.stripe.wire import Data
from vidgo.kernel.db.transactions import requires_transaction

EMPTY_ADDRESS: Data = dict.fromkeys(
    ("city", "country", "line1", "line2", "postal_code", "state"), None
)


@requires_transaction
def of_card(
    *, card: Card, exp_month: int, exp_year: int, name: str = "", email: str = ""
) -> StripeObject:
    """Store a payment method for a test card."""
    details = {
        "brand": card.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass",
        },
        "country": "US",
        "display_brand": card.brand,
        "exp_month": exp_month,
        "exp_year": exp_year,
        "fingerprint": _fingerprint(card.number),
        "funding": "credit",
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
    return _store(
        kind="card", details=details, name=name, email=email, hidden={"card": card.number}
    )


@requires_transaction
def of_bank_account(*, account: BankAccount, name: str = "", email: str = "") -> StripeObject:
    """Store a payment method for a test bank account."""
    details = {
        "account_holder_type": "individual",
        "account_type": "checking",
        "bank_name": "STRIPE TEST BANK",
        "financial_connections_account": None,
        "fingerprint": _fingerprint(account.number),
        "last4": account.last4,
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": cards.ROUTING_NUMBER,
        "status_details": None,
    }
    hidden = {"bank_account": account.number}
    return _store(kind="us_bank_account", details=details, name=name, email=email, hidden=hidden)


def _store(*, kind: str, details: Data, name: str, email: str, hidden: Data) -> StripeObject:
    data = {
        "allow_redisplay": "unspecified",
        "billing_details": {
            "address": EMPTY_ADDRESS,
            "email": email or None,
            "name": name or None,
            "phone": None,
            "tax_id": None,
        },
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": kind,
        kind: details,
    }
    return store.save(store.new(kind="payment_method", prefix="pm", data=data, hidden=hidden))


def _fingerprint(number: str) -> str:
    return hashlib.sha256(number.encode()).hexdigest()[:16]


def card_of(method: StripeObject) -> Card | None:
    """Return the test card behind a payment method, or None for a bank account."""
    return cards.CARDS.get(method.hidden.get("card", ""))


def bank_account_of(method: StripeObject) -> BankAccount | None:
    """Return the test bank account behind a payment method, or None for a card."""
    return cards.BANK_ACCOUNTS.get(method.hidden.get("bank_account", ""))


@requires_transaction
def resolve(*, stripe_id: str, param: str = "payment_method") -> StripeObject:
    """Return the payment method, creating one for a test id such as `pm_card_visa`.

    Raises NoSuch.
    """
    if number := cards.MAGIC.get(stripe_id):
        year = timezone.now().year + 4
        return of_card(card=cards.CARDS[number], exp_month=12, exp_year=year)
    return store.get(kind="payment_method", stripe_id=stripe_id, param=param)


@requires_transaction
def attach(
    *, method: StripeObject, customer: str, allow_redisplay: str = "limited"
) -> StripeObject:
    """Save a payment method to a customer; does nothing if it is already saved."""
    if method.data["customer"] == customer:
        return method
    method.data["customer"] = customer
    method.data["allow_redisplay"] = allow_redisplay
    method.hidden["used"] = True
    store.save(method)
    events.emit("payment_method.attached", method)
    return method


def detach(*, payment_method: str) -> StripeObject:
    """Detach a payment method from its customer for good; raises Refusal."""
    with store.writing():
        method = store.get(kind="payment_method", stripe_id=payment_method, in_path=True)
        customer = method.data["customer"]
        if customer is None:
            raise Refusal(
                "The payment method you provided is not attached to a customer so detachment is "
                "impossible."
            )
        method.data["customer"] = None
        store.save(method)
        events.emit("payment_method.detached", method, previous={"customer": customer})
        owner = store.find(kind="customer", stripe_id=customer)
        if owner and owner.data["invoice_settings"]["default_payment_method"] == payment_method:
            owner.data["invoice_settings"]["default_payment_method"] = None
            store.save(owner)
        return method


def list_saved(*, customer: str) -> list[StripeObject]:
    """Return the payment methods saved to a customer, newest first."""
    return list(store.objects("payment_method", customer=customer))


def _attach(*, params: Data, payment_method: str) -> Data:
    customer = store.get(kind="customer", stripe_id=params["customer"], param="customer")
    method = resolve(stripe_id=payment_method)
    owner = method.data["customer"]
    if owner is not None and owner != customer.stripe_id:
        raise Refusal("The payment method you provided has already been attached to a customer.")
    if owner is None and method.hidden.get("used"):
        raise Refusal(
            "This PaymentMethod was previously used without being attached to a Customer or was "
            "detached from a Customer, and may not be used again."
        )
    card = card_of(method)
    if card is not None and card.decline is not None and not card.authenticates:
        decline = card.decline
        raise CardDeclined(decline.message, code=decline.code, decline_code=decline.decline_code)
    attach(method=method, customer=customer.stripe_id, allow_redisplay="unspecified")
    return method.payload()


def _detach(*, params: Data, payment_method: str) -> Data:
    return detach(payment_method=payment_method).payload()


def _retrieve(*, params: Data, payment_method: str) -> Data:
    return store.get(
        kind="payment_method", stripe_id=payment_method, param="payment_method", in_path=True
    ).payload()


def _update(*, params: Data, payment_method: str) -> Data:
    method = store.get(
        kind="payment_method", stripe_id=payment_method, param="payment_method", in_path=True
    )
    before = method.payload()
    merge_metadata(data=method.data, params=params)
    method.data.update(params)
    store.save(method)
    changes = events.changes(before=before, after=method.payload())
    events.emit("payment_method.updated", method, previous=changes)
    return method.payload()


def _list(*, params: Data) -> Data:
    rows = store.filtered("payment_method", params, "customer").exclude(customer="")
    if "type" in params:
        rows = rows.filter(data__type=params["type"])
    if "allow_redisplay" in params:
        rows = rows.filter(data__allow_redisplay=params["allow_redisplay"])
    return store.listing(rows=rows, params=params, url="payment_methods")


def _list_of_customer(*, params: Data, customer: str) -> Data:
    store.get(kind="customer", stripe_id=customer, param="customer", in_path=True)
    return _list(params={**params, "customer": customer})


def _retrieve_of_customer(*, params: Data, customer: str, payment_method: str) -> Data:
    method = store.get(
        kind="payment_method", stripe_id=payment_method, param="payment_method", in_path=True
    )
    if method.customer != customer:
        raise NoSuch(
            noun="PaymentMethod", stripe_id=payment_method, param="payment_method", in_path=True
        )
    return method.payload()


_REDISPLAY = Choice(options=("always", "limited", "unspecified"))
_FILTERS = {**PAGE, "type": Text(), "allow_redisplay": _REDISPLAY}

ENDPOINTS = (
    Endpoint("GET", "payment_methods", _list, {**_FILTERS, "customer": Text()}),
    Endpoint("GET", "payment_methods/{payment_method}", _retrieve),
    Endpoint(
        "POST",
        "payment_methods/{payment_method}",
        _update,
        {"metadata": Metadata(), "allow_redisplay": _REDISPLAY},
    ),
    Endpoint(
        "POST",
        "payment_methods/{payment_method}/attach",
        _attach,
        {"customer": Text(required=True)},
    ),
    Endpoint("POST", "payment_methods/{payment_method}/detach", _detach),
    Endpoint("GET", "customers/{customer}/payment_methods", _list_of_customer, _FILTERS),
    Endpoint("GET", "customers/{customer}/payment_methods/{payment_method}", _retrieve_of_customer),
)
