"""Paying at Checkout: a session's payment, authentication and settlement."""

from dataclasses import dataclass

from sandbox.stripe import (
    cards,
    checkout,
    checkout_fields,
    customers,
    events,
    invoices,
    payment_intents,
    payment_methods,
    store,
)
from sandbox.stripe.cards import Decline
from sandbox.stripe.errors import Refusal
from sandbox.stripe.models import StripeObject
from sandbox.stripe.wire import Data
from vidgo.kernel.db.transactions import requires_transaction


@dataclass(frozen=True, kw_only=True)
class Payer:
    """The payer as entered on the page; empty fields keep what is known."""

    email: str = ""
    name: str = ""
    business_name: str = ""
    tax_id_type: str = ""
    tax_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result of a payment: session, intent, and the decline if any."""

    session: StripeObject | None
    intent: StripeObject
    decline: Decline | None = None


class NotPayable(Refusal):
    """The session is complete or expired."""


def pay_by_card(
    *,
    session: str,
    number: str = "4242424242424242",
    exp_month: int = 12,
    exp_year: int = 2040,
    payer: Payer | None = None,
) -> Outcome:
    """Pay a session with a test card, as the page does.

    Any other number is declined. The intent may then require action: see `authenticate`. Raises
    NotPayable.
    """
    payer = payer or Payer()
    with store.writing():
        row = _open(session)
        card = cards.CARDS.get(number)
        # The number of a real card must not be stored.
        method = payment_methods.of_card(
            card=card or cards.Card(number="0" * 16, does="", decline=cards.NOT_A_TEST_CARD),
            exp_month=exp_month,
            exp_year=exp_year,
            name=payer.name,
            email=payer.email or _email(row),
        )
        if card is None:
            return _refuse_real_card(row, method)
        return _pay(row, method, payer)


def pay_by_bank(
    *, session: str, account: str = "000123456789", payer: Payer | None = None
) -> Outcome:
    """Pay a session from a test bank account, which settles later (see `settle`).

    Raises NotPayable, and KeyError for an unknown account.
    """
    payer = payer or Payer()
    with store.writing():
        row = _open(session)
        method = payment_methods.of_bank_account(
            account=cards.BANK_ACCOUNTS[account], name=payer.name, email=payer.email or _email(row)
        )
        return _pay(row, method, payer)


def authenticate(*, payment_intent: str, succeed: bool = True) -> Outcome:
    """Complete or fail a payment's authentication; raises Refusal or NoSuch."""
    with store.writing():
        intent = store.get(kind="payment_intent", stripe_id=payment_intent)
        decline = payment_intents.answer(intent=intent, succeed=succeed)
        row = _session_of(intent)
        if row is not None and intent.status == "succeeded":
            _complete(row, intent)
        return Outcome(session=row, intent=intent, decline=decline)


def settle(*, payment_intent: str, succeed: bool | None = None) -> Outcome:
    """Settle the bank debit of a payment; None lets the test account decide.

    Raises Refusal if none is processing, NoSuch for an unknown payment.
    """
    with store.writing():
        intent = store.get(kind="payment_intent", stripe_id=payment_intent)
        paid = payment_intents.settle(intent=intent, succeed=succeed)
        row = _session_of(intent)
        if row is not None and paid:
            row.data["payment_status"] = "paid"
            _invoice(row, intent)
            store.save(row)
            events.emit("checkout.session.async_payment_succeeded", row)
        elif row is not None:
            events.emit("checkout.session.async_payment_failed", row)
        return Outcome(session=row, intent=intent)


def set_address(*, session: str, country: str, postal_code: str = "") -> StripeObject:
    """Store the billing address, which decides the tax; raises NotPayable."""
    with store.writing():
        row = _open(session)
        address = {
            **payment_methods.EMPTY_ADDRESS,
            "country": country,
            "postal_code": postal_code or None,
        }
        row.data["customer_details"] = {**_details(row), "address": address}
        checkout_fields.apply_taxes(
            session=row.data, line_items=row.hidden["line_items"], country=country
        )
        return store.save(row)


def _open(session: str) -> StripeObject:
    checkout.expire_overdue()
    row = checkout.get(session=session)
    if row.status != "open":
        raise NotPayable(f"This Checkout Session has a status of {row.status}.")
    return row


def _session_of(intent: StripeObject) -> StripeObject | None:
    return store.find(kind="checkout.session", stripe_id=intent.hidden.get("session"))


def _email(row: StripeObject) -> str:
    return str((row.data["customer_details"] or {}).get("email") or "")


def _details(row: StripeObject) -> Data:
    return row.data["customer_details"] or checkout_fields.NO_DETAILS


@requires_transaction
def _intent(row: StripeObject) -> StripeObject:
    """Return the session's payment intent, which the first payment attempt creates."""
    intent = store.find(kind="payment_intent", stripe_id=row.data["payment_intent"])
    if intent is None:
        wanted = row.hidden["payment_intent_data"]
        intent = payment_intents.create(
            amount=row.data["amount_total"],
            currency=row.data["currency"],
            customer=row.data["customer"],
            base_url=row.hidden["base"],
            options={**wanted, "metadata": wanted.get("metadata") or {}},
            session=row.stripe_id,
        )
        row.data["payment_intent"] = intent.stripe_id
        store.save(row)
    elif intent.data["amount"] != row.data["amount_total"]:
        # The address, and so the tax, has changed.
        intent.data["amount"] = row.data["amount_total"]
        store.save(intent)
    return intent


def _refuse_real_card(row: StripeObject, method: StripeObject) -> Outcome:
    """Decline without a charge, and store nothing of the card."""
    method.delete()
    return Outcome(session=row, intent=_intent(row), decline=cards.NOT_A_TEST_CARD)


def _pay(row: StripeObject, method: StripeObject, payer: Payer) -> Outcome:
    intent = _intent(row)
    row.hidden["payer"] = {
        "email": payer.email,
        "name": payer.name,
        "business_name": payer.business_name,
        "tax_ids": ([{"type": payer.tax_id_type, "value": payer.tax_id}] if payer.tax_id else None),
    }
    store.save(row)
    if intent.status not in payment_intents.CONFIRMABLE:
        raise NotPayable(f"The payment of this Checkout Session is {intent.status}.")
    decline = payment_intents.attempt(intent=intent, method=method, off_session=False)
    if intent.status in ("succeeded", "processing"):
        _complete(row, intent)
    return Outcome(session=row, intent=intent, decline=decline)


def _complete(row: StripeObject, intent: StripeObject) -> None:
    """Complete a session whose payment succeeded or is processing."""
    payer = row.hidden.get("payer", {})
    details = dict(_details(row))
    for name in ("email", "name", "business_name", "tax_ids"):
        details[name] = payer.get(name) or details[name]
    row.data |= {
        "status": "complete",
        "url": None,
        "customer_details": details,
        "payment_status": "paid" if intent.status == "succeeded" else "unpaid",
    }
    _update_customer(row, details)
    if row.data["payment_status"] == "paid":
        _invoice(row, intent)
    store.save(row)
    events.emit("checkout.session.completed", row)


def _update_customer(row: StripeObject, details: Data) -> None:
    """Save the payer's details to the customer, as the merchant's parameters allow."""
    if row.data["customer"] is None:
        if row.data["customer_creation"] == "always":
            known = {name: details[name] for name in ("email", "name") if details[name]}
            row.data["customer"] = customers.create(params=known).stripe_id
        return
    owner = store.find(kind="customer", stripe_id=row.data["customer"])
    if owner is None or owner.deleted:
        return
    update = row.hidden["customer_update"]
    change: Data = {}
    if update.get("name") == "auto" and (details["business_name"] or details["name"]):
        change["name"] = details["business_name"] or details["name"]
    if update.get("address") == "auto" and details["address"]:
        change["address"] = details["address"]
    if not owner.data["email"] and details["email"]:
        change["email"] = details["email"]
    customers.update(row=owner, params=change)


def _invoice(row: StripeObject, intent: StripeObject) -> None:
    if row.data["invoice_creation"]["enabled"]:
        row.data["invoice"] = invoices.create_paid(session=row, intent=intent).stripe_id
