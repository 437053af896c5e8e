"""Receipts and the customer portal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import Customer, TopUp
from billing.stripe import client
from tests import reading
from tests.billing.dashboard.conftest import answer_with, text_of

pytestmark = pytest.mark.django_db


def invoice(**values: Any) -> client.Invoice:
    return client.Invoice(
        **{
            "id": "in_1",
            "number": "VG-0001",
            "status": "paid",
            "total_cents": 2000,
            "currency": "usd",
            "created_at": datetime(2026, 11, 1, tzinfo=UTC),
            "page_url": "https://invoice.stripe.com/i/1",
            "pdf_url": "https://invoice.stripe.com/i/1/pdf",
            **values,
        }
    )


def test_receipts_come_from_stripe(
    alice_client: Client, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = answer_with(monkeypatch, "list_invoices", [invoice()])
    page = reading.read(alice_client, "/dashboard/billing/receipts")
    assert "https://invoice.stripe.com/i/1" in page.links
    assert calls == [{"customer_id": "cus_1"}]


def test_stripe_is_not_called_for_an_organization_without_a_customer(
    alice_client: Client,
) -> None:
    assert "No receipts yet" in text_of(alice_client, "/dashboard/billing/receipts")
    reading.read(alice_client, "/dashboard/billing")
    assert alice_client.post("/dashboard/billing/portal").status_code == 404


def test_receipts_without_stripe_are_a_message_and_no_error(
    alice_client: Client, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(monkeypatch, "list_invoices", client.Unreachable("no"))
    page = reading.read(alice_client, "/dashboard/billing/receipts")
    assert "receipts" in page.ids
    assert "cannot be reached" in text_of(alice_client, "/dashboard/billing/receipts")
    reading.read(alice_client, "/dashboard/billing")


def test_a_purchase_leads_to_its_receipt(
    alice_client: Client, customer: Customer, top_up: TopUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = reverse("billing_receipt", args=[top_up.public_id])
    back = reverse("billing_top_up", args=[top_up.public_id])
    # Not paid: Stripe is not called at all.
    assert path not in reading.read(alice_client, back).links
    assert alice_client.get(path)["Location"] == back
    TopUp.objects.update(stripe_invoice_id="in_1")
    assert path in reading.read(alice_client, back).links
    calls = answer_with(monkeypatch, "get_invoice", invoice())
    assert alice_client.get(path)["Location"] == "https://invoice.stripe.com/i/1"
    assert calls == [{"invoice_id": "in_1"}]
    for refusal in (client.Missing("no"), client.Unreachable("no")):
        answer_with(monkeypatch, "get_invoice", refusal)
        assert alice_client.get(path)["Location"] == back
    answer_with(monkeypatch, "get_invoice", invoice(page_url=""))
    assert alice_client.get(path)["Location"] == back


def test_the_portal_opens_for_the_organizations_customer(
    alice_client: Client, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = answer_with(monkeypatch, "portal_url", "https://billing.stripe.com/p/1")
    answer = alice_client.post("/dashboard/billing/portal")
    assert (answer.status_code, answer["Location"]) == (303, "https://billing.stripe.com/p/1")
    assert calls == [{"customer_id": "cus_1", "return_url": "http://testserver/dashboard/billing"}]
    answer_with(monkeypatch, "portal_url", client.Unreachable("no"))
    assert alice_client.post("/dashboard/billing/portal")["Location"] == "/dashboard/billing"
