"""Stripe events: each counts once, however often and in whatever order they arrive."""

from __future__ import annotations

import itertools
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from accounts.models import Organization
from billing import ledger_checks
from billing.models import StripeEvent, TopUp
from billing.stripe import client, events, reconcile
from tests.billing.stripe.conftest import (
    FakeStripe,
    balance,
    deliver,
    entries,
    event_body,
    post_event,
    signature,
    store_top_up,
)

pytestmark = pytest.mark.django_db


# Repeats and order ----------------------------------------------------------------------------


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
def test_every_order_of_events_has_the_same_result(
    fake: FakeStripe, organization: Organization, won: bool
) -> None:
    """Pay $20, refund $5 and dispute the rest, in every order of events."""
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
        reports = {
            "completed": ("checkout.session.completed", session.id),
            "async": ("checkout.session.async_payment_succeeded", session.id),
            "refund": ("refund.created", refund.id),
            "dispute": ("charge.dispute.created", dispute.id),
        }
        before = balance(organization)
        for name in order:
            process(*reports[name])
        assert balance(organization) - before == (3000 if won else 0), order
    assert ledger_checks.check() == []


def process(type: str, about: str) -> None:
    """Store and process an event without HTTP."""
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


# Forgery --------------------------------------------------------------------------------------


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


def test_without_a_secret_every_event_is_refused(
    fake: FakeStripe, settings: Any, top_up: TopUp
) -> None:
    settings.STRIPE_WEBHOOK_SECRET = ""
    body = event_body("checkout.session.completed", fake.session(top_up).id)
    assert post_event(body, signature(body, secret="")).status_code == 400
    assert not StripeEvent.objects.exists()


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"object": "event"}'])
def test_an_invalid_body_is_400_even_if_signed(fake: FakeStripe, db: None, body: bytes) -> None:
    assert post_event(body, signature(body)).status_code == 400
    assert not StripeEvent.objects.exists()


def test_a_huge_body_is_refused(fake: FakeStripe, db: None) -> None:
    assert post_event(b"x" * 600_000, "t=1,v1=00").status_code == 413


def test_only_post_is_allowed(fake: FakeStripe, db: None, client: Any) -> None:
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
def test_a_payment_that_does_not_match_its_top_up_alarms_and_adds_nothing(
    fake: FakeStripe, organization: Organization, top_up: TopUp, changed: dict[str, Any]
) -> None:
    session = fake.session(top_up, **changed)
    deliver("checkout.session.completed", session.id)
    assert balance(organization) == 0
    event = StripeEvent.objects.get()
    assert event.processed_at is None
    assert event.error.startswith("UnknownPayment")
    assert reconcile.run()["alarms"] >= 1


def test_an_unpaid_session_without_a_top_up_is_ignored(fake: FakeStripe, db: None) -> None:
    session = fake.session(None, status="expired", payment_status="unpaid")
    deliver("checkout.session.expired", session.id)
    assert StripeEvent.objects.get().processed_at is not None


def test_an_event_of_an_unknown_type_counts_as_processed(fake: FakeStripe, db: None) -> None:
    deliver("customer.created", "cus_9")
    assert StripeEvent.objects.get().processed_at is not None


def test_a_failed_event_is_retried(
    fake: FakeStripe, organization: Organization, top_up: TopUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = fake.session(top_up)

    def unreachable(**_: Any) -> client.Session:
        raise client.Unreachable("no answer")

    with monkeypatch.context() as patched:
        patched.setattr(client, "get_session", unreachable)
        deliver("checkout.session.completed", session.id)
    event = StripeEvent.objects.get()
    assert (event.processed_at, event.tries, balance(organization)) == (None, 1, 0)
    assert events.process_due() == 0, "it is not due yet"
    StripeEvent.objects.update(due_at=event.received_at)
    assert events.process_due() == 1
    assert balance(organization) == 4000


def test_the_payload_is_stored_as_sent(
    fake: FakeStripe, organization: Organization, top_up: TopUp
) -> None:
    body = event_body("checkout.session.completed", fake.session(top_up).id)
    post_event(body)
    assert StripeEvent.objects.get().payload == json.loads(body)
