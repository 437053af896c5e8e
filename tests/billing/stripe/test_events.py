"""The inbox: whatever Stripe sends, however often and in whatever order, it counts once."""

from __future__ import annotations

import itertools
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from accounts.models import Organization
from billing import books, wallets
from billing.models import Customer, Dispute, LedgerEntry, Refund, StripeEvent, TopUp
from billing.stripe import client, events, reconcile
from tests.billing.stripe.conftest import (
    FakeStripe,
    deliver,
    event_body,
    post_event,
    signature,
    store_top_up,
)

pytestmark = pytest.mark.django_db


def balance(organization: Organization) -> int:
    held = wallets.balance_of(organization=organization)
    return held.balance_credits - held.debt_credits


def status_of(top_up: TopUp) -> str:
    return TopUp.objects.get(pk=top_up.pk).status


def entries(kind: str) -> int:
    return LedgerEntry.objects.filter(kind=kind).count()


# Payments ------------------------------------------------------------------------------------


def test_a_completed_session_brings_its_credits(
    fake: FakeStripe, organization: Organization, top_up: TopUp
) -> None:
    session = fake.session(top_up)
    assert deliver("checkout.session.completed", session.id).status_code == 200
    assert balance(organization) == 4000
    paid = TopUp.objects.get(pk=top_up.pk)
    assert (paid.status, paid.paid_cents, paid.stripe_session_id) == ("paid", 2000, session.id)
    assert StripeEvent.objects.get().processed_at is not None
    assert books.check() == []


def test_an_unpaid_session_brings_nothing_until_the_money_arrives(
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


def test_news_of_an_end_does_not_undo_a_payment(
    fake: FakeStripe, organization: Organization, top_up: TopUp
) -> None:
    session = fake.session(top_up)
    deliver("checkout.session.completed", session.id)
    deliver("checkout.session.async_payment_failed", session.id)
    deliver("checkout.session.expired", session.id)
    assert (balance(organization), status_of(top_up)) == (4000, "paid")


def test_what_was_paid_counts_even_after_we_had_given_it_up(
    fake: FakeStripe, organization: Organization, top_up: TopUp
) -> None:
    TopUp.objects.filter(pk=top_up.pk).update(status="expired")
    deliver("checkout.session.completed", fake.session(top_up).id)
    assert (balance(organization), status_of(top_up)) == (4000, "paid")


def test_the_payment_intent_of_a_page_books_the_page(
    fake: FakeStripe, organization: Organization, top_up: TopUp
) -> None:
    session = fake.session(top_up)
    deliver("payment_intent.succeeded", session.intent_id)
    deliver("checkout.session.completed", session.id)
    assert (balance(organization), entries("top_up")) == (4000, 1)


def test_a_tax_is_paid_on_top_and_buys_nothing(
    fake: FakeStripe, organization: Organization, top_up: TopUp
) -> None:
    deliver("checkout.session.completed", fake.session(top_up, total_cents=2380).id)
    assert balance(organization) == 4000
    assert TopUp.objects.get().paid_cents == 2380


def test_a_card_is_kept_only_when_the_customer_wished_so(
    fake: FakeStripe, organization: Organization, customer: Customer
) -> None:
    Customer.objects.update(payment_method_id="")
    deliver("checkout.session.completed", fake.session(store_top_up(organization)).id)
    assert Customer.objects.get().payment_method_id == ""
    kept = store_top_up(organization, keeps_card=True)
    deliver("checkout.session.completed", fake.session(kept).id)
    assert (Customer.objects.get().payment_method_id, Customer.objects.get().card_last_four) == (
        "pm_1",
        "4242",
    )


# Repetition and order -------------------------------------------------------------------------


def test_a_hundred_replays_of_one_event_are_one_credit(
    fake: FakeStripe, organization: Organization, top_up: TopUp
) -> None:
    session = fake.session(top_up)
    for _ in range(100):
        deliver("checkout.session.completed", session.id, event_id="evt_same")
    assert (balance(organization), entries("top_up")) == (4000, 1)
    assert StripeEvent.objects.count() == 1


def test_a_hundred_different_events_about_one_session_are_one_credit(
    fake: FakeStripe, organization: Organization, top_up: TopUp
) -> None:
    session = fake.session(top_up)
    for _ in range(100):
        deliver("checkout.session.completed", session.id)
    assert (balance(organization), entries("top_up")) == (4000, 1)


ORDERS = list(itertools.permutations(["completed", "async", "refund", "dispute"]))


@pytest.mark.parametrize("won", [True, False])
def test_every_order_of_events_ends_in_the_same_books(
    fake: FakeStripe, organization: Organization, won: bool
) -> None:
    """Payment of $20, $5 of it refunded, the rest disputed: each order, in one test."""
    for order in ORDERS:
        top_up = store_top_up(organization)
        session = fake.session(top_up)
        refund = fake.take("refund", intent_id=session.intent_id, cents=500, status="succeeded")
        dispute = fake.take(
            "dispute",
            intent_id=session.intent_id,
            cents=1500,
            status="won" if won else "lost",
        )
        news = {
            "completed": ("checkout.session.completed", session.id),
            "async": ("checkout.session.async_payment_succeeded", session.id),
            "refund": ("refund.created", refund.id),
            "dispute": ("charge.dispute.created", dispute.id),
        }
        before = balance(organization)
        for name in order:
            client_event(*news[name])
        assert balance(organization) - before == (3000 if won else 0), order
    assert books.check() == []


def client_event(type: str, about: str) -> None:
    """Act on an event without the detour through HTTP."""
    stored = StripeEvent.objects.create(
        stripe_id=f"evt_{StripeEvent.objects.count()}",
        type=type,
        object_id=about,
        payload={},
        created_at="2026-11-22T00:00:00Z",
    )
    events.process(event=stored)
    stored.refresh_from_db()
    assert stored.error == ""


@pytest.mark.django_db(transaction=True)
def test_fifty_parallel_duplicates_are_one_credit(
    fake: FakeStripe, organization: Organization, top_up: TopUp
) -> None:
    session = fake.session(top_up)
    body = event_body("checkout.session.completed", session.id, event_id="evt_same")
    barrier = threading.Barrier(10)

    def one(number: int) -> int:
        try:
            if number < 10:
                barrier.wait(timeout=20)
            status = int(post_event(body).status_code)
            events.process(event=StripeEvent.objects.get(stripe_id="evt_same"))
            return status
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        statuses = set(pool.map(one, range(50)))
    assert statuses == {200}
    assert (balance(organization), entries("top_up"), StripeEvent.objects.count()) == (4000, 1, 1)


# Forgeries ------------------------------------------------------------------------------------


def test_forged_and_stale_events_are_400_and_leave_nothing(
    fake: FakeStripe, organization: Organization, top_up: TopUp
) -> None:
    session = fake.session(top_up)
    body = event_body("checkout.session.completed", session.id)
    for header in (
        "",
        "nonsense",
        "t=1,v1=00",
        signature(body, secret="whsec_other"),
        signature(body, age_seconds=600),
        signature(body + b" "),
        signature(event_body("checkout.session.completed", "cs_other")),
    ):
        assert post_event(body, header).status_code == 400, header
    assert not StripeEvent.objects.exists()
    assert balance(organization) == 0


def test_an_event_of_the_other_mode_is_400(
    fake: FakeStripe, organization: Organization, top_up: TopUp
) -> None:
    body = event_body("checkout.session.completed", fake.session(top_up).id, livemode=True)
    assert post_event(body).status_code == 400
    assert not StripeEvent.objects.exists()


def test_without_a_secret_nothing_is_believed(
    fake: FakeStripe, settings: Any, top_up: TopUp
) -> None:
    settings.STRIPE_WEBHOOK_SECRET = ""
    body = event_body("checkout.session.completed", fake.session(top_up).id)
    assert post_event(body, signature(body, secret="")).status_code == 400
    assert not StripeEvent.objects.exists()


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"object": "event"}'])
def test_signed_nonsense_is_400(fake: FakeStripe, db: None, body: bytes) -> None:
    assert post_event(body, signature(body)).status_code == 400
    assert not StripeEvent.objects.exists()


def test_a_huge_body_is_refused(fake: FakeStripe, db: None) -> None:
    assert post_event(b"x" * 600_000, "t=1,v1=00").status_code == 413


def test_only_a_post_is_taken(fake: FakeStripe, db: None, client: Any) -> None:
    assert client.get("/webhooks/stripe").status_code == 405


@pytest.mark.parametrize(
    "changed",
    [
        {"subtotal_cents": 1999},
        {"subtotal_cents": 200000},
        {"currency": "eur"},
        {"livemode": True},
        {"top_up_id": "topup_unknown"},
        {"top_up_id": ""},
    ],
)
def test_a_payment_that_is_not_as_we_sold_it_alarms_and_brings_nothing(
    fake: FakeStripe, organization: Organization, top_up: TopUp, changed: dict[str, Any]
) -> None:
    session = fake.session(top_up, **changed)
    deliver("checkout.session.completed", session.id)
    assert balance(organization) == 0
    event = StripeEvent.objects.get()
    assert event.processed_at is None
    assert event.error.startswith("UnknownPayment")
    assert reconcile.run()["alarms"] >= 1


def test_an_unpaid_session_of_somebody_else_is_none_of_our_business(
    fake: FakeStripe, db: None
) -> None:
    session = fake.session(None, status="expired", payment_status="unpaid")
    deliver("checkout.session.expired", session.id)
    assert StripeEvent.objects.get().processed_at is not None


def test_an_event_we_do_not_know_is_kept_and_done(fake: FakeStripe, db: None) -> None:
    deliver("customer.created", "cus_9")
    assert StripeEvent.objects.get().processed_at is not None


def test_a_failed_event_is_tried_again_and_then_done(
    fake: FakeStripe, organization: Organization, top_up: TopUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = fake.session(top_up)

    def away(**_: Any) -> client.Session:
        raise client.Unreachable("no answer")

    with monkeypatch.context() as patched:
        patched.setattr(client, "get_session", away)
        deliver("checkout.session.completed", session.id)
    event = StripeEvent.objects.get()
    assert (event.processed_at, event.tries, balance(organization)) == (None, 1, 0)
    assert events.process_due() == 0, "it waits for its time"
    StripeEvent.objects.update(due_at=event.received_at)
    assert events.process_due() == 1
    assert balance(organization) == 4000


# Refunds and disputes -------------------------------------------------------------------------


@pytest.fixture
def paid(fake: FakeStripe, organization: Organization, top_up: TopUp) -> client.Session:
    session = fake.session(top_up)
    deliver("checkout.session.completed", session.id)
    return session


def test_refunds_take_their_share_each_once(
    fake: FakeStripe, organization: Organization, paid: client.Session
) -> None:
    half = fake.take("refund", intent_id=paid.intent_id, cents=1000, status="succeeded")
    for type in ("refund.created", "refund.updated", "refund.created"):
        deliver(type, half.id)
    assert balance(organization) == 2000
    rest = fake.take("refund", intent_id=paid.intent_id, cents=1000, status="pending")
    deliver("refund.created", rest.id)
    assert (balance(organization), Refund.objects.count()) == (0, 2)
    assert books.check() == []


def test_thirds_leave_no_rounding_behind(
    fake: FakeStripe, organization: Organization, paid: client.Session
) -> None:
    for cents in (667, 667, 666):
        refund = fake.take("refund", intent_id=paid.intent_id, cents=cents, status="succeeded")
        deliver("refund.created", refund.id)
    assert balance(organization) == 0
    assert books.check() == []


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
    assert books.check() == []


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
    assert books.check() == []


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
    assert books.check() == []


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
    assert books.check() == []


def test_a_refund_and_a_dispute_together_take_no_more_than_was_bought(
    fake: FakeStripe, organization: Organization, paid: client.Session
) -> None:
    refund = fake.take("refund", intent_id=paid.intent_id, cents=1500, status="succeeded")
    dispute = fake.take("dispute", intent_id=paid.intent_id, cents=2000, status="lost")
    deliver("refund.created", refund.id)
    deliver("charge.dispute.created", dispute.id)
    assert balance(organization) == 0
    assert books.check() == []


def test_a_refund_of_an_unknown_payment_stays_in_the_inbox(
    fake: FakeStripe, organization: Organization
) -> None:
    intent = fake.intent(None)
    refund = fake.take("refund", intent_id=intent.id, cents=100, status="succeeded")
    deliver("refund.created", refund.id)
    assert StripeEvent.objects.get().error.startswith("UnknownPayment")


def test_a_fraud_warning_is_told_and_moves_nothing(
    fake: FakeStripe, organization: Organization, paid: client.Session
) -> None:
    deliver("radar.early_fraud_warning.created", "issfr_1")
    assert balance(organization) == 4000
    assert not StripeEvent.objects.filter(processed_at=None).exists()


@pytest.mark.parametrize(
    ("type", "about"), [("payment_method.detached", "pm_1"), ("customer.deleted", "cus_1")]
)
def test_a_card_that_is_gone_is_forgotten(
    fake: FakeStripe, organization: Organization, customer: Customer, type: str, about: str
) -> None:
    deliver(type, about)
    assert not Customer.objects.exclude(payment_method_id="").exists()


# Reconcile ------------------------------------------------------------------------------------


def test_reconcile_books_everything_without_any_event(
    fake: FakeStripe, organization: Organization
) -> None:
    sessions = [fake.session(store_top_up(organization)) for _ in range(20)]
    fake.take("refund", intent_id=sessions[0].intent_id, cents=2000, status="succeeded")
    fake.take("dispute", intent_id=sessions[1].intent_id, cents=2000, status="lost")
    recharged = store_top_up(organization, source=TopUp.Source.AUTO_RECHARGE)
    fake.intent(recharged)
    reconcile.run()
    assert balance(organization) == (20 - 2 + 1) * 4000
    reconcile.run()
    assert balance(organization) == (20 - 2 + 1) * 4000
    assert books.check() == []


def test_reconcile_keeps_its_place_when_a_list_breaks_off(
    fake: FakeStripe, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    from billing.models import Cursor

    def broken(**_: Any) -> Any:
        raise client.Unreachable("half a list")

    monkeypatch.setattr(client, "list_refunds", broken)
    with pytest.raises(client.Unreachable):
        reconcile.run()
    assert not Cursor.objects.exists()


def test_the_events_body_is_what_stripe_sent(
    fake: FakeStripe, organization: Organization, top_up: TopUp
) -> None:
    body = event_body("checkout.session.completed", fake.session(top_up).id)
    post_event(body)
    assert StripeEvent.objects.get().payload == json.loads(body)
