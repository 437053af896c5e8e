"""The billing page: low-balance warning, promotion codes, debt and purchases."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Organization
from billing import wallets
from billing.models import Promotion, TopUp, Wallet
from tests import reading
from tests.billing.dashboard.conftest import text_of

pytestmark = pytest.mark.django_db


def test_the_low_balance_threshold_is_saved_and_displayed(
    organization: Organization, alice_client: Client
) -> None:
    def threshold() -> str | None:
        page = reading.read(alice_client, "/dashboard/billing")
        return page.all("input", name="warn_below_credits")[0]["value"]

    assert threshold() == "100"
    assert (
        alice_client.post("/dashboard/billing/warning", {"warn_below_credits": "-1"}).status_code
        == 200
    )
    alice_client.post("/dashboard/billing/warning", {"warn_below_credits": "750"})
    assert threshold() == "750"
    assert Wallet.objects.get(pk=organization.pk).warn_below_credits == 750


def test_a_code_gives_its_credits_once(organization: Organization, alice_client: Client) -> None:
    Promotion.objects.create(code="WELCOME", credits=300)
    path = "/dashboard/billing/promotion"
    given = alice_client.post(path, {"code": "welcome"}, follow=True)
    assert "300 credits were added." in given.content.decode()
    again = alice_client.post(path, {"code": "welcome"})
    reading.check(again)
    assert "has already used this promotion code" in again.content.decode()
    assert "is not valid" in alice_client.post(path, {"code": "nope"}).content.decode()
    assert wallets.balance_of(organization=organization).balance_credits == 300


def test_a_debt_is_displayed_and_explained(
    organization: Organization, alice_client: Client
) -> None:
    Wallet.objects.update_or_create(organization=organization, defaults={"debt_credits": 250})
    text = text_of(alice_client, "/dashboard/billing")
    assert "250" in text
    assert "A refund or a dispute took back credits" in text


def test_every_purchase_is_on_a_page_of_the_list(
    organization: Organization, alice_client: Client, top_up: TopUp
) -> None:
    path = reverse("billing_top_ups")
    assert path in reading.read(alice_client, "/dashboard/billing").links
    for _ in range(30):
        TopUp.objects.create(
            organization=organization,
            source=TopUp.Source.CHECKOUT,
            credits=1000,
            amount_cents=500,
        )
    first = reading.read(alice_client, path)
    older = alice_client.get(path).context["page"].older
    second = reading.read(alice_client, f"{path}?before={older}")
    oldest = reverse("billing_top_up", args=[top_up.public_id])
    assert oldest in second.links
    assert oldest not in first.links
    assert alice_client.get(f"{path}?before=topup_none").status_code == 404


def test_an_unpaid_page_and_a_pending_debit_look_different(
    alice_client: Client, top_up: TopUp
) -> None:
    paths = ("/dashboard/billing", reverse("billing_top_up", args=[top_up.public_id]))
    for path in paths:
        assert "Not paid" in text_of(alice_client, path)
    TopUp.objects.update(stripe_payment_intent_id="pi_1")
    for path in paths:
        text = text_of(alice_client, path)
        assert "On its way" in text
        assert "Not paid" not in text
