"""Stripe, as far as we need it: the only module that imports its SDK.

Every answer is turned into a frozen value of ours, so nothing above depends on the SDK's shapes,
and every failure into one of four exceptions. Writes carry an idempotency key derived from our own
row, because the key the SDK makes up protects only the retries of one call.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import stripe
from django.conf import settings

from billing.stripe.values import Card, Event, Intent, Invoice, Session, Taken

# Pinned, and set for the webhook endpoint too; see docs/money.md.
API_VERSION = "2026-10-28.endive"
PAGE_SIZE = 100
# So many receipts are shown; the others are behind their purchases and in the customer portal.
RECEIPTS = 24
# A person waits for some of these calls; the SDK itself would wait 80 seconds, three times.
TIMEOUT_SECONDS = 10


class StripeError(Exception):
    """Stripe could not do what was asked."""


class Unreachable(StripeError):
    """No answer, or one that says to try again: whether anything was done is not known."""


class Declined(StripeError):
    """The card was refused; the text is fit for the customer."""

    def __init__(self, message: str, *, code: str, intent_id: str = "") -> None:
        self.code = code
        self.intent_id = intent_id
        super().__init__(message)


class AuthenticationRequired(Declined):
    """The bank wants the cardholder to confirm the payment in person."""


class Missing(StripeError):
    """Stripe knows no such object."""


class Forged(StripeError):
    """A webhook's signature is wrong or too old, or it comes from the other mode."""


def is_live() -> bool:
    """Return whether the configured key moves real money."""
    return str(settings.STRIPE_SECRET_KEY).startswith(("sk_live_", "rk_live_"))


def try_key() -> None:
    """Call Stripe once with the key; raises `Unreachable`, and `StripeError` when it is refused."""
    with _translated():
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
    """Return the SDK's v1 services; typed as Any because the SDK's own types change with it."""
    return _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE).v1


class _translated:
    """Turn the SDK's exceptions into ours."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        match error:
            case stripe.CardError():
                raise _declined(error) from None
            case stripe.APIConnectionError() | stripe.APIError() | stripe.RateLimitError():
                raise Unreachable(str(error)) from error
            case stripe.InvalidRequestError() if error.code == "resource_missing":
                raise Missing(str(error)) from None
            case stripe.StripeError():
                raise StripeError(str(error)) from error


def _declined(error: stripe.CardError) -> Declined:
    intent = getattr(error.error, "payment_intent", None)
    intent_id = str(intent["id"]) if intent else ""
    message = error.user_message or "The card was declined."
    code = error.code or ""
    kind = AuthenticationRequired if code == "authentication_required" else Declined
    return kind(message, code=code, intent_id=intent_id)


def create_customer(*, organization_id: str, name: str, email: str) -> str:
    """Create the organization's customer and return its id; the same organization gets the same."""
    with _translated():
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
    keep_card: bool,
    expires_at: datetime,
) -> Session:
    """Open a Checkout page for one top-up; asked again for the same one it returns the same."""
    metadata = {"top_up": top_up_id}
    intent_data: dict[str, Any] = {"metadata": metadata}
    if keep_card:
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
    with _translated():
        created = _v1().checkout.sessions.create(
            params=params, options={"idempotency_key": f"session:{top_up_id}"}
        )
    return _session(created)


def get_session(*, session_id: str) -> Session:
    """Return a session as Stripe has it now; raises `Missing` and `Unreachable`."""
    with _translated():
        return _session(_v1().checkout.sessions.retrieve(session_id))


def find_session(*, intent_id: str) -> Session | None:
    """Return the session a payment intent belongs to, if it came from Checkout."""
    with _translated():
        page = _v1().checkout.sessions.list(params={"payment_intent": intent_id, "limit": 1})
    return next((_session(each) for each in page["data"]), None)


def list_sessions(*, since: datetime) -> Iterator[Session]:
    """Yield the sessions created since a moment."""
    return (_session(each) for each in _all(_v1().checkout.sessions, since=since))


def charge_kept_card(
    *,
    top_up_id: str,
    customer_id: str,
    payment_method_id: str,
    amount_cents: int,
    currency: str,
    description: str,
) -> Intent:
    """Charge a kept card without its holder; asked again for the same top-up it charges once.

    Raises `Declined`, `AuthenticationRequired` and `Unreachable`.
    """
    with _translated():
        intent = _v1().payment_intents.create(
            params={
                "amount": amount_cents,
                "currency": currency,
                "customer": customer_id,
                "payment_method": payment_method_id,
                "off_session": True,
                "confirm": True,
                # A method that sends its owner elsewhere cannot be used while nobody is there.
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                "description": description,
                "metadata": {"top_up": top_up_id},
            },
            options={"idempotency_key": f"recharge:{top_up_id}"},
        )
    return _intent(intent)


def get_intent(*, intent_id: str) -> Intent:
    """Return a payment intent as Stripe has it now; raises `Missing` and `Unreachable`."""
    with _translated():
        return _intent(_v1().payment_intents.retrieve(intent_id))


def cancel_intent(*, intent_id: str) -> None:
    """Give up a payment intent that waits for its cardholder, so that it cannot be paid later."""
    with _translated():
        _v1().payment_intents.cancel(intent_id)


def list_intents(*, since: datetime) -> Iterator[Intent]:
    """Yield the payment intents created since a moment."""
    return (_intent(each) for each in _all(_v1().payment_intents, since=since))


def get_refund(*, refund_id: str) -> Taken:
    """Return a refund as Stripe has it now."""
    with _translated():
        return _taken(_v1().refunds.retrieve(refund_id))


def list_refunds(*, since: datetime) -> Iterator[Taken]:
    """Yield the refunds created since a moment."""
    return (_taken(each) for each in _all(_v1().refunds, since=since))


def get_dispute(*, dispute_id: str) -> Taken:
    """Return a dispute as Stripe has it now."""
    with _translated():
        return _taken(_v1().disputes.retrieve(dispute_id))


def list_disputes(*, since: datetime) -> Iterator[Taken]:
    """Yield the disputes created since a moment."""
    return (_taken(each) for each in _all(_v1().disputes, since=since))


def get_card(*, payment_method_id: str) -> Card:
    """Return what can be shown of a kept card."""
    with _translated():
        method = _v1().payment_methods.retrieve(payment_method_id)
    card = _part(method, "card")
    return Card(
        payment_method_id=str(method["id"]),
        brand=str(card.get("brand") or method["type"]),
        last_four=str(card.get("last4") or ""),
    )


def list_invoices(*, customer_id: str) -> list[Invoice]:
    """Return a customer's latest receipts."""
    with _translated():
        page = _v1().invoices.list(params={"customer": customer_id, "limit": RECEIPTS})
    return [_invoice(each) for each in page["data"]]


def get_invoice(*, invoice_id: str) -> Invoice:
    """Return one receipt; raises `Missing` and `Unreachable`."""
    with _translated():
        return _invoice(_v1().invoices.retrieve(invoice_id))


def portal_url(*, customer_id: str, return_url: str) -> str:
    """Return a one-time address of Stripe's page for a customer's cards and receipts."""
    with _translated():
        portal = _v1().billing_portal.sessions.create(
            params={"customer": customer_id, "return_url": return_url}
        )
    return str(portal["url"])


def verify_event(*, content: bytes, signature: str) -> Event:
    """Return the event in a webhook's body; raises `Forged`.

    Stripe signs `timestamp.body` and we accept a timestamp of the last five minutes
    (docs.stripe.com/webhooks#verify-official-libraries). An empty secret would verify anything.
    """
    secret = settings.STRIPE_WEBHOOK_SECRET
    if not secret:
        raise Forged("no webhook secret is configured")
    client = _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)
    try:
        client.construct_event(content, signature, secret)
        # As it was sent: the SDK's own object turns some numbers into decimals.
        payload: dict[str, Any] = json.loads(content)
        livemode, about = bool(payload["livemode"]), payload["data"]["object"]
        verified = Event(
            id=str(payload["id"]),
            type=str(payload["type"]),
            object_id=str(about.get("id") or ""),
            created_at=_moment(payload["created"]),
            payload=payload,
        )
    except (
        stripe.SignatureVerificationError,
        ValueError,
        KeyError,
        TypeError,
        # A signed body that is no JSON object: the SDK asks it for its fields.
        AttributeError,
    ) as error:
        raise Forged(type(error).__name__) from None
    if livemode != is_live():
        raise Forged("the event comes from the other mode")
    return verified


def _all(service: Any, *, since: datetime) -> Iterator[Any]:
    with _translated():
        page = service.list(params={"created": {"gte": int(since.timestamp())}, "limit": PAGE_SIZE})
        yield from page.auto_paging_iter()


def _moment(seconds: Any) -> datetime:
    return datetime.fromtimestamp(int(seconds), tz=UTC)


def _value(thing: Any, name: str) -> Any:
    """Return a field that may be absent: SDK objects have no `.get()`."""
    return thing[name] if thing is not None and name in thing else None


def _part(thing: Any, name: str) -> Mapping[str, Any]:
    part = _value(thing, name)
    return part.to_dict() if part is not None else {}


def _id(value: Any) -> str:
    """Return the id in a field that holds an id, an expanded object, or nothing."""
    if value is None:
        return ""
    return value if isinstance(value, str) else str(value["id"])


def _top_up_id(thing: Any) -> str:
    return str(_part(thing, "metadata").get("top_up") or "")


def _session(each: Any) -> Session:
    return Session(
        id=str(each["id"]),
        url=str(_value(each, "url") or ""),
        status=str(_value(each, "status") or ""),
        payment_status=str(_value(each, "payment_status") or ""),
        top_up_id=str(_value(each, "client_reference_id") or _top_up_id(each)),
        subtotal_cents=int(_value(each, "amount_subtotal") or 0),
        total_cents=int(_value(each, "amount_total") or 0),
        currency=str(_value(each, "currency") or ""),
        livemode=bool(_value(each, "livemode")),
        intent_id=_id(_value(each, "payment_intent")),
        invoice_id=_id(_value(each, "invoice")),
        customer_id=_id(_value(each, "customer")),
    )


def _intent(each: Any) -> Intent:
    failure = _part(each, "last_payment_error")
    return Intent(
        id=str(each["id"]),
        status=str(each["status"]),
        top_up_id=_top_up_id(each),
        amount_cents=int(each["amount"]),
        received_cents=int(_value(each, "amount_received") or 0),
        currency=str(each["currency"]),
        livemode=bool(each["livemode"]),
        customer_id=_id(_value(each, "customer")),
        payment_method_id=_id(_value(each, "payment_method")),
        failure_code=str(failure.get("code") or ""),
        failure_message=str(failure.get("message") or ""),
    )


def _taken(each: Any) -> Taken:
    return Taken(
        id=str(each["id"]),
        status=str(_value(each, "status") or ""),
        amount_cents=int(each["amount"]),
        currency=str(each["currency"]),
        intent_id=_id(_value(each, "payment_intent")),
    )


def _invoice(each: Any) -> Invoice:
    return Invoice(
        id=str(each["id"]),
        number=str(_value(each, "number") or each["id"]),
        status=str(_value(each, "status") or ""),
        total_cents=int(each["total"]),
        currency=str(each["currency"]),
        created_at=_moment(each["created"]),
        page_url=str(_value(each, "hosted_invoice_url") or ""),
        pdf_url=str(_value(each, "invoice_pdf") or ""),
    )
