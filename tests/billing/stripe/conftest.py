"""Stripe in memory, for tests of how its answers are processed.

Only the functions of `billing.stripe.client` are replaced, so that a thousand events take a moment.
Tests of the HTTP API itself use the simulator.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pytest
import stripe
from django.test import Client

from accounts.models import Organization
from billing import packs, wallets
from billing.models import Customer, LedgerEntry, TopUp
from billing.stripe import client
from vidgo.kernel.db import ids

SECRET = "whsec_test_0123456789abcdef"
PACK = packs.Pack(amount_cents=2000, credits=4000)


@dataclass
class FakeStripe:
    """Stripe's objects, by id."""

    sessions: dict[str, client.Session] = field(default_factory=dict)
    intents: dict[str, client.Intent] = field(default_factory=dict)
    refunds: dict[str, client.RefundOrDispute] = field(default_factory=dict)
    disputes: dict[str, client.RefundOrDispute] = field(default_factory=dict)
    # The errors that the next charges of a saved card raise.
    refusals: list[Exception] = field(default_factory=list)
    charged: dict[str, client.Intent] = field(default_factory=dict)
    canceled: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def name(self, prefix: str) -> str:
        return f"{prefix}_{next(self.numbers)}_{ids.random_base62(8)}"

    def session(self, top_up: TopUp | None, **changed: Any) -> client.Session:
        """Add a session for a top-up, paid by default."""
        amount = top_up.amount_cents if top_up else 2000
        intent = self.intent(top_up, payment_method_id="pm_1")
        made = client.Session(
            id=self.name("cs"),
            url="https://checkout.stripe.com/c/pay/x",
            status="complete",
            payment_status="paid",
            top_up_id=top_up.public_id if top_up else "",
            subtotal_cents=amount,
            total_cents=amount,
            currency="usd",
            livemode=False,
            intent_id=intent.id,
            invoice_id="in_1",
            customer_id="cus_1",
        )
        self.sessions[made.id] = replace(made, **changed)
        return self.sessions[made.id]

    def intent(self, top_up: TopUp | None, **changed: Any) -> client.Intent:
        """Add a payment intent for a top-up, succeeded by default."""
        amount = top_up.amount_cents if top_up else 2000
        made = client.Intent(
            id=self.name("pi"),
            status="succeeded",
            top_up_id=top_up.public_id if top_up else "",
            amount_cents=amount,
            received_cents=amount,
            currency="usd",
            livemode=False,
            customer_id="cus_1",
            payment_method_id="",
            failure_code="",
            failure_message="",
        )
        self.intents[made.id] = replace(made, **changed)
        return self.intents[made.id]

    def take(self, kind: str, *, intent_id: str, cents: int, status: str) -> client.RefundOrDispute:
        """Add a refund or a dispute of a payment."""
        taken = client.RefundOrDispute(
            id=self.name("re" if kind == "refund" else "dp"),
            status=status,
            amount_cents=cents,
            currency="usd",
            intent_id=intent_id,
        )
        (self.refunds if kind == "refund" else self.disputes)[taken.id] = taken
        return taken

    def set_status(self, taken: client.RefundOrDispute, status: str) -> client.RefundOrDispute:
        """Change the status of a refund or a dispute."""
        objects = self.refunds if taken.id in self.refunds else self.disputes
        objects[taken.id] = replace(taken, status=status)
        return objects[taken.id]

    def get_session(self, *, session_id: str) -> client.Session:
        return self._found(self.sessions, session_id)

    def find_session(self, *, intent_id: str) -> client.Session | None:
        return next((s for s in self.sessions.values() if s.intent_id == intent_id), None)

    def get_intent(self, *, intent_id: str) -> client.Intent:
        return self._found(self.intents, intent_id)

    def get_refund(self, *, refund_id: str) -> client.RefundOrDispute:
        return self._found(self.refunds, refund_id)

    def get_dispute(self, *, dispute_id: str) -> client.RefundOrDispute:
        return self._found(self.disputes, dispute_id)

    def get_card(self, *, payment_method_id: str) -> client.Card:
        return client.Card(payment_method_id=payment_method_id, brand="visa", last_four="4242")

    def list_sessions(self, *, since: datetime) -> Iterator[client.Session]:
        return iter(list(self.sessions.values()))

    def list_intents(self, *, since: datetime) -> Iterator[client.Intent]:
        return iter(list(self.intents.values()))

    def list_refunds(self, *, since: datetime) -> Iterator[client.RefundOrDispute]:
        return iter(list(self.refunds.values()))

    def list_disputes(self, *, since: datetime) -> Iterator[client.RefundOrDispute]:
        return iter(list(self.disputes.values()))

    def cancel_intent(self, *, intent_id: str) -> None:
        self.canceled.append(intent_id)

    def charge_saved_card(self, *, top_up_id: str, **_: Any) -> client.Intent:
        if self.refusals:
            raise self.refusals.pop(0)
        if top_up_id not in self.charged:
            top_up = TopUp.objects.get(public_id=top_up_id)
            self.charged[top_up_id] = self.intent(top_up)
        return self.charged[top_up_id]

    @staticmethod
    def _found(objects: dict[str, Any], key: str) -> Any:
        if key not in objects:
            raise client.Missing(key)
        return objects[key]


REPLACED = (
    "get_session",
    "find_session",
    "get_intent",
    "get_refund",
    "get_dispute",
    "get_card",
    "list_sessions",
    "list_intents",
    "list_refunds",
    "list_disputes",
    "cancel_intent",
    "charge_saved_card",
)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, settings: Any) -> FakeStripe:
    """Replace the client's functions with Stripe in memory."""
    settings.STRIPE_SECRET_KEY = "sk_test_fake"
    settings.STRIPE_WEBHOOK_SECRET = SECRET
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    made = FakeStripe()
    for name in REPLACED:
        monkeypatch.setattr(client, name, getattr(made, name))
    return made


def store_top_up(organization: Organization, **values: Any) -> TopUp:
    """Store a top-up as `top_ups.start` does before it calls Stripe."""
    return TopUp.objects.create(
        **{
            "organization": organization,
            "source": TopUp.Source.CHECKOUT,
            "credits": PACK.credits,
            "amount_cents": PACK.amount_cents,
            **values,
        }
    )


@pytest.fixture
def top_up(organization: Organization) -> TopUp:
    """An unpaid top-up of $20."""
    return store_top_up(organization)


@pytest.fixture
def customer(organization: Organization) -> Customer:
    """The Stripe customer of Alice's organization, with a saved card."""
    return Customer.objects.create(
        organization=organization, stripe_id="cus_1", payment_method_id="pm_1"
    )


def event_body(type: str, about: str, *, event_id: str = "", **changed: Any) -> bytes:
    """Return the body of an event about an object."""
    return json.dumps(
        {
            "id": event_id or f"evt_{ids.random_base62(12)}",
            "object": "event",
            "type": type,
            "api_version": client.API_VERSION,
            "created": int(time.time()),
            "livemode": False,
            "data": {"object": {"id": about, "object": type.rpartition(".")[0]}},
            **changed,
        }
    ).encode()


def signature(body: bytes, *, secret: str = SECRET, age_seconds: int = 0) -> str:
    """Sign a body as Stripe does."""
    if not age_seconds:
        header = stripe.WebhookSignature.generate_signature_header(body.decode(), secret)
        return str(header)
    timestamp = int(time.time()) - age_seconds
    signed = stripe.WebhookSignature._compute_signature(f"{timestamp}.{body.decode()}", secret)
    return f"t={timestamp},v1={signed}"


def post_event(body: bytes, header: str | None = None) -> Any:
    """Post an event to the webhook."""
    return Client().post(
        "/webhooks/stripe",
        data=body,
        content_type="application/json",
        headers={"Stripe-Signature": signature(body) if header is None else header},
    )


def deliver(type: str, about: str, **changed: Any) -> Any:
    """Post an event and process it, as the worker would."""
    from billing.models import StripeEvent
    from billing.stripe import events

    body = event_body(type, about, **changed)
    response = post_event(body)
    events.process(event=StripeEvent.objects.get(stripe_id=json.loads(body)["id"]))
    return response


def balance(organization: Organization) -> int:
    held = wallets.balance_of(organization=organization)
    return held.balance_credits - held.debt_credits


def status_of(top_up: TopUp) -> str:
    return TopUp.objects.get(pk=top_up.pk).status


def entries(kind: str) -> int:
    return LedgerEntry.objects.filter(kind=kind).count()
