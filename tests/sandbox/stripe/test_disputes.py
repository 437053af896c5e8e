"""Disputes and early fraud warnings."""

from typing import Any

import pytest
import stripe

from sandbox.stripe import checkout_payments, disputes, tasks
from sandbox.stripe.checkout_payments import Outcome
from sandbox.stripe.errors import Refusal

from .conftest import happened

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.sandbox.stripe.routes"),
]


def test_a_dispute_withdraws_the_money_and_a_win_brings_it_back(api: Any, paid: Outcome) -> None:
    row = disputes.open_dispute(charge=paid.intent.data["latest_charge"])
    opened = api.disputes.retrieve(row.stripe_id, {"expand": ["charge"]})
    assert (opened.status, opened.amount, opened.reason) == ("needs_response", 500, "fraudulent")
    assert opened.charge.disputed is True
    assert [entry.net for entry in opened.balance_transactions] == [-2000]
    assert happened()[-2:] == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]

    disputes.decide(dispute=row.stripe_id, won=True)
    won = api.disputes.retrieve(row.stripe_id)
    assert won.status == "won"
    assert [entry.net for entry in won.balance_transactions] == [-2000, 2000]
    assert happened()[-3:] == [
        "charge.dispute.updated",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
    ]
    with pytest.raises(Refusal, match="already closed"):
        disputes.decide(dispute=row.stripe_id, won=False)


def test_closing_a_dispute_loses_it(api: Any, paid: Outcome) -> None:
    row = disputes.open_dispute(charge=paid.intent.data["latest_charge"])
    assert api.disputes.close(row.stripe_id).status == "lost"
    assert happened()[-2:] == ["charge.dispute.updated", "charge.dispute.closed"]
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        api.disputes.close(row.stripe_id)


@pytest.mark.parametrize(("text", "status"), [("winning_evidence", "won"), ("hm", "under_review")])
def test_evidence_decides_as_in_test_mode(api: Any, paid: Outcome, text: str, status: str) -> None:
    row = disputes.open_dispute(charge=paid.intent.data["latest_charge"])
    answered = api.disputes.update(
        row.stripe_id, {"evidence": {"uncategorized_text": text}, "submit": True}
    )
    assert answered.status == status
    assert answered.evidence_details.submission_count == 1


def test_an_inquiry_withdraws_nothing(api: Any, paid: Outcome) -> None:
    row = disputes.open_dispute(charge=paid.intent.data["latest_charge"], inquiry=True)
    assert api.disputes.retrieve(row.stripe_id).status == "warning_needs_response"
    assert happened()[-1] == "charge.dispute.created"
    disputes.decide(dispute=row.stripe_id, won=True)
    assert api.disputes.retrieve(row.stripe_id).status == "warning_closed"


def test_a_partly_refunded_charge_is_disputed_for_the_rest(api: Any, paid: Outcome) -> None:
    api.refunds.create({"payment_intent": paid.intent.stripe_id, "amount": 200})
    row = disputes.open_dispute(charge=paid.intent.data["latest_charge"])
    assert row.data["amount"] == 300


@pytest.mark.parametrize(
    ("number", "event"),
    [
        ("4000000000000259", "charge.dispute.funds_withdrawn"),
        ("4000000000005423", "radar.early_fraud_warning.created"),
    ],
)
def test_some_cards_dispute_after_they_paid(
    session: stripe.checkout.Session, number: str, event: str
) -> None:
    checkout_payments.pay_by_card(session=session.id, number=number)
    assert event not in happened()
    tasks.run_due(early=True)
    assert happened()[-1] == event


def test_a_plan_that_no_longer_applies_is_dropped(
    api: Any, session: stripe.checkout.Session
) -> None:
    outcome = checkout_payments.pay_by_card(session=session.id, number="4000000000000259")
    api.refunds.create({"payment_intent": outcome.intent.stripe_id})
    tasks.run_due(early=True)
    assert api.disputes.list().data == []


def test_a_warning_is_found_by_its_payment(api: Any, paid: Outcome) -> None:
    row = disputes.warn(charge=paid.intent.data["latest_charge"])
    found = api.radar.early_fraud_warnings.list({"payment_intent": paid.intent.stripe_id}).data
    assert [warning.id for warning in found] == [row.stripe_id]
    assert found[0].actionable is True
    with pytest.raises(Refusal):
        disputes.warn(charge=paid.intent.data["latest_charge"])


def test_disputes_are_found_by_their_payment(api: Any, paid: Outcome) -> None:
    row = disputes.open_dispute(charge=paid.intent.data["latest_charge"])
    found = api.disputes.list({"payment_intent": paid.intent.stripe_id})
    assert [dispute.id for dispute in found.data] == [row.stripe_id]
    assert api.disputes.list({"charge": "ch_other"}).data == []
