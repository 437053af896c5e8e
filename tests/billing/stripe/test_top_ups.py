"""Top-ups: what is stored before the call to Stripe, and what is booked after it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from accounts import organizations
from accounts.audit import SYSTEM, Actor
from accounts.models import Organization, User
from billing import ledger_checks, packs, top_ups
from billing.models import Customer, TopUp
from billing.stripe import client
from tests.billing.stripe.conftest import FakeStripe, balance, entries, status_of, store_top_up

pytestmark = pytest.mark.django_db


@pytest.fixture
def opened(fake: FakeStripe, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Have Stripe open a page for every top-up, and return the arguments of the calls."""
    calls: list[dict[str, Any]] = []

    def create_session(**arguments: Any) -> client.Session:
        calls.append(arguments)
        top_up = TopUp.objects.get(public_id=arguments["top_up_id"])
        return fake.session(top_up, status="open", url="https://checkout.stripe.com/1")

    monkeypatch.setattr(client, "create_session", create_session)
    return calls


def start(organization: Organization, user: User, **values: Any) -> str:
    return top_ups.start(
        **{
            "organization": organization,
            "pack": packs.get_pack(amount_cents=2000),
            "actor": Actor(label=user.email, user=user),
            "save_card": True,
            "base_url": "https://vidgo.example",
            **values,
        }
    )


# Starting ------------------------------------------------------------------------------------


def test_a_purchase_is_stored_before_its_page_is_opened(
    organization: Organization, alice: User, customer: Customer, opened: list[dict[str, Any]]
) -> None:
    assert start(organization, alice) == "https://checkout.stripe.com/1"
    stored = TopUp.objects.get()
    assert (stored.amount_cents, stored.credits, stored.currency) == (2000, 4000, "usd")
    assert (stored.created_by, stored.saves_card, stored.status) == (alice, True, "pending")
    assert stored.stripe_session_id
    (call,) = opened
    assert (call["amount_cents"], call["currency"]) == (2000, "usd")
    assert (call["save_card"], call["description"]) == (True, top_ups.describe(stored))
    assert "4,000" in call["description"]


def test_a_suspended_organization_buys_nothing(
    organization: Organization, alice: User, customer: Customer, opened: list[dict[str, Any]]
) -> None:
    organizations.suspend(organization=organization, actor=SYSTEM)
    organization.refresh_from_db()
    with pytest.raises(organizations.Suspended):
        start(organization, alice)
    assert not TopUp.objects.exists()


def test_a_page_that_fails_to_open_leaves_a_pending_top_up(
    fake: FakeStripe,
    organization: Organization,
    alice: User,
    customer: Customer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def create_session(**_: Any) -> client.Session:
        raise client.Unreachable("no")

    monkeypatch.setattr(client, "create_session", create_session)
    with pytest.raises(top_ups.CheckoutUnavailable):
        start(organization, alice)
    assert TopUp.objects.get().stripe_session_id is None


def test_another_organizations_top_up_is_not_found(
    organization: Organization, other_organization: Organization, top_up: TopUp
) -> None:
    found = top_ups.get_top_up(organization=organization, public_id=top_up.public_id)
    assert found == top_up
    with pytest.raises(top_ups.UnknownTopUp):
        top_ups.get_top_up(organization=other_organization, public_id=top_up.public_id)


# Sessions ------------------------------------------------------------------------------------


def test_a_paid_session_is_stored_with_its_ids(
    fake: FakeStripe, organization: Organization, top_up: TopUp
) -> None:
    TopUp.objects.update(failure_message="The payment page expired.")
    session = fake.session(top_up, total_cents=2140)
    booked = top_ups.fulfill_session(session=session)
    assert booked is not None
    assert (booked.status, booked.paid_cents, booked.failure_message) == ("paid", 2140, "")
    assert booked.paid_at is not None
    assert booked.stripe_session_id == session.id
    assert booked.stripe_payment_intent_id == session.intent_id
    assert booked.stripe_invoice_id == "in_1"
    assert balance(organization) == 4000


@pytest.mark.parametrize(
    "changed", [{"subtotal_cents": 500}, {"currency": "eur"}, {"livemode": True}]
)
def test_a_session_that_does_not_match_its_top_up_is_an_unknown_payment(
    fake: FakeStripe, top_up: TopUp, changed: dict[str, Any]
) -> None:
    with pytest.raises(top_ups.UnknownPayment, match="sold as"):
        top_ups.fulfill_session(session=fake.session(top_up, **changed))
    assert (status_of(top_up), entries("top_up")) == ("pending", 0)


def test_a_session_without_a_top_up_is_an_error_only_if_paid(
    fake: FakeStripe, top_up: TopUp
) -> None:
    session = replace(fake.session(top_up), top_up_id="topup_other")
    assert top_ups.fulfill_session(session=replace(session, payment_status="unpaid")) is None
    with pytest.raises(top_ups.UnknownPayment, match="names no known top-up"):
        top_ups.fulfill_session(session=session)


def test_an_open_page_is_unpaid_and_a_pending_debit_is_processing(
    fake: FakeStripe, organization: Organization, top_up: TopUp
) -> None:
    page = fake.session(top_up, status="open", payment_status="unpaid", intent_id="")
    waiting = top_ups.fulfill_session(session=page)
    assert waiting is not None
    assert (waiting.status, waiting.state) == ("pending", "unpaid")
    unnamed = top_ups.fulfill_session(session=replace(page, status="complete"))
    assert unnamed is not None
    assert unnamed.stripe_payment_intent_id is None
    debit = replace(page, status="complete", intent_id="pi_debit")
    under_way = top_ups.fulfill_session(session=debit)
    assert under_way is not None
    assert (under_way.status, under_way.state) == ("pending", "processing")
    assert balance(organization) == 0
    arrived = top_ups.fulfill_session(session=replace(debit, payment_status="paid"))
    assert arrived is not None
    assert (arrived.state, balance(organization)) == ("paid", 4000)
    assert ledger_checks.check() == []


def test_a_recharge_without_an_answer_is_processing(organization: Organization) -> None:
    recharge = store_top_up(organization, source=TopUp.Source.AUTO_RECHARGE)
    assert recharge.state == "processing"


def test_an_expired_page_closes_its_purchase_once(fake: FakeStripe, top_up: TopUp) -> None:
    page = fake.session(top_up, status="expired", payment_status="unpaid")
    closed = top_ups.fulfill_session(session=page)
    assert closed is not None
    assert (closed.status, closed.failure_message) == ("expired", "The payment page expired.")
    assert not top_ups.close(top_up=top_up, status=TopUp.Status.FAILED, message="again")
    assert status_of(top_up) == "expired"


def test_the_failure_message_is_truncated_to_its_column(top_up: TopUp) -> None:
    assert top_ups.close(top_up=top_up, status=TopUp.Status.FAILED, message="x" * 900)
    assert len(TopUp.objects.get().failure_message) == 500


# Payment intents -----------------------------------------------------------------------------


def test_an_intent_without_a_top_up_is_an_error_only_if_succeeded(fake: FakeStripe) -> None:
    intent = fake.intent(None)
    assert top_ups.fulfill_intent(intent=replace(intent, status="processing")) is None
    with pytest.raises(top_ups.UnknownPayment, match="names no known top-up"):
        top_ups.fulfill_intent(intent=intent)


def test_a_succeeded_intent_is_booked_with_the_amount_received(
    fake: FakeStripe, organization: Organization
) -> None:
    recharge = store_top_up(organization, source=TopUp.Source.AUTO_RECHARGE)
    intent = fake.intent(recharge)
    waiting = top_ups.fulfill_intent(intent=replace(intent, status="processing"))
    assert waiting is not None
    assert (waiting.status, balance(organization)) == ("pending", 0)
    with pytest.raises(top_ups.UnknownPayment, match="sold as"):
        top_ups.fulfill_intent(intent=replace(intent, received_cents=1))
    top_ups.fulfill_intent(intent=intent)
    recharge.refresh_from_db()
    assert (recharge.paid_cents, recharge.stripe_payment_intent_id) == (2000, intent.id)
    assert (recharge.stripe_session_id, balance(organization)) == (None, 4000)


def test_an_intent_of_a_checkout_without_a_session_changes_nothing(
    fake: FakeStripe, organization: Organization, top_up: TopUp
) -> None:
    assert top_ups.fulfill_intent(intent=fake.intent(top_up)) == top_up
    assert balance(organization) == 0


def test_a_top_up_is_found_by_its_intent_only_when_paid(
    fake: FakeStripe, organization: Organization, top_up: TopUp
) -> None:
    first, second = fake.session(top_up), fake.session(store_top_up(organization))
    for session in (first, second):
        fake.intents[session.intent_id] = replace(
            fake.intent(top_up), id=session.intent_id, top_up_id=session.top_up_id
        )
    assert top_ups.get_by_intent(intent_id=second.intent_id).public_id == second.top_up_id
    assert top_ups.get_by_intent(intent_id=first.intent_id) == top_up
    assert entries("top_up") == 2

    third = store_top_up(organization, stripe_payment_intent_id="pi_debit")
    unpaid = fake.session(third, payment_status="unpaid", intent_id="pi_debit")
    fake.intents["pi_debit"] = replace(fake.intent(third), id=unpaid.intent_id, status="processing")
    with pytest.raises(top_ups.UnknownPayment, match="no paid top-up"):
        top_ups.get_by_intent(intent_id="pi_debit")


# The card ------------------------------------------------------------------------------------


@pytest.mark.parametrize("saves", [True, False])
def test_a_card_is_saved_only_if_its_owner_agreed(
    fake: FakeStripe, organization: Organization, saves: bool
) -> None:
    Customer.objects.create(organization=organization, stripe_id="cus_1")
    bought = store_top_up(organization, saves_card=saves)
    session = fake.session(bought)
    fake.intents[session.intent_id] = fake.intent(bought, payment_method_id="pm_9")
    for _ in range(2):
        top_ups.fulfill_session(session=session)
    customer = Customer.objects.get()
    stored = (customer.payment_method_id, customer.card_last_four)
    assert stored == (("pm_9", "4242") if saves else ("", ""))


def test_a_card_that_cannot_be_saved_does_not_hold_back_the_credits(
    fake: FakeStripe, organization: Organization
) -> None:
    Customer.objects.create(organization=organization, stripe_id="cus_1", payment_method_id="pm_1")
    unknown = fake.session(store_top_up(organization, saves_card=True), intent_id="pi_unknown")
    top_ups.fulfill_session(session=unknown)
    without = store_top_up(organization, saves_card=True)
    session = fake.session(without)
    fake.intents[session.intent_id] = fake.intent(without, payment_method_id="")
    top_ups.fulfill_session(session=session)
    assert balance(organization) == 8000
    assert Customer.objects.get().payment_method_id == "pm_1"
