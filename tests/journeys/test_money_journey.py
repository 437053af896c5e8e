"""Payments end to end: our code, Stripe's SDK, HTTP, and the simulator as Stripe."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from accounts.audit import SYSTEM
from accounts.models import Organization
from billing import auto_recharge, ledger_checks, packs, top_ups, wallets
from billing.models import AutoRecharge, Customer, StripeEvent, TopUp
from billing.stripe import client, events, reconcile
from sandbox.stripe import checkout_payments, deliveries, disputes, refunds, switches
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

CARD = "4242424242424242"


@pytest.fixture(autouse=True)
def stripe_simulator(
    live_server: LiveServer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A server thread with an open connection would keep the test database from being dropped.
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    settings.STRIPE_SECRET_KEY = "sk_test_journey"
    settings.STRIPE_WEBHOOK_SECRET = "whsec_journey_0123456789"
    settings.STRIPE_API_BASE = f"{live_server.url}/stripe-simulator"
    settings.STRIPE_SIMULATOR_WEBHOOK_URL = f"{live_server.url}/webhooks/stripe"
    settings.STRIPE_SIMULATOR_PUBLIC_URL = live_server.url
    switches.reset()


def balance(organization: Organization) -> int:
    held = wallets.balance_of(organization=organization)
    return held.balance_credits - held.debt_credits


def process_events() -> None:
    """Deliver and process Stripe's events."""
    deliveries.deliver_due(early=True)
    events.process_due()


def open_page(organization: Organization, *, cents: int = 2000, keep: bool = False) -> TopUp:
    top_ups.start(
        organization=organization,
        pack=packs.get_pack(amount_cents=cents),
        actor=SYSTEM,
        save_card=keep,
        base_url="http://127.0.0.1",
    )
    return TopUp.objects.latest("id")


def buy(organization: Organization, *, number: str = CARD, **options: Any) -> TopUp:
    top_up = open_page(organization, **options)
    checkout_payments.pay_by_card(session=str(top_up.stripe_session_id), number=number)
    return top_up


def intent_of(top_up: TopUp) -> str:
    return str(TopUp.objects.get(pk=top_up.pk).stripe_payment_intent_id)


def spend(organization: Organization, jobs: int) -> None:
    for _ in range(jobs):
        factories.job(organization=organization, model="flux-kontext-max")


@pytest.mark.parametrize("cents", [500, 4200])
def test_a_pack_and_a_custom_amount_are_credited(organization: Organization, cents: int) -> None:
    buy(organization, cents=cents)
    process_events()
    assert balance(organization) == cents * 2
    assert ledger_checks.check() == []


def test_the_success_page_needs_no_webhook(organization: Organization) -> None:
    top_up = buy(organization)
    session = client.get_session(session_id=str(top_up.stripe_session_id))
    top_ups.fulfill_session(session=session)
    assert balance(organization) == 4000
    process_events()
    assert balance(organization) == 4000


def test_a_declined_card_buys_nothing(organization: Organization) -> None:
    buy(organization, number="4000000000000002")
    process_events()
    assert (balance(organization), TopUp.objects.get().status) == (0, "pending")


@pytest.mark.parametrize(("succeed", "expected"), [(True, 4000), (False, 0)])
def test_a_delayed_payment_is_credited_when_it_arrives(
    organization: Organization, succeed: bool, expected: int
) -> None:
    top_up = open_page(organization)
    outcome = checkout_payments.pay_by_bank(session=str(top_up.stripe_session_id))
    process_events()
    assert balance(organization) == 0
    assert outcome.intent is not None
    checkout_payments.settle(payment_intent=outcome.intent.stripe_id, succeed=succeed)
    process_events()
    assert balance(organization) == expected
    assert TopUp.objects.get().status == ("paid" if succeed else "failed")


def test_half_a_refund_takes_half_the_credits(organization: Organization) -> None:
    top_up = buy(organization)
    process_events()
    refunds.create(payment_intent=intent_of(top_up), amount=1000)
    process_events()
    assert balance(organization) == 2000
    assert ledger_checks.check() == []


@pytest.mark.parametrize(("won", "expected"), [(True, 4000), (False, 0)])
def test_a_dispute_freezes_the_credits_until_it_is_decided(
    organization: Organization, won: bool, expected: int
) -> None:
    top_up = buy(organization)
    process_events()
    dispute = open_dispute(top_up)
    process_events()
    assert balance(organization) == 0
    disputes.decide(dispute=dispute, won=won)
    process_events()
    assert balance(organization) == expected
    assert ledger_checks.check() == []


def open_dispute(top_up: TopUp) -> str:
    charge = client._v1().payment_intents.retrieve(intent_of(top_up))["latest_charge"]
    return str(disputes.open_dispute(charge=str(charge), reason="fraudulent").stripe_id)


def test_the_next_top_up_pays_for_a_lost_dispute_over_spent_credits(
    organization: Organization,
) -> None:
    top_up = buy(organization, cents=500)
    process_events()
    spend(organization, 3)
    before = balance(organization)
    disputes.decide(dispute=open_dispute(top_up), won=False)
    process_events()
    assert balance(organization) == before - 1000
    buy(organization, cents=2000)
    process_events()
    assert balance(organization) == before - 1000 + 4000
    assert ledger_checks.check() == []


def test_a_saved_card_recharges_automatically(organization: Organization) -> None:
    buy(organization, cents=500, keep=True)
    process_events()
    assert Customer.objects.get().card_last_four == "4242"
    auto_recharge.enable(
        organization=organization,
        pack=packs.get_pack(amount_cents=2000),
        threshold_credits=2000,
        monthly_cap_cents=4000,
        agreed=True,
        actor=SYSTEM,
    )
    recharged = auto_recharge.recharge(organization_id=organization.pk)
    assert recharged is not None
    assert (recharged.status, balance(organization)) == ("paid", 1000 + 4000)
    process_events()
    reconcile.run()
    assert balance(organization) == 5000
    assert ledger_checks.check() == []


def test_a_card_that_stops_working_is_counted(organization: Organization) -> None:
    buy(organization, cents=500, keep=True, number="4000000000000341")
    process_events()
    auto_recharge.enable(
        organization=organization,
        pack=packs.get_pack(amount_cents=2000),
        threshold_credits=2000,
        monthly_cap_cents=4000,
        agreed=True,
        actor=SYSTEM,
    )
    declined = auto_recharge.recharge(organization_id=organization.pk)
    assert declined is not None
    assert declined.status == "failed"
    process_events()
    assert AutoRecharge.objects.get().failures_in_a_row == 1
    assert balance(organization) == 1000


def test_a_lost_response_charges_once(organization: Organization) -> None:
    buy(organization, cents=500, keep=True)
    process_events()
    auto_recharge.enable(
        organization=organization,
        pack=packs.get_pack(amount_cents=2000),
        threshold_credits=2000,
        monthly_cap_cents=4000,
        agreed=True,
        actor=SYSTEM,
    )
    # Stripe charges and then answers 500; the retry gets the result of the first call.
    switches.change(lose_answers_percent=100)
    auto_recharge.recharge(organization_id=organization.pk)
    switches.reset()
    process_events()
    reconcile.run()
    assert balance(organization) == 5000
    assert len(list(client.list_intents(since=timezone.now() - timedelta(days=1)))) == 2
    assert ledger_checks.check() == []


@pytest.mark.chaos
def test_with_a_tenth_of_the_events_lost_one_reconciliation_records_everything(
    organization: Organization,
) -> None:
    switches.change(drop_percent=10, seed=7)
    bought = [buy(organization, cents=500) for _ in range(6)]
    process_events()
    switches.change(drop_percent=100)
    session = client.get_session(session_id=str(bought[0].stripe_session_id))
    refunds.create(payment_intent=session.intent_id)
    buy(organization, cents=500)
    process_events()
    reconcile.run()
    assert balance(organization) == (6 - 1 + 1) * 1000
    assert not TopUp.objects.filter(status="pending").exists()
    assert ledger_checks.check() == []


def test_duplicate_late_and_shuffled_events_count_once(organization: Organization) -> None:
    switches.change(copies=3, order="shuffled", seed=3)
    first = buy(organization)
    buy(organization)
    process_events()
    refunds.create(payment_intent=intent_of(first), amount=500)
    process_events()
    assert balance(organization) == 7000
    assert not StripeEvent.objects.filter(processed_at=None).exists()
    assert ledger_checks.check() == []
