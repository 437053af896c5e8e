"""Clawbacks and reinstatements by refunds and disputes."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import connection

from accounts.models import Organization
from billing import ledger_checks, refunds_and_disputes, top_ups
from billing.models import Customer, Dispute, Refund, StripeEvent, TopUp
from billing.stripe import client
from tests.billing.stripe.conftest import FakeStripe, balance, deliver, entries, store_top_up

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid(fake: FakeStripe, organization: Organization, top_up: TopUp) -> client.Session:
    session = fake.session(top_up)
    deliver("checkout.session.completed", session.id)
    return session


def test_each_refund_takes_its_share_once(
    fake: FakeStripe, organization: Organization, paid: client.Session
) -> None:
    half = fake.take("refund", intent_id=paid.intent_id, cents=1000, status="succeeded")
    for type in ("refund.created", "refund.updated", "refund.created"):
        deliver(type, half.id)
    assert balance(organization) == 2000
    rest = fake.take("refund", intent_id=paid.intent_id, cents=1000, status="pending")
    deliver("refund.created", rest.id)
    assert (balance(organization), Refund.objects.count()) == (0, 2)
    assert ledger_checks.check() == []


def test_partial_refunds_leave_no_rounding_error(
    fake: FakeStripe, organization: Organization, paid: client.Session
) -> None:
    for cents in (667, 667, 666):
        refund = fake.take("refund", intent_id=paid.intent_id, cents=cents, status="succeeded")
        deliver("refund.created", refund.id)
    assert balance(organization) == 0
    assert ledger_checks.check() == []


def test_a_refund_that_fails_gives_the_credits_back_once(
    fake: FakeStripe, organization: Organization, paid: client.Session
) -> None:
    refund = fake.take("refund", intent_id=paid.intent_id, cents=2000, status="pending")
    deliver("refund.created", refund.id)
    assert balance(organization) == 0
    fake.set_status(refund, "failed")
    for _ in range(3):
        deliver("refund.failed", refund.id)
    assert (balance(organization), entries("reinstatement")) == (4000, 1)
    assert ledger_checks.check() == []


def test_a_dispute_freezes_its_credits_and_gives_them_back_when_won(
    fake: FakeStripe, organization: Organization, paid: client.Session
) -> None:
    dispute = fake.take("dispute", intent_id=paid.intent_id, cents=2000, status="needs_response")
    deliver("charge.dispute.created", dispute.id)
    deliver("charge.dispute.funds_withdrawn", dispute.id)
    assert balance(organization) == 0
    fake.set_status(dispute, "won")
    deliver("charge.dispute.closed", dispute.id)
    deliver("charge.dispute.funds_reinstated", dispute.id)
    assert balance(organization) == 4000
    assert ledger_checks.check() == []


def test_a_lost_dispute_over_spent_credits_is_a_debt_the_next_top_up_pays(
    fake: FakeStripe, organization: Organization, paid: client.Session
) -> None:
    from tests import factories

    for _ in range(5):
        factories.job(organization=organization)
    spent = balance(organization)
    dispute = fake.take("dispute", intent_id=paid.intent_id, cents=2000, status="lost")
    deliver("charge.dispute.closed", dispute.id)
    assert balance(organization) == spent - 4000
    next_one = store_top_up(organization)
    deliver("checkout.session.completed", fake.session(next_one).id)
    assert balance(organization) == spent
    assert ledger_checks.check() == []


def test_an_inquiry_takes_nothing_until_it_becomes_a_dispute(
    fake: FakeStripe, organization: Organization, paid: client.Session
) -> None:
    inquiry = fake.take(
        "dispute", intent_id=paid.intent_id, cents=2000, status="warning_needs_response"
    )
    deliver("charge.dispute.created", inquiry.id)
    assert balance(organization) == 4000
    fake.set_status(inquiry, "needs_response")
    deliver("charge.dispute.updated", inquiry.id)
    assert balance(organization) == 0
    assert Dispute.objects.get().credits == 4000
    assert ledger_checks.check() == []


@pytest.mark.parametrize("first", ["refund", "dispute"])
def test_a_refund_and_a_dispute_together_take_no_more_than_was_bought(
    fake: FakeStripe, organization: Organization, paid: client.Session, first: str
) -> None:
    refund = fake.take("refund", intent_id=paid.intent_id, cents=1500, status="succeeded")
    dispute = fake.take("dispute", intent_id=paid.intent_id, cents=1500, status="lost")
    reports = [("refund.created", refund.id), ("charge.dispute.created", dispute.id)]
    for type, about in reports if first == "refund" else reversed(reports):
        deliver(type, about)
    assert (balance(organization), entries("clawback")) == (0, 2)
    assert ledger_checks.check() == []


def test_a_refund_of_an_unknown_payment_stays_unprocessed(
    fake: FakeStripe, organization: Organization
) -> None:
    intent = fake.intent(None)
    refund = fake.take("refund", intent_id=intent.id, cents=100, status="succeeded")
    deliver("refund.created", refund.id)
    assert StripeEvent.objects.get().error.startswith("UnknownPayment")


def test_a_fraud_warning_moves_no_credits(
    fake: FakeStripe, organization: Organization, paid: client.Session
) -> None:
    deliver("radar.early_fraud_warning.created", "issfr_1")
    assert balance(organization) == 4000
    assert not StripeEvent.objects.filter(processed_at=None).exists()


@pytest.mark.parametrize(
    ("type", "about"), [("payment_method.detached", "pm_1"), ("customer.deleted", "cus_1")]
)
def test_a_removed_card_is_forgotten(
    fake: FakeStripe, organization: Organization, customer: Customer, type: str, about: str
) -> None:
    deliver(type, about)
    assert not Customer.objects.exclude(payment_method_id="").exists()


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_a_failed_refund_takes_nothing(
    fake: FakeStripe, organization: Organization, paid: client.Session, status: str
) -> None:
    refund = fake.take("refund", intent_id=paid.intent_id, cents=1000, status=status)
    deliver("refund.created", refund.id)
    assert (balance(organization), entries("clawback")) == (4000, 0)


@pytest.mark.parametrize(
    "status",
    ["won", "prevented", "warning_needs_response", "warning_under_review", "warning_closed"],
)
def test_a_dispute_without_a_loss_takes_nothing(
    fake: FakeStripe, organization: Organization, paid: client.Session, status: str
) -> None:
    dispute = fake.take("dispute", intent_id=paid.intent_id, cents=1000, status=status)
    outcome = refunds_and_disputes.apply_dispute(dispute=dispute)
    assert (outcome.is_new, outcome.is_reversed, outcome.credits) == (True, True, 0)
    assert not refunds_and_disputes.apply_dispute(dispute=dispute).is_new
    assert (balance(organization), entries("clawback")) == (4000, 0)
    assert Dispute.objects.get().status == status


def test_a_refund_in_another_currency_is_an_unknown_payment(
    fake: FakeStripe, organization: Organization, paid: client.Session
) -> None:
    refund = fake.take("refund", intent_id=paid.intent_id, cents=1000, status="succeeded")
    with pytest.raises(top_ups.UnknownPayment):
        refunds_and_disputes.apply_refund(refund=replace(refund, currency="eur"))
    assert (balance(organization), Refund.objects.count()) == (4000, 0)


def test_a_dispute_takes_its_current_amount(
    fake: FakeStripe, organization: Organization, paid: client.Session
) -> None:
    inquiry = fake.take(
        "dispute", intent_id=paid.intent_id, cents=500, status="warning_needs_response"
    )
    refunds_and_disputes.apply_dispute(dispute=inquiry)
    refunds_and_disputes.apply_dispute(
        dispute=replace(inquiry, amount_cents=2000, status="needs_response")
    )
    assert balance(organization) == 0
    assert Dispute.objects.get().status == "needs_response"


def test_reinstated_credits_are_not_taken_a_second_time(
    fake: FakeStripe, organization: Organization, paid: client.Session
) -> None:
    refund = fake.take("refund", intent_id=paid.intent_id, cents=1000, status="succeeded")
    for status in ("succeeded", "failed"):
        refunds_and_disputes.apply_refund(refund=replace(refund, status=status))
    with pytest.raises(top_ups.UnknownPayment, match="reinstated credits"):
        refunds_and_disputes.apply_refund(refund=refund)
    assert balance(organization) == 4000
    assert ledger_checks.check() == []


def test_the_last_partial_refund_takes_the_rest(
    fake: FakeStripe, organization: Organization
) -> None:
    bought = store_top_up(organization, credits=100, amount_cents=3)
    session = fake.session(bought)
    deliver("checkout.session.completed", session.id)
    for left in (67, 34, 0):
        refund = fake.take("refund", intent_id=session.intent_id, cents=1, status="succeeded")
        refunds_and_disputes.apply_refund(refund=refund)
        assert balance(organization) == left
    assert ledger_checks.check() == []


def test_shares_that_round_up_never_take_more_than_is_left(
    fake: FakeStripe, organization: Organization
) -> None:
    bought = store_top_up(organization, credits=3, amount_cents=10)
    session = fake.session(bought)
    deliver("checkout.session.completed", session.id)
    for left in (2, 1, 0, 0, 0):
        refund = fake.take("refund", intent_id=session.intent_id, cents=2, status="succeeded")
        refunds_and_disputes.apply_refund(refund=refund)
        assert balance(organization) == left
    assert entries("clawback") == 3
    assert ledger_checks.check() == []


def test_a_share_is_in_proportion_to_the_amount_with_tax(
    fake: FakeStripe, organization: Organization, top_up: TopUp
) -> None:
    session = fake.session(top_up, total_cents=2140)
    deliver("checkout.session.completed", session.id)
    refund = fake.take("refund", intent_id=session.intent_id, cents=1070, status="succeeded")
    for _ in range(2):
        assert refunds_and_disputes.apply_refund(refund=refund).credits == 2000
    assert balance(organization) == 2000


@pytest.mark.django_db(transaction=True)
def test_two_refunds_at_once_take_turns(
    fake: FakeStripe,
    organization: Organization,
    top_up: TopUp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = fake.session(top_up)
    deliver("checkout.session.completed", session.id)
    together = threading.Barrier(2)
    share_of = refunds_and_disputes._share

    def meet(bought: TopUp, *, amount_cents: int) -> int:
        credits = share_of(bought, amount_cents=amount_cents)
        # Both would meet here if they did not take turns.
        with contextlib.suppress(threading.BrokenBarrierError):
            together.wait(timeout=0.5)
        return credits

    monkeypatch.setattr(refunds_and_disputes, "_share", meet)
    parts = [
        fake.take("refund", intent_id=session.intent_id, cents=1500, status="succeeded")
        for _ in range(2)
    ]

    def apply(refund: client.RefundOrDispute) -> None:
        try:
            refunds_and_disputes.apply_refund(refund=refund)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(apply, parts))
    assert sorted(Refund.objects.values_list("credits", flat=True)) == [1000, 3000]
    assert balance(organization) == 0
