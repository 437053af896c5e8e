"""Automatic recharge: one at a time, within the monthly cap, and never charged twice."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection, transaction
from django.utils import timezone
from django_q.models import OrmQ

from accounts.audit import SYSTEM
from accounts.models import Membership, Organization, Role, User
from billing import auto_recharge, emails, ledger, ledger_checks, tasks, top_ups
from billing.models import AutoRecharge, Customer, TopUp, Wallet
from billing.stripe import client, events, reconcile
from tests import factories
from tests.billing.stripe.conftest import PACK, FakeStripe, balance, deliver

pytestmark = pytest.mark.django_db


def enable(organization: Organization, **changed: Any) -> AutoRecharge:
    values: dict[str, Any] = {
        "pack": PACK,
        "threshold_credits": 500,
        "monthly_cap_cents": 6000,
        "agreed": True,
        "actor": SYSTEM,
    }
    return auto_recharge.enable(organization=organization, **{**values, **changed})


def spend(organization: Organization, amount: int) -> None:
    with transaction.atomic():
        ledger.charge(
            organization=organization,
            amount_credits=amount,
            reference=f"t{TopUp.objects.count()}-{balance(organization)}",
            actor="test",
        )


def due(organization: Organization) -> TopUp | None:
    return auto_recharge.recharge(organization_id=organization.pk)


def later() -> None:
    """Skip the pause after a failure."""
    TopUp.objects.update(created_at=timezone.now() - timedelta(hours=7))


def queued_tasks() -> list[str]:
    return [row.task["func"] for row in OrmQ.objects.order_by("id")]


@pytest.fixture
def ready(
    fake: FakeStripe, organization: Organization, wallet: Wallet, customer: Customer
) -> Organization:
    enable(organization)
    OrmQ.objects.all().delete()
    return organization


def test_nothing_is_bought_above_the_threshold(ready: Organization) -> None:
    assert due(ready) is None
    assert not TopUp.objects.exists()


def test_a_charge_that_crosses_the_threshold_enqueues_the_recharge(
    ready: Organization,
) -> None:
    spend(ready, 400)
    assert "billing.tasks.balance_fell" not in queued_tasks()
    spend(ready, 200)
    assert queued_tasks().count("billing.tasks.balance_fell") == 1
    tasks.balance_fell(ready.pk)
    assert balance(ready) == 400 + 4000
    assert TopUp.objects.get().status == "paid"


def test_a_low_balance_is_recharged_once(fake: FakeStripe, ready: Organization) -> None:
    spend(ready, 600)
    due(ready)
    due(ready)
    assert (TopUp.objects.count(), len(fake.charged)) == (1, 1)


def test_the_webhook_after_the_response_changes_nothing(
    fake: FakeStripe, ready: Organization
) -> None:
    spend(ready, 600)
    due(ready)
    (intent,) = fake.charged.values()
    deliver("payment_intent.succeeded", intent.id)
    assert balance(ready) == 4400


def test_an_unanswered_charge_is_repeated_with_its_own_key(
    fake: FakeStripe, ready: Organization
) -> None:
    spend(ready, 600)
    fake.refusals.append(client.Unreachable("no answer"))
    due(ready)
    assert TopUp.objects.get().status == "pending"
    assert due(ready) is None, "one is open at a time"
    TopUp.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    reconcile.run()
    assert (balance(ready), TopUp.objects.count(), len(fake.charged)) == (4400, 1, 1)


def test_the_monthly_cap_holds(ready: Organization) -> None:
    spend(ready, 600)
    for _ in range(3):
        assert due(ready) is not None
        spend(ready, 4000)
    assert due(ready) is None
    assert (TopUp.objects.count(), balance(ready)) == (3, 400)


def test_a_decline_is_reported_and_not_retried_at_once(
    fake: FakeStripe, ready: Organization, alice: User
) -> None:
    spend(ready, 600)
    fake.refusals.append(client.Declined("Your card was declined.", code="card_declined"))
    top_up = due(ready)
    assert top_up is not None
    assert (top_up.status, top_up.failure_message) == ("failed", "Your card was declined.")
    assert due(ready) is None
    assert AutoRecharge.objects.get().is_enabled
    emails.send(organization=ready, kind="recharge_failed", about=top_up.public_id)
    assert [message.to for message in mail.outbox] == [[alice.email]]
    assert "Your card was declined." in mail.outbox[0].body


def test_an_intent_that_requires_the_cardholder_is_canceled(
    fake: FakeStripe, ready: Organization
) -> None:
    spend(ready, 600)
    fake.refusals.append(
        client.AuthenticationRequired("Confirm", code="authentication_required", intent_id="pi_x")
    )
    top_up = due(ready)
    assert top_up is not None
    assert (top_up.status, fake.canceled) == ("failed", ["pi_x"])


def test_three_failures_in_a_row_turn_it_off(fake: FakeStripe, ready: Organization) -> None:
    spend(ready, 600)
    for _ in range(3):
        fake.refusals.append(client.Declined("No.", code="card_declined"))
        due(ready)
        later()
    setting = AutoRecharge.objects.get()
    assert (setting.is_enabled, setting.failures_in_a_row) == (False, 3)
    assert Wallet.objects.get().recharge_below_credits == 0
    assert due(ready) is None
    assert queued_tasks().count("billing.tasks.send_notice") == 3


def test_a_success_resets_the_count_of_failures(fake: FakeStripe, ready: Organization) -> None:
    spend(ready, 600)
    fake.refusals.append(client.Declined("No.", code="card_declined"))
    due(ready)
    later()
    due(ready)
    assert (AutoRecharge.objects.get().failures_in_a_row, balance(ready)) == (0, 4400)


def test_a_failure_that_only_the_webhook_reports_is_booked(
    fake: FakeStripe, ready: Organization
) -> None:
    spend(ready, 600)
    fake.refusals.append(client.Unreachable("no answer"))
    top_up = due(ready)
    intent = fake.intent(
        top_up, status="requires_payment_method", received_cents=0, failure_code="card_declined"
    )
    deliver("payment_intent.payment_failed", intent.id)
    assert TopUp.objects.get().status == "failed"


@pytest.mark.parametrize(
    ("type", "about", "reason"),
    [
        ("payment_method.detached", "pm_1", events.CARD_REMOVED),
        ("customer.deleted", "cus_1", events.CUSTOMER_DELETED),
    ],
)
def test_a_removed_card_turns_it_off_and_the_email_says_why(
    ready: Organization, type: str, about: str, reason: str
) -> None:
    deliver(type, about)
    setting = AutoRecharge.objects.get()
    assert (setting.is_enabled, setting.stopped_reason) == (False, reason)
    (args,) = [
        row.task["args"]
        for row in OrmQ.objects.all()
        if row.task["func"] == "billing.tasks.send_notice"
    ]
    emails.send(organization=ready, kind=args[1], about=args[2])
    assert reason in mail.outbox[0].body
    assert reason in str(mail.outbox[0].alternatives[0][0])  # type: ignore[attr-defined]


def test_a_suspended_organization_buys_nothing(ready: Organization) -> None:
    spend(ready, 600)
    Organization.objects.filter(pk=ready.pk).update(suspended_at=timezone.now())
    assert due(ready) is None


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"agreed": False}, auto_recharge.ConsentMissing),
        ({"monthly_cap_cents": 1999}, auto_recharge.CapTooLow),
    ],
)
def test_it_is_enabled_only_with_consent_and_a_cap_that_allows_it(
    fake: FakeStripe,
    organization: Organization,
    customer: Customer,
    changed: dict[str, Any],
    error: type[Exception],
) -> None:
    with pytest.raises(error):
        enable(organization, **changed)
    assert not AutoRecharge.objects.exists()


def test_it_requires_a_saved_card(fake: FakeStripe, organization: Organization) -> None:
    with pytest.raises(auto_recharge.NoCard):
        enable(organization)


def test_the_consent_is_stored(ready: Organization) -> None:
    setting = AutoRecharge.objects.get()
    assert "4,000 credits" in setting.consent
    assert "$20.00" in setting.consent
    assert setting.consented_at is not None


def test_only_members_who_manage_billing_get_emails(
    ready: Organization, alice: User, bob: User
) -> None:
    keeper = factories.user("keeper@example.com")
    Membership.objects.create(organization=ready, user=keeper, role=Role.BILLING)
    assert emails.send(organization=ready, kind="low_balance") == 2
    assert {message.to[0] for message in mail.outbox} == {alice.email, keeper.email}


@pytest.mark.parametrize("kind", emails.KINDS)
def test_every_email_has_a_subject_a_text_and_an_html_part(
    ready: Organization, top_up: TopUp, kind: str
) -> None:
    emails.send(organization=ready, kind=kind, about=top_up.public_id)
    (message,) = mail.outbox
    page = str(message.alternatives[0][0])  # type: ignore[union-attr]
    assert message.subject
    assert "\n" not in message.subject
    assert "/dashboard/billing" in message.body
    assert "/dashboard/billing" in page
    for text in (message.subject, message.body, page):
        assert "{{" not in text
        assert "None" not in text


@pytest.mark.django_db(transaction=True)
def test_many_at_once_buy_one_pack(fake: FakeStripe, ready: Organization) -> None:
    spend(ready, 600)
    barrier = threading.Barrier(6)

    def one(number: int) -> None:
        try:
            barrier.wait(timeout=20)
            due(ready)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(one, range(6)))
    assert (TopUp.objects.count(), balance(ready)) == (1, 4400)
    # The charges above are not for jobs; every other rule must hold.
    assert {each.rule for each in ledger_checks.check()} == {"each charge is for a job"}


@pytest.mark.django_db(transaction=True)
def test_a_recharge_booked_meanwhile_prevents_another(
    fake: FakeStripe, ready: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    spend(ready, 600)
    pending = auto_recharge._claim(organization_id=ready.pk)
    assert pending is not None
    is_blocked = auto_recharge._is_blocked

    def book_first(setting: AutoRecharge) -> bool:
        def book() -> None:
            top_ups.fulfill_intent(intent=fake.intent(pending))
            connection.close()

        thread = threading.Thread(target=book)
        thread.start()
        thread.join()
        return is_blocked(setting)

    monkeypatch.setattr(auto_recharge, "_is_blocked", book_first)
    assert due(ready) is None
    assert balance(ready) == 4400
