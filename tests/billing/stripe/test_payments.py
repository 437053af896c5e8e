"""Payment events: each adds its credits once, or closes its top-up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from accounts.models import Organization
from billing import ledger_checks
from billing.models import StripeEvent, TopUp
from tests.billing.stripe.conftest import (
    FakeStripe,
    balance,
    deliver,
    entries,
    status_of,
)

pytestmark = pytest.mark.django_db


def test_a_completed_session_adds_its_credits(
    fake: FakeStripe, organization: Organization, top_up: TopUp
) -> None:
    session = fake.session(top_up)
    assert deliver("checkout.session.completed", session.id).status_code == 200
    assert balance(organization) == 4000
    paid = TopUp.objects.get(pk=top_up.pk)
    assert (paid.status, paid.paid_cents, paid.stripe_session_id) == ("paid", 2000, session.id)
    assert StripeEvent.objects.get().processed_at is not None
    assert ledger_checks.check() == []


def test_an_unpaid_session_adds_nothing_until_the_money_arrives(
    fake: FakeStripe, organization: Organization, top_up: TopUp
) -> None:
    session = fake.session(top_up, payment_status="unpaid")
    deliver("checkout.session.completed", session.id)
    assert (balance(organization), status_of(top_up)) == (0, "pending")
    fake.sessions[session.id] = replace(session, payment_status="paid")
    deliver("checkout.session.async_payment_succeeded", session.id)
    assert (balance(organization), status_of(top_up)) == (4000, "paid")


def test_a_delayed_payment_that_fails_closes_the_top_up(
    fake: FakeStripe, organization: Organization, top_up: TopUp
) -> None:
    session = fake.session(top_up, payment_status="unpaid")
    deliver("checkout.session.async_payment_failed", session.id)
    assert (balance(organization), status_of(top_up)) == (0, "failed")


def test_an_expired_page_closes_the_top_up(
    fake: FakeStripe, organization: Organization, top_up: TopUp
) -> None:
    session = fake.session(top_up, status="expired", payment_status="unpaid")
    deliver("checkout.session.expired", session.id)
    assert (balance(organization), status_of(top_up)) == (0, "expired")


def test_a_later_failure_event_does_not_undo_a_payment(
    fake: FakeStripe, organization: Organization, top_up: TopUp
) -> None:
    session = fake.session(top_up)
    deliver("checkout.session.completed", session.id)
    deliver("checkout.session.async_payment_failed", session.id)
    deliver("checkout.session.expired", session.id)
    assert (balance(organization), status_of(top_up)) == (4000, "paid")


def test_a_payment_counts_even_after_its_top_up_expired(
    fake: FakeStripe, organization: Organization, top_up: TopUp
) -> None:
    TopUp.objects.filter(pk=top_up.pk).update(status="expired")
    deliver("checkout.session.completed", fake.session(top_up).id)
    assert (balance(organization), status_of(top_up)) == (4000, "paid")


def test_the_intent_of_a_session_books_the_session(
    fake: FakeStripe, organization: Organization, top_up: TopUp
) -> None:
    session = fake.session(top_up)
    deliver("payment_intent.succeeded", session.intent_id)
    deliver("checkout.session.completed", session.id)
    assert (balance(organization), entries("top_up")) == (4000, 1)
