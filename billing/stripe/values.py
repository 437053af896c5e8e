"""Stripe's objects as our own frozen values, so that no caller depends on the SDK's classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Session:
    """A Checkout session."""

    id: str
    url: str
    status: str
    payment_status: str
    top_up_id: str
    subtotal_cents: int
    total_cents: int
    currency: str
    livemode: bool
    intent_id: str
    invoice_id: str
    customer_id: str

    @property
    def is_paid(self) -> bool:
        """Return whether the money has arrived."""
        return self.status == "complete" and self.payment_status != "unpaid"

    @classmethod
    def from_stripe(cls, source: Any) -> Self:
        """Read an SDK object."""
        return cls(
            id=str(source["id"]),
            url=_text(source, "url"),
            status=_text(source, "status"),
            payment_status=_text(source, "payment_status"),
            top_up_id=_text(source, "client_reference_id") or _top_up_id(source),
            subtotal_cents=int(_field(source, "amount_subtotal") or 0),
            total_cents=int(_field(source, "amount_total") or 0),
            currency=_text(source, "currency"),
            livemode=bool(_field(source, "livemode")),
            intent_id=_id(source, "payment_intent"),
            invoice_id=_id(source, "invoice"),
            customer_id=_id(source, "customer"),
        )


@dataclass(frozen=True, slots=True)
class Intent:
    """A payment intent."""

    id: str
    status: str
    top_up_id: str
    amount_cents: int
    received_cents: int
    currency: str
    livemode: bool
    customer_id: str
    payment_method_id: str
    failure_code: str
    failure_message: str

    @classmethod
    def from_stripe(cls, source: Any) -> Self:
        """Read an SDK object."""
        failure = _part(source, "last_payment_error")
        return cls(
            id=str(source["id"]),
            status=str(source["status"]),
            top_up_id=_top_up_id(source),
            amount_cents=int(source["amount"]),
            received_cents=int(_field(source, "amount_received") or 0),
            currency=str(source["currency"]),
            livemode=bool(source["livemode"]),
            customer_id=_id(source, "customer"),
            payment_method_id=_id(source, "payment_method"),
            failure_code=str(failure.get("code") or ""),
            failure_message=str(failure.get("message") or ""),
        )


@dataclass(frozen=True, slots=True)
class Card:
    """A saved card."""

    payment_method_id: str
    brand: str
    last_four: str

    @classmethod
    def from_stripe(cls, source: Any) -> Self:
        """Read an SDK payment method; one that is no card has its type as the brand."""
        card = _part(source, "card")
        return cls(
            payment_method_id=str(source["id"]),
            brand=str(card.get("brand") or source["type"]),
            last_four=str(card.get("last4") or ""),
        )


@dataclass(frozen=True, slots=True)
class RefundOrDispute:
    """Money that left again."""

    id: str
    status: str
    amount_cents: int
    currency: str
    intent_id: str

    @classmethod
    def from_stripe(cls, source: Any) -> Self:
        """Read an SDK object."""
        return cls(
            id=str(source["id"]),
            status=_text(source, "status"),
            amount_cents=int(source["amount"]),
            currency=str(source["currency"]),
            intent_id=_id(source, "payment_intent"),
        )


@dataclass(frozen=True, slots=True)
class Invoice:
    """A receipt."""

    id: str
    number: str
    status: str
    total_cents: int
    currency: str
    created_at: datetime
    page_url: str
    pdf_url: str

    @classmethod
    def from_stripe(cls, source: Any) -> Self:
        """Read an SDK object."""
        return cls(
            id=str(source["id"]),
            number=_text(source, "number") or str(source["id"]),
            status=_text(source, "status"),
            total_cents=int(source["total"]),
            currency=str(source["currency"]),
            created_at=_time(source["created"]),
            page_url=_text(source, "hosted_invoice_url"),
            pdf_url=_text(source, "invoice_pdf"),
        )


@dataclass(frozen=True, slots=True)
class Event:
    """A verified webhook."""

    id: str
    type: str
    object_id: str
    created_at: datetime
    livemode: bool
    payload: dict[str, Any]

    @classmethod
    def from_payload(cls, payload: Any) -> Self:
        """Read the JSON of a webhook; raises `KeyError`, `TypeError` and `AttributeError`."""
        return cls(
            id=str(payload["id"]),
            type=str(payload["type"]),
            object_id=str(payload["data"]["object"].get("id") or ""),
            created_at=_time(payload["created"]),
            livemode=bool(payload["livemode"]),
            payload=payload,
        )


def _time(seconds: Any) -> datetime:
    return datetime.fromtimestamp(int(seconds), tz=UTC)


def _field(source: Any, name: str) -> Any:
    """Return a field that may be absent: SDK objects have no `.get()`."""
    return source[name] if name in source else None  # noqa: SIM401


def _text(source: Any, name: str) -> str:
    return str(_field(source, name) or "")


def _part(source: Any, name: str) -> Mapping[str, Any]:
    part = _field(source, name)
    return part.to_dict() if part is not None else {}


def _id(source: Any, name: str) -> str:
    """Return the id in a field that holds an id, an expanded object, or nothing."""
    value = _field(source, name)
    if value is None:
        return ""
    return value if isinstance(value, str) else str(value["id"])


def _top_up_id(source: Any) -> str:
    return str(_part(source, "metadata").get("top_up") or "")
