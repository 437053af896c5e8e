"""Refunds: partial, full, pending, failed."""

from typing import Any

import pytest
import stripe

from sandbox.stripe import checkout_payments, disputes, refunds, switches, tasks
from sandbox.stripe.checkout_payments import Outcome

from .conftest import happened

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.sandbox.stripe.routes"),
]


def test_each_partial_refund_has_its_own_id_and_amount(api: Any, paid: Outcome) -> None:
    intent = paid.intent.stripe_id
    first = api.refunds.create({"payment_intent": intent, "amount": 200})
    second = api.refunds.create({"payment_intent": intent, "amount": 100})

    assert first.id != second.id
    assert (first.status, first.amount, second.amount) == ("succeeded", 200, 100)
    charge = api.charges.retrieve(first.charge, {"expand": ["refunds"]})
    assert (charge.amount_refunded, charge.refunded) == (300, False)
    assert [refund.id for refund in charge.refunds.data] == [second.id, first.id]
    assert happened()[-4:] == [
        "refund.created",
        "charge.refunded",
        "refund.updated",
        "charge.refund.updated",
    ]


def test_the_rest_can_be_refunded_once(api: Any, paid: Outcome) -> None:
    intent = paid.intent.stripe_id
    api.refunds.create({"payment_intent": intent, "amount": 200})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded") as refused:
        api.refunds.create({"payment_intent": intent, "amount": 301})
    assert refused.value.param == "amount"

    assert api.refunds.create({"payment_intent": intent}).amount == 300
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.refunds.create({"payment_intent": intent})
    assert refused.value.code == "charge_already_refunded"
    (charge,) = api.charges.list({"payment_intent": intent}).data
    assert charge.refunded is True


def test_a_refund_may_fail_after_it_succeeded(api: Any, paid: Outcome) -> None:
    made = api.refunds.create({"payment_intent": paid.intent.stripe_id})
    refunds.fail(refund=made.id, reason="lost_or_stolen_card")

    failed = api.refunds.retrieve(made.id)
    assert (failed.status, failed.failure_reason) == ("failed", "lost_or_stolen_card")
    charge = api.charges.retrieve(made.charge)
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    assert happened()[-4:] == [
        "refund.failed",
        "refund.updated",
        "charge.refund.updated",
        "charge.updated",
    ]
    assert api.refunds.create({"payment_intent": paid.intent.stripe_id}).amount == 500


def test_the_switch_makes_refunds_fail_later(api: Any, paid: Outcome) -> None:
    switches.change(refunds_fail=True)
    made = api.refunds.create({"payment_intent": paid.intent.stripe_id})
    assert made.status == "succeeded"
    tasks.run_due(early=True)
    assert api.refunds.retrieve(made.id).status == "failed"


def test_a_bank_refund_is_pending_first(api: Any, session: stripe.checkout.Session) -> None:
    outcome = checkout_payments.pay_by_bank(session=session.id)
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        api.refunds.create({"payment_intent": outcome.intent.stripe_id})
    checkout_payments.settle(payment_intent=outcome.intent.stripe_id)

    made = api.refunds.create({"payment_intent": outcome.intent.stripe_id})
    assert made.id.startswith("pyr_")
    assert made.charge.startswith("py_")
    assert (made.status, made.pending_reason) == ("pending", "processing")
    tasks.run_due(early=True)
    assert api.refunds.retrieve(made.id).status == "succeeded"


def test_a_disputed_charge_cannot_be_refunded(api: Any, paid: Outcome) -> None:
    charge = paid.intent.data["latest_charge"]
    dispute = disputes.open_dispute(charge=charge)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.refunds.create({"charge": charge})
    assert refused.value.code == "charge_disputed"

    disputes.decide(dispute=dispute.stripe_id, won=True)
    assert api.refunds.create({"charge": charge}).status == "succeeded"


def test_a_refund_names_one_payment(api: Any, paid: Outcome) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="One of the following"):
        api.refunds.create({"amount": 100})
    with pytest.raises(stripe.InvalidRequestError, match="No such payment_intent"):
        api.refunds.create({"payment_intent": "pi_nothing"})
    with pytest.raises(stripe.InvalidRequestError, match="greater than or equal to 1"):
        api.refunds.create({"payment_intent": paid.intent.stripe_id, "amount": 0})


def test_refunds_are_found_by_payment(api: Any, paid: Outcome) -> None:
    made = api.refunds.create(
        {"payment_intent": paid.intent.stripe_id, "reason": "requested_by_customer"}
    )
    for filters in ({"payment_intent": paid.intent.stripe_id}, {"charge": made.charge}):
        assert [row.id for row in api.refunds.list(filters).data] == [made.id]
    assert api.refunds.list({"payment_intent": "pi_other"}).data == []
