"""The admin of billing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organization
from billing import wallets
from billing.models import StripeEvent, TopUp
from billing.stripe import client
from tests import factories
from tests.admin.conftest import act
from tests.billing.dashboard.conftest import answer_with, session_of
from tests.conftest import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(db: None) -> Client:
    return signed_in(factories.user("op@example.com", is_staff=True, is_superuser=True))


@pytest.fixture
def event(db: None) -> StripeEvent:
    """A failed event, whose next retry is tomorrow."""
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
    detail = operator.get(reverse("admin:billing_stripeevent_change", args=[event.pk]))
    assert "&lt;b&gt;bold&lt;/b&gt;" in detail.content.decode()

    answer_with(monkeypatch, "get_session", client.Unreachable("still not"))
    page = act(operator, "process-event", event.pk).content.decode()
    assert "0 processed, 1 failed again" in page
    answer_with(monkeypatch, "get_session", session_of(top_up))
    page = act(operator, "process-event", event.pk).content.decode()
    assert "1 processed, 0 failed again" in page
    event.refresh_from_db()
    assert event.processed_at is not None
    assert wallets.balance_of(organization=organization).balance_credits == 4000
    act(operator, "process-event", event.pk)
    assert wallets.balance_of(organization=organization).balance_credits == 4000


def test_every_change_list_opens(operator: Client, top_up: TopUp, event: StripeEvent) -> None:
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
