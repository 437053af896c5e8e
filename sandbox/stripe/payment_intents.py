"""Payment intents: creation, attempts, authentication, settlement, cancellation."""

from typing import Any

from sandbox.stripe import cards, charges, customers, events, payment_methods, store, wire
from sandbox.stripe.cards import Card, Decline, OffSession
from sandbox.stripe.errors import CardDeclined, Refusal
from sandbox.stripe.models import StripeObject
from sandbox.stripe.wire import Data
from vidgo.kernel.db.transactions import requires_transaction

CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
CANCELABLE = CONFIRMABLE
METHOD_TYPES = ["card", "us_bank_account"]
# Fields of a new payment intent that are null.
_NULL_FIELDS = (
    "application", "application_fee_amount", "canceled_at", "cancellation_reason",
    "client_secret", "description", "last_payment_error", "latest_charge", "next_action",
    "on_behalf_of", "payment_method", "payment_method_configuration_details", "processing",
    "receipt_email", "review", "setup_future_usage", "shipping", "source", "statement_descriptor",
    "statement_descriptor_suffix", "transfer_data", "transfer_group",
)  # fmt: skip


@requires_transaction
def create(
    *,
    amount: int,
    currency: str,
    customer: str | None,
    base_url: str,
    options: Data | None = None,
    session: str = "",
) -> StripeObject:
    """Store a new payment intent; `options` are further fields of the object."""
    row = store.new(
        kind="payment_intent",
        prefix="pi",
        hidden={"base": base_url, "session": session},
        data={
            **dict.fromkeys(_NULL_FIELDS),
            "amount": amount,
            "amount_capturable": 0,
            "amount_details": {"tip": {}},
            "amount_received": 0,
            "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
            "capture_method": "automatic_async",
            "confirmation_method": "automatic",
            "currency": currency,
            "customer": customer,
            "livemode": False,
            "metadata": {},
            "payment_method_options": {},
            "payment_method_types": METHOD_TYPES,
            "status": "requires_payment_method",
            **(options or {}),
        },
    )
    row.data["client_secret"] = f"{row.stripe_id}_secret_{wire.new_id('x')[2:]}"
    store.save(row)
    events.emit("payment_intent.created", row)
    return row


@requires_transaction
def attempt(
    *,
    intent: StripeObject,
    method: StripeObject,
    off_session: bool,
    authenticated: bool = False,
    may_ask: bool = True,
) -> Decline | None:
    """Attempt the payment, update the intent, and return the decline if any.

    A card may ask for authentication: the intent then `requires_action`.
    """
    card = payment_methods.card_of(method)
    if card is None:
        _debit(intent, method)
        return None
    asks = card.authenticates and not off_session and not authenticated
    if asks and may_ask:
        _ask(intent, method)
        return None
    decline = cards.AUTHENTICATION_REQUIRED if asks else card.decline
    if off_session:
        decline = _off_session_decline(card, method)
    if decline is None:
        _succeed(intent, method, card, authenticated=authenticated)
    else:
        _fail(intent, method, decline)
    return decline


def _off_session_decline(card: Card, method: StripeObject) -> Decline | None:
    set_up = bool(method.hidden.get("set_up"))
    match card.off_session:
        case OffSession.AUTHENTICATES:
            return cards.AUTHENTICATION_REQUIRED
        case OffSession.AUTHENTICATES_UNLESS_SET_UP if not set_up:
            return cards.AUTHENTICATION_REQUIRED
        case OffSession.DECLINES:
            return card.decline or Decline()
    return card.decline


def _ask(intent: StripeObject, method: StripeObject) -> None:
    """Require authentication on the bank's page."""
    intent.data |= {
        "status": "requires_action",
        "payment_method": method.stripe_id,
        "last_payment_error": None,
        "next_action": {
            "type": "redirect_to_url",
            "redirect_to_url": {
                "return_url": intent.hidden.get("return_url"),
                "url": f"{intent.hidden['base']}/authenticate/{intent.stripe_id}",
            },
        },
    }
    store.save(intent)
    events.emit("payment_intent.requires_action", intent)


def _succeed(
    intent: StripeObject, method: StripeObject, card: Card, *, authenticated: bool
) -> None:
    charge = charges.attempt(
        intent=intent, method=method, status="succeeded", authenticated=authenticated
    )
    if authenticated and intent.data["setup_future_usage"] == "off_session":
        method.hidden["set_up"] = True
        store.save(method)
    _paid(intent, method, charge)
    _save_method(intent, method)
    if card.afterwards:
        store.plan(action=card.afterwards, subject=charge.stripe_id)


def _paid(intent: StripeObject, method: StripeObject, charge: StripeObject) -> None:
    intent.data |= {
        "status": "succeeded",
        "amount_received": intent.data["amount"],
        "latest_charge": charge.stripe_id,
        "payment_method": method.stripe_id,
        "last_payment_error": None,
        "next_action": None,
    }
    store.save(intent)
    events.emit("charge.succeeded", charge)
    events.emit("payment_intent.succeeded", intent)
    charges.book(charge=charge)


def _save_method(intent: StripeObject, method: StripeObject) -> None:
    customer = intent.data["customer"]
    if intent.data["setup_future_usage"] and customer:
        payment_methods.attach(method=method, customer=customer)
    elif not method.hidden.get("used"):
        # Used without a customer, so it can never be used again.
        method.hidden["used"] = True
        store.save(method)


def _fail(intent: StripeObject, method: StripeObject, decline: Decline) -> StripeObject:
    charge = charges.attempt(intent=intent, method=method, status="failed", decline=decline)
    _refused(intent, method, charge, decline)
    return charge


def _refused(
    intent: StripeObject, method: StripeObject, charge: StripeObject, decline: Decline
) -> None:
    error: Data = {
        "charge": charge.stripe_id,
        "code": decline.code,
        "doc_url": f"https://stripe.com/docs/error-codes/{decline.code.replace('_', '-')}",
        "message": decline.message,
        "payment_method": method.payload(),
        "type": "card_error",
    }
    if decline.decline_code:
        error["decline_code"] = decline.decline_code
    intent.data |= {
        "status": "requires_payment_method",
        "latest_charge": charge.stripe_id,
        "payment_method": None,
        "last_payment_error": error,
        "next_action": None,
    }
    store.save(intent)
    events.emit("charge.failed", charge)
    events.emit("payment_intent.payment_failed", intent)


def _debit(intent: StripeObject, method: StripeObject) -> None:
    """Start a bank debit, which settles later."""
    charge = charges.attempt(intent=intent, method=method, status="pending")
    intent.data |= {
        "status": "processing",
        "latest_charge": charge.stripe_id,
        "payment_method": method.stripe_id,
        "last_payment_error": None,
    }
    store.save(intent)
    events.emit("charge.pending", charge)
    events.emit("payment_intent.processing", intent)
    _save_method(intent, method)
    store.plan(action="settle", subject=intent.stripe_id)


@requires_transaction
def settle(*, intent: StripeObject, succeed: bool | None = None) -> bool:
    """Settle a bank debit, by default as the test account does; return whether it was paid.

    Raises Refusal if none is processing.
    """
    if intent.status != "processing":
        raise Refusal(f"No debit of {intent.stripe_id} is processing: it is {intent.status}.")
    store.cancel_plans(subject=intent.stripe_id, prefix="settle")
    charge = store.get(kind="charge", stripe_id=intent.data["latest_charge"])
    method = store.get(kind="payment_method", stripe_id=intent.data["payment_method"])
    account = payment_methods.bank_account_of(method)
    code = account.failure_code if account else ""
    paid = not code if succeed is None else succeed
    if paid:
        charge.data |= {"status": "succeeded", "paid": True}
        charge.data["amount_captured"] = charge.data["amount"]
        store.save(charge)
        _paid(intent, method, charge)
    else:
        decline = Decline(
            code=code or "insufficient_funds",
            decline_code=None,
            message=account.failure_message if account and code else "The debit was returned.",
        )
        charge.data |= {
            "status": "failed",
            "captured": False,
            "failure_code": decline.code,
            "failure_message": decline.message,
        }
        store.save(charge)
        _refused(intent, method, charge, decline)
    return paid


@requires_transaction
def answer(*, intent: StripeObject, succeed: bool) -> Decline | None:
    """Continue after authentication; raises Refusal if none was required."""
    if intent.status != "requires_action":
        raise Refusal(f"{intent.stripe_id} does not require authentication: it is {intent.status}.")
    method = store.get(kind="payment_method", stripe_id=intent.data["payment_method"])
    if succeed:
        return attempt(intent=intent, method=method, off_session=False, authenticated=True)
    decline = Decline(
        code="payment_intent_authentication_failure",
        decline_code=None,
        message=(
            "The provided PaymentMethod has failed authentication. You can provide "
            "payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent "
            "again."
        ),
    )
    _fail(intent, method, decline)
    return decline


@requires_transaction
def cancel(*, intent: StripeObject, reason: str | None = None) -> StripeObject:
    """Cancel an intent; raises Refusal once it is paid or processing."""
    if intent.status not in CANCELABLE:
        raise unexpected_state(
            intent,
            f"You cannot cancel this PaymentIntent because it has a status of {intent.status}. "
            "Only a PaymentIntent with one of the following statuses may be canceled: "
            f"{', '.join(CANCELABLE)}.",
        )
    intent.data |= {
        "status": "canceled",
        "canceled_at": wire.now(),
        "cancellation_reason": reason,
        "next_action": None,
    }
    store.save(intent)
    events.emit("payment_intent.canceled", intent)
    return intent


def unexpected_state(intent: StripeObject, message: str) -> Refusal:
    """Return the error for an action that the intent's status does not allow."""
    return Refusal(message, code="payment_intent_unexpected_state", payment_intent=intent.payload())


def declined(intent: StripeObject, decline: Decline) -> CardDeclined:
    """Return the error for a decline, with the intent in it like Stripe's."""
    extra: dict[str, Any] = {"payment_intent": intent.payload()}
    error = intent.data["last_payment_error"]
    extra |= {"charge": error["charge"], "payment_method": error["payment_method"]}
    return CardDeclined(
        decline.message, code=decline.code, decline_code=decline.decline_code, **extra
    )


@requires_transaction
def method_for(*, stripe_id: str, customer: str | None) -> StripeObject:
    """Return the payment method to charge for a customer.

    Raises Refusal if it belongs to somebody else, was used or was detached.
    """
    if customer is not None:
        customers.get_open(customer=customer)
    method = payment_methods.resolve(stripe_id=stripe_id)
    owner = method.data["customer"]
    if owner is None and method.hidden.get("used"):
        raise Refusal(
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer "
            "attachment, shared with a connected account without Customer attachment, or was "
            "detached from a Customer. It may not be used again. To use a PaymentMethod multiple "
            "times, you must attach it to a Customer first."
        )
    if owner is not None and customer is None:
        raise Refusal(
            f"The PaymentMethod {method.stripe_id} belongs to a Customer {owner}. Please include "
            "the Customer in the `customer` parameter on the PaymentIntent.",
            param="payment_method",
        )
    if owner is not None and owner != customer:
        raise Refusal(
            f"The PaymentMethod {method.stripe_id} does not belong to the Customer you supplied "
            f"{customer}. Please use this PaymentMethod with the Customer that it belongs to "
            "instead.",
            param="payment_method",
        )
    return method
