"""Access to the billing pages by role."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import Organization, Role
from billing.models import AutoRecharge, Customer, TopUp, Wallet
from tests import reading
from tests.billing.dashboard.conftest import answer_with, in_role, session_of, text_of

pytestmark = pytest.mark.django_db

PAGES = (
    "/dashboard/billing",
    "/dashboard/billing/statement",
    "/dashboard/billing/recharge",
    "/dashboard/billing/receipts",
)
# URL and form of every action that moves money or changes a setting about it.
ACTIONS: tuple[tuple[str, dict[str, str]], ...] = (
    ("/dashboard/billing/top-ups", {"pack": "2000"}),
    ("/dashboard/billing/portal", {}),
    ("/dashboard/billing/warning", {"warn_below_credits": "5"}),
    ("/dashboard/billing/promotion", {"code": "WELCOME"}),
    ("/dashboard/billing/recharge", {"pack": "2000", "agreed": "on"}),
    ("/dashboard/billing/recharge/off", {}),
)


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN, Role.BILLING])
def test_members_who_manage_billing_see_every_page(
    organization: Organization,
    wallet: Wallet,
    customer: Customer,
    role: Role,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer_with(monkeypatch, "list_invoices", [])
    browser = in_role(organization, role)
    for path in PAGES:
        reading.read(browser, path)
    assert "Add credits" in text_of(browser, "/dashboard/billing")


def test_a_developer_sees_the_balance_and_the_statement_but_no_controls(
    organization: Organization, wallet: Wallet, bob_client: Client, top_up: TopUp
) -> None:
    page = reading.read(bob_client, "/dashboard/billing")
    text = text_of(bob_client, "/dashboard/billing")
    assert "1,000" in text
    forms = {form.get("action") for form in page.all("form")}
    assert not [action for action in forms if action and "billing" in action]
    assert "Add credits" not in text
    assert top_up.public_id not in text
    reading.read(bob_client, "/dashboard/billing/statement")
    assert bob_client.get("/dashboard/billing/statement.csv").status_code == 200


@pytest.mark.parametrize(("path", "form"), ACTIONS)
def test_a_developer_cannot_move_money(
    organization: Organization, customer: Customer, bob_client: Client, path: str, form: Any
) -> None:
    assert bob_client.post(path, form).status_code == 403
    assert not TopUp.objects.exists()
    assert not AutoRecharge.objects.exists()


@pytest.mark.parametrize(
    "path", [*PAGES, "/dashboard/billing/paid", "/dashboard/billing/statement.csv"]
)
def test_anonymous_users_are_sent_to_sign_in(db: None, path: str) -> None:
    answer = Client().get(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_another_organizations_purchase_is_not_found(
    charlie_client: Client, top_up: TopUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(monkeypatch, "get_session", session_of(top_up))
    for path in (
        f"/dashboard/billing/top-ups/{top_up.public_id}",
        f"/dashboard/billing/top-ups/{top_up.public_id}/receipt",
        "/dashboard/billing/paid?session=cs_test_1",
    ):
        assert charlie_client.get(path).status_code == 404
    top_up.refresh_from_db()
    assert top_up.status == TopUp.Status.PENDING


def test_the_content_security_policy_allows_forms_to_stripe(alice_client: Client) -> None:
    policy = alice_client.get("/dashboard/billing")["Content-Security-Policy"]
    (directive,) = [part for part in policy.split("; ") if part.startswith("form-action")]
    assert "https://checkout.stripe.com" in directive
    assert "https://billing.stripe.com" in directive
    assert "'self'" in directive
