"""Money on the operator's desk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organization
from billing import grants, wallets
from billing.models import (
    Grant,
    Promotion,
    StripeEvent,
    TopUp,
    Wallet,
)
from billing.stripe import client
from tests import factories
from tests.conftest import signed_in
from tests.pages.billing.conftest import answer_with, session_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(db: None) -> Client:
    return signed_in(factories.user("op@example.com", is_staff=True, is_superuser=True))


@pytest.fixture
def event(db: None) -> StripeEvent:
    """An event that failed, and is tried again only tomorrow."""
    return StripeEvent.objects.create(
        stripe_id="evt_1",
        type="checkout.session.completed",
        object_id="cs_test_1",
        payload={"data": {"object": {"id": "cs_test_1", "note": "<b>bold</b>"}}},
        created_at=timezone.now(),
        error="Unreachable: no",
        tries=3,
        due_at=timezone.now() + timedelta(days=1),
    )


def test_a_failed_event_is_found_read_and_processed_again(
    organization: Organization,
    operator: Client,
    event: StripeEvent,
    top_up: TopUp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = reverse("admin:billing_stripeevent_changelist")
    for state, found in (("waiting", 0), ("failed", 1), ("done", 0)):
        assert operator.get(path, {"state": state}).context["cl"].result_count == found
    page = operator.get(reverse("admin:billing_stripeevent_change", args=[event.pk]))
    assert "&lt;b&gt;bold&lt;/b&gt;" in page.content.decode()

    wish = {"action": "process_again", "_selected_action": [event.pk]}
    answer_with(monkeypatch, "get_session", client.Unreachable("still not"))
    assert "0 processed, 1 failed again" in operator.post(path, wish, follow=True).content.decode()
    answer_with(monkeypatch, "get_session", session_of(top_up))
    assert "1 processed, 0 failed again" in operator.post(path, wish, follow=True).content.decode()
    event.refresh_from_db()
    assert event.processed_at is not None
    assert wallets.balance_of(organization=organization).balance_credits == 4000
    operator.post(path, wish)
    assert wallets.balance_of(organization=organization).balance_credits == 4000


def test_looking_at_events_is_not_enough_to_process_them(event: StripeEvent) -> None:
    junior = factories.user("junior@example.com", is_staff=True)
    junior.user_permissions.add(Permission.objects.get(codename="view_stripeevent"))
    path = reverse("admin:billing_stripeevent_changelist")
    browser = signed_in(junior)
    browser.post(path, {"action": "process_again", "_selected_action": [event.pk]})
    event.refresh_from_db()
    assert event.tries == 3


def test_a_grant_may_be_for_a_time(
    operator: Client, organization: Organization, wallet: Wallet
) -> None:
    path = reverse("admin:billing_grant", args=[organization.pk])
    wish = {"amount_credits": 500, "reason": "Outage"}
    refused = operator.post(path, {**wish, "last_day": "2020-01-01"})
    assert grants.ExpiryInThePast.sentence in refused.content.decode()
    today = timezone.now().date()
    operator.post(path, {**wish, "last_day": str(today)})
    grant = Grant.objects.get(reason="Outage")
    midnight = datetime.combine(today + timedelta(days=1), datetime.min.time(), tzinfo=UTC)
    assert grant.expires_at == midnight
    operator.post(path, {**wish, "reason": "For good", "last_day": ""})
    assert Grant.objects.get(reason="For good").expires_at is None


def test_a_promotion_is_made_on_the_desk_and_never_removed(operator: Client) -> None:
    wish = {
        "code": "SPRING",
        "credits": 200,
        "is_active": "on",
        "starts_at_0": "2026-01-01",
        "starts_at_1": "00:00",
        "redemptions-TOTAL_FORMS": 0,
        "redemptions-INITIAL_FORMS": 0,
    }
    made = operator.post(reverse("admin:billing_promotion_add"), wish)
    assert made.status_code == 302
    promotion = Promotion.objects.get(code="SPRING")
    gone = operator.post(
        reverse("admin:billing_promotion_delete", args=[promotion.pk]), {"post": "yes"}
    )
    assert gone.status_code == 403


def test_every_list_of_money_opens_on_the_desk(
    operator: Client, top_up: TopUp, event: StripeEvent
) -> None:
    for name in (
        "topup",
        "refund",
        "dispute",
        "customer",
        "autorecharge",
        "budget",
        "grant",
        "promotion",
        "redemption",
        "stripeevent",
        "cursor",
        "wallet",
        "ledgerentry",
    ):
        answer = operator.get(reverse(f"admin:billing_{name}_changelist"), {"q": "a"})
        assert answer.status_code == 200, name
        if name != "promotion":
            assert operator.get(reverse(f"admin:billing_{name}_add")).status_code == 403, name
    for row in (top_up, event):
        assert (
            operator.get(
                reverse(f"admin:billing_{row._meta.model_name}_change", args=[row.pk])
            ).status_code
            == 200
        )
