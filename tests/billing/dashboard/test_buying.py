"""Buying credits: choosing an amount, opening the payment page and returning from it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import Organization
from billing import ledger, ledger_checks, packs, top_ups, wallets
from billing.models import Customer, LedgerEntry, TopUp, Wallet
from billing.stripe import client
from tests import reading
from tests.billing.dashboard.conftest import answer_with, session_of, text_of

pytestmark = pytest.mark.django_db

CHECKOUT = "https://checkout.stripe.com/c/pay/cs_test_1"


@pytest.mark.parametrize(
    ("form", "cents", "credits"),
    [
        ({"pack": "500"}, 500, 1000),
        ({"pack": "10000"}, 10000, 20000),
        ({"dollars": "37"}, 3700, 7400),
        ({"dollars": "1000"}, 100_000, 200_000),
        # A pressed pack takes precedence over the amount.
        ({"pack": "2000", "dollars": "3"}, 2000, 4000),
    ],
)
def test_a_choice_opens_its_payment_page(
    organization: Organization,
    alice_client: Client,
    customer: Customer,
    monkeypatch: pytest.MonkeyPatch,
    form: dict[str, str],
    cents: int,
    credits: int,
) -> None:
    opened = client.Session(
        **{**dict.fromkeys(client.Session.__slots__, ""), "url": CHECKOUT, "id": "cs_test_9"}  # type: ignore[arg-type]
    )
    calls = answer_with(monkeypatch, "create_session", opened)
    answer = alice_client.post("/dashboard/billing/top-ups", form)
    assert (answer.status_code, answer["Location"]) == (303, CHECKOUT)
    bought = TopUp.objects.get()
    assert (bought.amount_cents, bought.credits, bought.status) == (cents, credits, "pending")
    assert not bought.saves_card
    assert calls[0]["save_card"] is False
    assert calls[0]["success_url"] == (
        "http://testserver/dashboard/billing/paid?session={CHECKOUT_SESSION_ID}"
    )


def test_the_card_is_saved_only_when_that_is_checked(
    alice_client: Client, customer: Customer, top_up: TopUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = answer_with(monkeypatch, "create_session", session_of(top_up, url=CHECKOUT, id="cs_2"))
    alice_client.post("/dashboard/billing/top-ups", {"pack": "500", "save_card": "on"})
    assert calls[0]["save_card"] is True


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"dollars": ""},
        {"dollars": "4"},
        {"dollars": "1001"},
        {"dollars": "12.50"},
        {"dollars": "-20"},
        {"dollars": "many"},
        {"pack": "501"},
        {"pack": "-500"},
        {"pack": "x"},
        {"pack": "9" * 30},
    ],
)
def test_an_invalid_amount_is_refused_with_the_rule(alice_client: Client, form: Any) -> None:
    answer = alice_client.post("/dashboard/billing/top-ups", form)
    reading.check(answer)
    assert packs.BadAmount.default_message in answer.content.decode()
    assert not TopUp.objects.exists()


def test_without_stripe_the_page_says_so_and_stays(
    alice_client: Client, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(monkeypatch, "create_session", client.Unreachable("no"))
    answer = alice_client.post("/dashboard/billing/top-ups", {"pack": "500"}, follow=True)
    assert top_ups.CheckoutUnavailable.default_message in answer.content.decode()
    assert answer.redirect_chain == [("/dashboard/billing", 302)]


def test_a_submitted_form_can_be_reloaded(alice_client: Client) -> None:
    for path in ("warning", "promotion"):
        answer = alice_client.get(f"/dashboard/billing/{path}")
        assert (answer.status_code, answer["Location"]) == (302, "/dashboard/billing")


def test_the_success_page_displays_the_new_balance_without_a_webhook(
    organization: Organization,
    wallet: Wallet,
    alice_client: Client,
    top_up: TopUp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer_with(monkeypatch, "get_session", session_of(top_up))
    for _ in range(2):
        answer = alice_client.get("/dashboard/billing/paid?session=cs_test_1")
        reading.check(answer)
        text = answer.content.decode()
        assert "5,000" in text
        assert "Thank you" in text
    assert wallets.balance_of(organization=organization).balance_credits == 5000
    assert LedgerEntry.objects.filter(kind="top_up").count() == 1
    assert ledger_checks.check() == []


def test_a_delayed_payment_is_on_its_way(
    organization: Organization,
    alice_client: Client,
    top_up: TopUp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer_with(monkeypatch, "get_session", session_of(top_up, payment_status="unpaid"))
    text = text_of(alice_client, "/dashboard/billing/paid?session=cs_test_1")
    assert "on its way" in text
    assert "No credits were added yet" in text
    assert not LedgerEntry.objects.exists()


def test_an_unpaid_page_and_an_expired_one_say_so(
    alice_client: Client, top_up: TopUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpaid = session_of(top_up, status="open", payment_status="unpaid")
    answer_with(monkeypatch, "get_session", unpaid)
    assert "Not paid yet" in text_of(alice_client, "/dashboard/billing/paid?session=cs_test_1")
    answer_with(monkeypatch, "get_session", replace(unpaid, status="expired"))
    text = text_of(alice_client, "/dashboard/billing/paid?session=cs_test_1")
    assert "expired, and nothing was charged" in text


def test_a_payment_of_another_amount_is_a_mismatch(
    alice_client: Client, top_up: TopUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(monkeypatch, "get_session", session_of(top_up, subtotal_cents=500))
    text = text_of(alice_client, "/dashboard/billing/paid?session=cs_test_1")
    assert "does not match your purchase" in text
    assert not LedgerEntry.objects.exists()


def test_without_stripe_the_page_promises_the_credits_later(
    alice_client: Client, top_up: TopUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(monkeypatch, "get_session", client.Unreachable("no"))
    text = text_of(alice_client, "/dashboard/billing/paid?session=cs_test_1")
    assert "are added automatically" in text
    assert "do not need to pay again" in text
    assert alice_client.get("/dashboard/billing/paid?session=cs_other").status_code == 503


@pytest.mark.parametrize("session", ["", "x", "../customers/cus_1", "cs_", "cs_1/../../refunds"])
def test_an_invalid_session_id_is_not_sent_to_stripe(alice_client: Client, session: str) -> None:
    answer = alice_client.get("/dashboard/billing/paid", {"session": session})
    assert answer.status_code == 404


def test_a_session_unknown_to_stripe_is_not_found(
    alice_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(monkeypatch, "get_session", client.Missing("no such session"))
    assert alice_client.get("/dashboard/billing/paid?session=cs_test_7").status_code == 404


def test_the_page_says_how_much_paid_off_a_debt(
    organization: Organization,
    alice_client: Client,
    top_up: TopUp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with transaction.atomic():
        ledger.claw_back(
            organization=organization,
            amount_credits=1500,
            reference="dp_1",
            actor="stripe",
            reason="",
        )
    answer_with(monkeypatch, "get_session", session_of(top_up))
    answer = alice_client.get("/dashboard/billing/paid?session=cs_test_1")
    assert answer.context["debt_paid_credits"] == 1500
    assert "paid off your debt" in answer.content.decode()
    assert wallets.balance_of(organization=organization).balance_credits == 2500
