"""The page about the caps of an API key."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.audit import SYSTEM
from accounts.models import ApiKey, AuditEvent, Organization, Role
from billing import budgets
from billing.models import Budget
from tests import factories, reading
from tests.billing.dashboard.conftest import in_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def key(organization: Organization) -> ApiKey:
    return factories.api_key(organization=organization).api_key


def test_caps_are_set_displayed_and_removed(key: ApiKey, bob_client: Client) -> None:
    path = reverse("key_budget", args=[key.key_id])
    assert path in reading.read(bob_client, f"/dashboard/keys/{key.key_id}").links
    reading.read(bob_client, path)
    bob_client.post(path, {"daily_credits": "50", "monthly_credits": "", "total_credits": "900"})
    budget = Budget.objects.get(pk=key.pk)
    assert (budget.daily_credits, budget.monthly_credits, budget.total_credits) == (50, None, 900)
    page = reading.read(bob_client, path)
    assert page.all("input", name="daily_credits")[0]["value"] == "50"
    bob_client.post(path, {"daily_credits": "", "monthly_credits": "", "total_credits": ""})
    budget.refresh_from_db()
    assert (budget.daily_credits, budget.total_credits) == (None, None)
    assert AuditEvent.objects.filter(action="api_key.budget_set").count() == 2


def test_an_invalid_cap_is_refused(key: ApiKey, alice_client: Client) -> None:
    path = reverse("key_budget", args=[key.key_id])
    for wrong in ("-1", "many", "99999999999"):
        answer = alice_client.post(path, {"daily_credits": wrong})
        reading.check(answer)
        assert "field__error" in answer.content.decode()
    assert not Budget.objects.exists()


def test_yesterdays_spending_no_longer_counts(key: ApiKey, alice_client: Client) -> None:
    today = timezone.now().date()
    budgets.set_caps(
        api_key=key, daily_credits=50, monthly_credits=None, total_credits=None, actor=SYSTEM
    )
    Budget.objects.update(
        day=today - timedelta(days=1),
        day_spent_credits=40,
        month=today.replace(day=1),
        month_spent_credits=70,
        total_spent_credits=110,
    )
    spent = alice_client.get(reverse("key_budget", args=[key.key_id])).context["spent"]
    assert {cap: window.spent_credits for cap, window in spent.items()} == {
        "daily": 0,
        "monthly": 70,
        "total": 110,
    }


def test_another_organizations_key_is_not_found(key: ApiKey, charlie_client: Client) -> None:
    path = reverse("key_budget", args=[key.key_id])
    assert charlie_client.get(path).status_code == 404
    assert charlie_client.post(path, {"daily_credits": "1"}).status_code == 404


def test_billing_members_find_the_caps_on_the_billing_page(
    organization: Organization, key: ApiKey
) -> None:
    browser = in_role(organization, Role.BILLING)
    path = reverse("key_budget", args=[key.key_id])
    assert path in reading.read(browser, "/dashboard/billing").links
    page = reading.read(browser, path)
    assert reverse("api_keys") not in page.links
    answer = browser.post(path, {"daily_credits": "50"})
    assert answer["Location"] == reverse("billing")
    assert Budget.objects.get(pk=key.pk).daily_credits == 50


def test_members_who_see_the_keys_find_the_caps_only_there(
    key: ApiKey, alice_client: Client
) -> None:
    path = reverse("key_budget", args=[key.key_id])
    assert path not in reading.read(alice_client, "/dashboard/billing").links
