"""What Stripe tells us, as frozen values of ours: nothing above depends on the SDK's shapes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


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


@dataclass(frozen=True, slots=True)
class Card:
    """A kept card."""

    payment_method_id: str
    brand: str
    last_four: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A refund or a dispute: money that left again."""

    id: str
    status: str
    amount_cents: int
    currency: str
    intent_id: str


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


@dataclass(frozen=True, slots=True)
class Event:
    """A verified webhook."""

    id: str
    type: str
    object_id: str
    created_at: datetime
    payload: dict[str, Any]
