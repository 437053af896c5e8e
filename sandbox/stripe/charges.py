"""Charges: every payment attempt, successful or not."""

from sandbox.stripe import balance, events, payment_methods, store
from sandbox.stripe.api import Endpoint
from sandbox.stripe.cards import Decline
from sandbox.stripe.models import StripeObject
from sandbox.stripe.params import LISTING, Metadata, Text, merge_metadata
from sandbox.stripe.wire import Data
from vidgo.kernel.db.transactions import requires_transaction

# Fields of a charge that are null.
_NULL_FIELDS = (
    "application", "application_fee", "application_fee_amount", "balance_transaction",
    "failure_balance_transaction", "on_behalf_of", "receipt_number", "receipt_url", "review",
    "shipping", "source", "source_transfer", "statement_descriptor",
    "statement_descriptor_suffix", "transfer_data", "transfer_group",
)  # fmt: skip


@requires_transaction
def attempt(
    *,
    intent: StripeObject,
    method: StripeObject,
    status: str,
    decline: Decline | None = None,
    authenticated: bool = False,
) -> StripeObject:
    """Store a charge of a payment intent that `succeeded`, is `pending` or `failed`."""
    data = intent.data
    row = store.new(
        kind="charge",
        prefix="ch" if method.data["type"] == "card" else "py",
        data={
            **dict.fromkeys(_NULL_FIELDS),
            "amount": data["amount"],
            "amount_captured": data["amount"] if status == "succeeded" else 0,
            "amount_refunded": 0,
            "billing_details": method.data["billing_details"],
            "calculated_statement_descriptor": "SIMULATED",
            "captured": status != "failed",
            "currency": data["currency"],
            "customer": data["customer"],
            "description": data["description"],
            "disputed": False,
            "failure_code": decline.code if decline else None,
            "failure_message": decline.message if decline else None,
            "fraud_details": {},
            "livemode": False,
            "metadata": data["metadata"],
            "outcome": _outcome(decline),
            "paid": status == "succeeded",
            "payment_intent": intent.stripe_id,
            "payment_method": method.stripe_id,
            "payment_method_details": _details(method, data["amount"], authenticated),
            "radar_options": {},
            "receipt_email": data["receipt_email"],
            "refunded": False,
            "status": status,
        },
    )
    if status != "failed":
        row.data["receipt_url"] = f"{intent.hidden['base']}/receipts/{row.stripe_id}"
    return store.save(row)


def _outcome(decline: Decline | None) -> Data:
    declined = decline is not None
    return {
        "advice_code": "try_again_later" if declined else None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "declined_by_network" if declined else "approved_by_network",
        "reason": decline.decline_code or decline.code if decline else None,
        "risk_level": "normal",
        "risk_score": 20,
        "seller_message": (
            "The bank did not return any further details with this decline."
            if declined
            else "Payment complete."
        ),
        "type": "issuer_declined" if declined else "authorized",
    }


def _details(method: StripeObject, amount: int, authenticated: bool) -> Data:
    kind = method.data["type"]
    known = method.data[kind]
    names: tuple[str, ...]
    if kind != "card":
        names = ("account_holder_type", "account_type", "bank_name", "fingerprint", "last4")
        bank = {name: known[name] for name in names}
        bank |= {"mandate": None, "payment_reference": None, "expected_debit_date": None}
        return {"type": kind, kind: {**bank, "routing_number": known["routing_number"]}}
    names = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding")
    card = {name: known[name] for name in names}
    secure = {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": None,
        "version": "2.2.0",
    }
    card |= {
        "amount_authorized": amount,
        "installments": None,
        "last4": known["last4"],
        "mandate": None,
        "network": known["brand"],
        "network_token": {"used": False},
        "regulated_status": known["regulated_status"],
        "three_d_secure": secure if authenticated else None,
        "wallet": None,
    }
    return {"type": kind, kind: card}


@requires_transaction
def book(*, charge: StripeObject) -> None:
    """Add a successful charge to the merchant's balance; Stripe reports it a moment later."""
    kind = "charge" if charge.stripe_id.startswith("ch_") else "payment"
    amount = charge.data["amount"]
    entry = balance.enter(
        kind=kind, source=charge, amount=amount, fee=balance.charge_fee(amount), category="charge"
    )
    charge.data["balance_transaction"] = entry.stripe_id
    store.save(charge)
    events.emit("charge.updated", charge, previous={"balance_transaction": None})


def card_number_of(charge: StripeObject) -> str:
    """Return the number of the test card that was charged, "" for a bank account."""
    method = store.find(kind="payment_method", stripe_id=charge.data["payment_method"])
    card = payment_methods.card_of(method) if method else None
    return card.number if card else ""


def paid_of(*, payment_intent: str) -> StripeObject | None:
    """Return the successful charge of a payment intent, or None."""
    return store.objects("charge", payment_intent=payment_intent, status="succeeded").first()


def _retrieve(*, params: Data, charge: str) -> Data:
    return store.get(kind="charge", stripe_id=charge, in_path=True).payload()


def _list(*, params: Data) -> Data:
    rows = store.filtered("charge", params, "customer", "payment_intent")
    return store.listing(rows=rows, params=params, url="charges")


def _update(*, params: Data, charge: str) -> Data:
    row = store.get(kind="charge", stripe_id=charge, in_path=True)
    before = row.payload()
    merge_metadata(data=row.data, params=params)
    row.data.update(params)
    store.save(row)
    events.emit("charge.updated", row, previous=events.changes(before=before, after=row.payload()))
    return row.payload()


ENDPOINTS = (
    Endpoint("GET", "charges", _list, {**LISTING, "customer": Text(), "payment_intent": Text()}),
    Endpoint("GET", "charges/{charge}", _retrieve),
    Endpoint("POST", "charges/{charge}", _update, {"metadata": Metadata(), "description": Text()}),
)
