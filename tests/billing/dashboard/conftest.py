"""Fixtures of the billing pages' tests: a customer, a purchase and a stubbed Stripe client."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from accounts.models import Organization, Role, User
from billing.models import Customer, TopUp
from billing.stripe import client
from tests import factories
from tests.conftest import signed_in


@pytest.fixture(autouse=True)
def silent_stripe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that calls Stripe without a stubbed answer."""

    def refuse(*_: Any) -> Any:
        raise AssertionError("Stripe was called")

    monkeypatch.setattr(client, "_v1", refuse)


@pytest.fixture
def customer(organization: Organization) -> Customer:
    """The Stripe customer of Alice's organization, with a saved card."""
    return Customer.objects.create(
        organization=organization,
        stripe_id="cus_1",
        payment_method_id="pm_1",
        card_brand="visa",
        card_last_four="4242",
    )


@pytest.fixture
def top_up(organization: Organization, alice: User) -> TopUp:
    """A purchase whose payment page is open."""
    return TopUp.objects.create(
        organization=organization,
        source=TopUp.Source.CHECKOUT,
        credits=4000,
        amount_cents=2000,
        stripe_session_id="cs_test_1",
        created_by=alice,
    )


def session_of(top_up: TopUp, **values: Any) -> client.Session:
    """Return the paid Checkout session of a purchase."""
    paid = client.Session(
        id="cs_test_1",
        url="",
        status="complete",
        payment_status="paid",
        top_up_id=top_up.public_id,
        subtotal_cents=top_up.amount_cents,
        total_cents=top_up.amount_cents,
        currency="usd",
        livemode=client.is_live(),
        intent_id="pi_1",
        invoice_id="in_1",
        customer_id="cus_1",
    )
    return replace(paid, **values)


def answer_with(monkeypatch: pytest.MonkeyPatch, name: str, answer: Any) -> list[dict[str, Any]]:
    """Stub a function of the Stripe client and return the list of its calls' arguments."""
    calls: list[dict[str, Any]] = []

    def stub(**arguments: Any) -> Any:
        calls.append(arguments)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(client, name, stub)
    return calls


def in_role(organization: Organization, role: Role) -> Client:
    user = factories.user(f"{role}@example.com")
    factories.member(organization=organization, user=user, role=role)
    return signed_in(user)


def text_of(browser: Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())
