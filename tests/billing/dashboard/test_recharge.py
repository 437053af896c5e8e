"""The pages about automatic recharge."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import Organization, User
from billing import auto_recharge, packs
from billing.models import AutoRecharge, Customer
from tests import reading
from tests.billing.dashboard.conftest import text_of

pytestmark = pytest.mark.django_db

TERMS = {"pack": "2000", "threshold_credits": "300", "monthly_cap": "100"}


def consent(**values: Any) -> str:
    terms = {
        "pack": packs.get_pack(amount_cents=2000),
        "threshold_credits": 300,
        "monthly_cap_cents": 10_000,
    }
    return auto_recharge.consent_text(**{**terms, **values})


def test_recharge_is_turned_on_with_the_displayed_consent(
    organization: Organization, alice: User, alice_client: Client, customer: Customer
) -> None:
    reading.read(alice_client, "/dashboard/billing/recharge")
    answer = alice_client.get("/dashboard/billing/recharge", TERMS)
    page = reading.check(answer)
    (field,) = page.all("input", name="consent")
    assert field["value"] == consent()
    assert f">{consent()}</label>" in answer.content.decode()
    answer = alice_client.post(
        "/dashboard/billing/recharge", {**TERMS, "consent": field["value"], "agreed": "on"}
    )
    assert answer["Location"] == "/dashboard/billing"
    setting = AutoRecharge.objects.get(pk=organization.pk)
    assert (setting.is_enabled, setting.consent) == (True, consent())
    assert (setting.threshold_credits, setting.credits, setting.monthly_cap_cents) == (
        300,
        4000,
        10_000,
    )
    assert setting.consented_by == alice
    assert consent() in text_of(alice_client, "/dashboard/billing")

    alice_client.post("/dashboard/billing/recharge/off")
    setting.refresh_from_db()
    assert not setting.is_enabled


def test_nothing_is_turned_on_without_consent(alice_client: Client, customer: Customer) -> None:
    answer = alice_client.post("/dashboard/billing/recharge", {**TERMS, "consent": consent()})
    reading.check(answer)
    assert auto_recharge.ConsentMissing.default_message in answer.content.decode()
    assert not AutoRecharge.objects.exists()


def test_an_outdated_consent_is_asked_for_again(alice_client: Client, customer: Customer) -> None:
    old = consent(monthly_cap_cents=5_000)
    answer = alice_client.post(
        "/dashboard/billing/recharge", {**TERMS, "consent": old, "agreed": "on"}
    )
    (field,) = reading.check(answer).all("input", name="consent")
    assert field["value"] == consent()
    assert not AutoRecharge.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [{"pack": "123"}, {"threshold_credits": "0"}, {"monthly_cap": "19"}, {"monthly_cap": "x"}],
)
def test_invalid_terms_are_refused_before_asking_for_consent(
    alice_client: Client, customer: Customer, wrong: dict[str, str]
) -> None:
    for answer in (
        alice_client.get("/dashboard/billing/recharge", {**TERMS, **wrong}),
        alice_client.post("/dashboard/billing/recharge", {**TERMS, **wrong, "agreed": "on"}),
    ):
        page = reading.check(answer)
        assert not page.all("input", name="agreed")
        assert "field__error" in answer.content.decode()
    assert not AutoRecharge.objects.exists()


def test_without_a_card_recharge_says_how_to_get_one(alice_client: Client) -> None:
    assert "No saved card yet" in text_of(alice_client, "/dashboard/billing/recharge")
    answer = alice_client.post(
        "/dashboard/billing/recharge", {**TERMS, "consent": consent(), "agreed": "on"}
    )
    assert answer.status_code == 200
    assert not AutoRecharge.objects.exists()


def test_the_page_says_why_recharge_was_turned_off(
    organization: Organization, alice_client: Client, customer: Customer
) -> None:
    AutoRecharge.objects.create(
        organization=organization, stopped_reason="Turned off after 3 failed payments."
    )
    assert "Turned off after 3 failed payments." in text_of(alice_client, "/dashboard/billing")
