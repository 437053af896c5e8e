"""The Stripe client: the only module that imports Stripe's SDK.

Every response becomes one of the values in `values.py`, and every failure one of the exceptions
below. Each create carries an idempotency key made from our own row, because the key that the SDK
generates covers only the retries of one call.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from typing import Any

import stripe
from django.conf import settings

from billing.stripe.values import Card, Event, Intent, Invoice, RefundOrDispute, Session

# Pinned, and set for the webhook endpoint too; see docs/money.md.
API_VERSION = "2026-10-28.endive"
PAGE_SIZE = 100
# How many receipts a page lists; purchases and the customer portal lead to the others.
RECEIPTS = 24
# Some of these calls keep a person waiting; the SDK's default is 80 seconds, three times.
TIMEOUT_SECONDS = 10


class StripeError(Exception):
    """Stripe refused the call."""


class Unreachable(StripeError):
    """No answer, or one that says to try again: the outcome is unknown."""


class Declined(StripeError):
    """The card was declined; the message is fit for the customer."""

    def __init__(self, message: str, *, code: str, intent_id: str = "") -> None:
        self.code = code
        self.intent_id = intent_id
        super().__init__(message)


class AuthenticationRequired(Declined):
    """The bank requires the cardholder to confirm the payment."""


class Missing(StripeError):
    """Stripe has no such object."""


class Forged(StripeError):
    """A webhook's signature is wrong or too old, or the event is from the other mode."""


def is_live() -> bool:
    """Return whether the configured key moves real money."""
    return str(settings.STRIPE_SECRET_KEY).startswith(("sk_live_", "rk_live_"))


def try_key() -> None:
    """Call Stripe once with the key; raises `Unreachable`, and `StripeError` when it is refused."""
    with _translated_errors():
        _v1().checkout.sessions.list(params={"limit": 1})


@lru_cache(maxsize=4)
def _client(key: str, base: str) -> stripe.StripeClient:
    addresses: dict[str, Any] = {"base_addresses": {"api": base}} if base else {}
    return stripe.StripeClient(
        key,
        stripe_version=API_VERSION,
        max_network_retries=2,
        http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS),
        **addresses,
    )


def _v1() -> Any:
    """Return the SDK's v1 services, typed as Any because their types change between versions."""
    return _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE).v1


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Raise the SDK's exceptions as ours."""
    try:
        yield
    except stripe.CardError as error:
        raise _declined(error) from None
    except (stripe.APIConnectionError, stripe.APIError, stripe.RateLimitError) as error:
        raise Unreachable(str(error)) from error
    except stripe.StripeError as error:
        if error.code == "resource_missing":
            raise Missing(str(error)) from None
        raise StripeError(str(error)) from error


def _declined(error: stripe.CardError) -> Declined:
    intent = getattr(error.error, "payment_intent", None)
    intent_id = str(intent["id"]) if intent else ""
    message = error.user_message or "The card was declined."
    code = error.code or ""
    kind = AuthenticationRequired if code == "authentication_required" else Declined
    return kind(message, code=code, intent_id=intent_id)


def create_customer(*, organization_id: str, name: str, email: str) -> str:
    """Create an organization's customer and return its id; repeating it returns the same id."""
    with _translated_errors():
        customer = _v1().customers.create(
            params={
                "name": name,
                "email": email,
                "metadata": {"organization": organization_id},
            },
            options={"idempotency_key": f"customer:{organization_id}"},
        )
    return str(customer["id"])


def create_session(
    *,
    top_up_id: str,
    customer_id: str,
    amount_cents: int,
    currency: str,
    description: str,
    success_url: str,
    cancel_url: str,
    save_card: bool,
    expires_at: datetime,
) -> Session:
    """Open a Checkout page for a top-up; repeating it returns the same page."""
    metadata = {"top_up": top_up_id}
    intent_data: dict[str, Any] = {"metadata": metadata}
    if save_card:
        intent_data["setup_future_usage"] = "off_session"
    params: dict[str, Any] = {
        "mode": "payment",
        "customer": customer_id,
        "client_reference_id": top_up_id,
        "metadata": metadata,
        "payment_intent_data": intent_data,
        "invoice_creation": {"enabled": True, "invoice_data": {"metadata": metadata}},
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": currency,
                    "unit_amount": amount_cents,
                    "product_data": {"name": description},
                },
            }
        ],
        "success_url": success_url,
        "cancel_url": cancel_url,
        "expires_at": int(expires_at.timestamp()),
    }
    if settings.STRIPE_AUTOMATIC_TAX:
        params["automatic_tax"] = {"enabled": True}
        params["tax_id_collection"] = {"enabled": True}
        params["customer_update"] = {"address": "auto", "name": "auto"}
    with _translated_errors():
        created = _v1().checkout.sessions.create(
            params=params, options={"idempotency_key": f"session:{top_up_id}"}
        )
    return Session.from_stripe(created)


def get_session(*, session_id: str) -> Session:
    """Return a session's current state; raises `Missing` and `Unreachable`."""
    with _translated_errors():
        return Session.from_stripe(_v1().checkout.sessions.retrieve(session_id))


def find_session(*, intent_id: str) -> Session | None:
    """Return the Checkout session of a payment intent, None when it has none."""
    with _translated_errors():
        page = _v1().checkout.sessions.list(params={"payment_intent": intent_id, "limit": 1})
    return next((Session.from_stripe(each) for each in page["data"]), None)


def list_sessions(*, since: datetime) -> Iterator[Session]:
    """Yield the sessions created since then."""
    return (Session.from_stripe(each) for each in _all(_v1().checkout.sessions, since=since))


def charge_saved_card(
    *,
    top_up_id: str,
    customer_id: str,
    payment_method_id: str,
    amount_cents: int,
    currency: str,
    description: str,
) -> Intent:
    """Charge a saved card off-session; repeating it for the same top-up charges once.

    Raises `Declined`, `AuthenticationRequired` and `Unreachable`.
    """
    with _translated_errors():
        intent = _v1().payment_intents.create(
            params={
                "amount": amount_cents,
                "currency": currency,
                "customer": customer_id,
                "payment_method": payment_method_id,
                "off_session": True,
                "confirm": True,
                # Off-session, nobody is there to follow a redirect.
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                "description": description,
                "metadata": {"top_up": top_up_id},
            },
            options={"idempotency_key": f"recharge:{top_up_id}"},
        )
    return Intent.from_stripe(intent)


def get_intent(*, intent_id: str) -> Intent:
    """Return a payment intent's current state; raises `Missing` and `Unreachable`."""
    with _translated_errors():
        return Intent.from_stripe(_v1().payment_intents.retrieve(intent_id))


def cancel_intent(*, intent_id: str) -> None:
    """Cancel a payment intent that waits for its cardholder, so that it cannot be paid later."""
    with _translated_errors():
        _v1().payment_intents.cancel(intent_id)


def list_intents(*, since: datetime) -> Iterator[Intent]:
    """Yield the payment intents created since then."""
    return (Intent.from_stripe(each) for each in _all(_v1().payment_intents, since=since))


def get_refund(*, refund_id: str) -> RefundOrDispute:
    """Return a refund's current state."""
    with _translated_errors():
        return RefundOrDispute.from_stripe(_v1().refunds.retrieve(refund_id))


def list_refunds(*, since: datetime) -> Iterator[RefundOrDispute]:
    """Yield the refunds created since then."""
    return (RefundOrDispute.from_stripe(each) for each in _all(_v1().refunds, since=since))


def get_dispute(*, dispute_id: str) -> RefundOrDispute:
    """Return a dispute's current state."""
    with _translated_errors():
        return RefundOrDispute.from_stripe(_v1().disputes.retrieve(dispute_id))


def list_disputes(*, since: datetime) -> Iterator[RefundOrDispute]:
    """Yield the disputes created since then."""
    return (RefundOrDispute.from_stripe(each) for each in _all(_v1().disputes, since=since))


def get_card(*, payment_method_id: str) -> Card:
    """Return the brand and last four digits of a saved card."""
    with _translated_errors():
        return Card.from_stripe(_v1().payment_methods.retrieve(payment_method_id))


def list_invoices(*, customer_id: str) -> list[Invoice]:
    """Return a customer's latest receipts."""
    with _translated_errors():
        page = _v1().invoices.list(params={"customer": customer_id, "limit": RECEIPTS})
    return [Invoice.from_stripe(each) for each in page["data"]]


def get_invoice(*, invoice_id: str) -> Invoice:
    """Return one receipt; raises `Missing` and `Unreachable`."""
    with _translated_errors():
        return Invoice.from_stripe(_v1().invoices.retrieve(invoice_id))


def portal_url(*, customer_id: str, return_url: str) -> str:
    """Return a one-time URL of Stripe's customer portal, with a customer's cards and receipts."""
    with _translated_errors():
        portal = _v1().billing_portal.sessions.create(
            params={"customer": customer_id, "return_url": return_url}
        )
    return str(portal["url"])


def verify_event(*, content: bytes, signature: str) -> Event:
    """Return the event in a webhook's body; raises `Forged`.

    Stripe signs `timestamp.body`, and the timestamp must be from the last five minutes
    (docs.stripe.com/webhooks#verify-official-libraries).
    """
    secret = settings.STRIPE_WEBHOOK_SECRET
    if not secret:
        # An empty secret would verify anything.
        raise Forged("no webhook secret is configured")
    client = _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)
    try:
        client.construct_event(content, signature, secret)
        # The raw JSON, because the SDK's own object turns some numbers into decimals.
        event = Event.from_payload(json.loads(content))
    except (
        stripe.SignatureVerificationError,
        ValueError,
        KeyError,
        TypeError,
        # A signed body that is not a JSON object: both readers ask it for its fields.
        AttributeError,
    ) as error:
        raise Forged(type(error).__name__) from None
    if event.livemode != is_live():
        raise Forged("the event is from the other mode")
    return event


def _all(service: Any, *, since: datetime) -> Iterator[Any]:
    with _translated_errors():
        page = service.list(params={"created": {"gte": int(since.timestamp())}, "limit": PAGE_SIZE})
        yield from page.auto_paging_iter()
