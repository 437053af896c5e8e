"""Buying credits: the choice, the way to the payment page, and coming back from it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import Organization
from billing import ledger, ledger_checks, packs, top_ups, wallets
from billing.models import (
    Customer,
    LedgerEntry,
    TopUp,
    Wallet,
)
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
        # A pressed pack counts, whatever was typed beside it.
        ({"pack": "2000", "dollars": "3"}, 2000, 4000),
    ],
)
def test_a_choice_leads_to_its_payment_page(
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
    asked = answer_with(monkeypatch, "create_session", opened)
    answer = alice_client.post("/dashboard/billing/top-ups", form)
    assert (answer.status_code, answer["Location"]) == (303, CHECKOUT)
    bought = TopUp.objects.get()
    assert (bought.amount_cents, bought.credits, bought.status) == (cents, credits, "pending")
    assert not bought.keeps_card
    assert asked[0]["keep_card"] is False
    assert asked[0]["success_url"] == (
        "http://testserver/dashboard/billing/paid?session={CHECKOUT_SESSION_ID}"
    )


def test_the_card_is_kept_only_when_that_is_ticked(
    alice_client: Client, customer: Customer, top_up: TopUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answer_with(monkeypatch, "create_session", session_of(top_up, url=CHECKOUT, id="cs_2"))
    alice_client.post("/dashboard/billing/top-ups", {"pack": "500", "keep_card": "on"})
    assert asked[0]["keep_card"] is True


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
def test_another_amount_is_refused_with_the_rule(alice_client: Client, form: Any) -> None:
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


def test_a_form_that_was_sent_can_be_reloaded(alice_client: Client) -> None:
    for path in ("warning", "promotion"):
        answer = alice_client.get(f"/dashboard/billing/{path}")
        assert (answer.status_code, answer["Location"]) == (302, "/dashboard/billing")


def test_the_success_page_shows_the_new_balance_without_any_webhook(
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


def test_a_delayed_payment_is_called_delayed(
    organization: Organization,
    alice_client: Client,
    top_up: TopUp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer_with(monkeypatch, "get_session", session_of(top_up, payment_status="unpaid"))
    text = text_of(alice_client, "/dashboard/billing/paid?session=cs_test_1")
    assert "on its way" in text
    assert "Nothing was added yet" in text
    assert not LedgerEntry.objects.exists()


def test_an_unpaid_page_and_an_expired_one_say_so(
    alice_client: Client, top_up: TopUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpaid = session_of(top_up, status="open", payment_status="unpaid")
    answer_with(monkeypatch, "get_session", unpaid)
    assert "Not paid yet" in text_of(alice_client, "/dashboard/billing/paid?session=cs_test_1")
    answer_with(monkeypatch, "get_session", replace(unpaid, status="expired"))
    text = text_of(alice_client, "/dashboard/billing/paid?session=cs_test_1")
    assert "expired and nothing was charged" in text


def test_a_payment_of_another_amount_is_shown_as_a_case_for_people(
    alice_client: Client, top_up: TopUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(monkeypatch, "get_session", session_of(top_up, subtotal_cents=500))
    text = text_of(alice_client, "/dashboard/billing/paid?session=cs_test_1")
    assert "does not match what was ordered" in text
    assert not LedgerEntry.objects.exists()


def test_without_stripe_the_credits_are_promised_not_shown(
    alice_client: Client, top_up: TopUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(monkeypatch, "get_session", client.Unreachable("no"))
    text = text_of(alice_client, "/dashboard/billing/paid?session=cs_test_1")
    assert "arrive by themselves" in text
    assert "no need to pay again" in text
    assert alice_client.get("/dashboard/billing/paid?session=cs_other").status_code == 503


@pytest.mark.parametrize("session", ["", "x", "../customers/cus_1", "cs_", "cs_1/../../refunds"])
def test_what_is_no_session_is_not_asked_for(alice_client: Client, session: str) -> None:
    answer = alice_client.get("/dashboard/billing/paid", {"session": session})
    assert answer.status_code == 404


def test_a_session_that_stripe_does_not_know_is_not_there(
    alice_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(monkeypatch, "get_session", client.Missing("no such session"))
    assert alice_client.get("/dashboard/billing/paid?session=cs_test_7").status_code == 404


def test_what_went_towards_a_debt_is_told(
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
    assert "went towards what was owed" in answer.content.decode()
    assert wallets.balance_of(organization=organization).balance_credits == 2500
