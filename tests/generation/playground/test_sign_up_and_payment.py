"""A new user: from the public form to the first image, with sign-up and payment."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from accounts.models import ApiKey, Organization
from billing.models import Customer, TopUp
from billing.stripe import client as stripe
from generation.models import Job
from tests import factories
from tests.billing.dashboard.conftest import answer_with, session_of
from tests.generation.playground.test_playground import FORM, value_of
from tests.generation.playground.test_visitor import MEMBERS, run, sign_up
from tests.reading import Markup, check

pytestmark = pytest.mark.django_db

BUY = "/dashboard/billing/top-ups"
PAID = "/dashboard/billing/paid?session=cs_test_1"


def pay(client: Client, monkeypatch: pytest.MonkeyPatch, *, then: str, status: str) -> Any:
    """Buy a pack and return from Stripe, paid or not."""
    organization = Organization.objects.get()
    Customer.objects.get_or_create(organization=organization, stripe_id="cus_1")
    opened = stripe.Session(
        **{**dict.fromkeys(stripe.Session.__slots__, ""), "url": "https://checkout.stripe.com/x"}  # type: ignore[arg-type]
    )
    answer_with(monkeypatch, "create_session", replace(opened, id="cs_test_1"))
    assert client.post(BUY, {"pack": "500", "next": then}).status_code == 303
    paid = session_of(TopUp.objects.get(), payment_status=status)
    answer_with(monkeypatch, "get_session", paid)
    return client.get(PAID)


def test_somebody_new_comes_from_the_public_form_to_the_first_image(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(client, prompt="my very first")
    landed = sign_up(client)
    assert value_of(check(landed), "next") == MEMBERS
    back = pay(client, monkeypatch, then=MEMBERS, status="paid")
    assert (back.status_code, back.headers["Location"]) == (302, MEMBERS)
    page = client.get(MEMBERS)
    text = page.content.decode()
    assert "Thank you: 1,000 credits were added for $5.00." in text
    assert "my very first</textarea>" in text
    sent = {**FORM, "prompt": "my very first", "token": value_of(check(page), "token")}
    assert client.post(MEMBERS, sent).status_code == 302
    assert Job.objects.get().prompt == "my very first"


def test_the_first_key_is_on_the_screen_once_with_a_command_that_works(client: Client) -> None:
    run(client)
    text = sign_up(client).content.decode()
    (key,) = set(re.findall(r"vg_\w{40,}", text))
    assert ApiKey.objects.get().key_id in key
    assert f"Authorization: Bearer {key}" in text
    answer = Client().get("/api/user/balance", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200
    again = client.get(MEMBERS)
    assert key not in again.content.decode()
    assert "no-store" in again.headers["Cache-Control"]


def test_an_unpaid_purchase_says_so_and_does_not_redirect(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(client)
    sign_up(client)
    back = pay(client, monkeypatch, then=MEMBERS, status="unpaid")
    assert back.status_code == 200
    assert "Not paid yet" in back.content.decode() or "on its way" in back.content.decode()


@pytest.mark.parametrize(
    "then", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "", "/" + "x" * 600]
)
def test_after_paying_nobody_is_led_anywhere_else(
    client: Client, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    run(client)
    sign_up(client)
    back = pay(client, monkeypatch, then=then, status="paid")
    assert back.status_code == 200
    assert "Thank you" in back.content.decode()


def test_an_address_of_a_purchase_leads_back_only_once(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(client)
    sign_up(client)
    pay(client, monkeypatch, then=MEMBERS, status="paid")
    assert client.get(PAID).status_code == 200


def test_a_model_page_has_the_playground_of_its_model(client: Client) -> None:
    page = Markup(client.get("/models/flux-kontext-max-edit").content.decode())
    assert page.all("form", action="/playground")
    (tier,) = [each for each in page.all("input", name="tier") if "checked" in each]
    assert tier["value"] == "max"


def test_a_member_runs_from_a_model_page_at_once(
    alice_client: Client, organization: Organization
) -> None:
    factories.credits(organization=organization, amount=100)
    page = Markup(alice_client.get("/models/flux-kontext-pro").content.decode())
    assert page.all("form", action=MEMBERS)
    sent = {**FORM, "token": value_of(page, "token")}
    assert alice_client.post(MEMBERS, sent).status_code == 302
    assert Job.objects.get().organization == organization
