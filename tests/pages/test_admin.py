"""The operator's desk: everything can be seen, and only verbs write."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.audit import SYSTEM
from accounts.models import ApiKey, AuditEvent, Organization, User
from billing import promotions, wallets
from billing.models import (
    AutoRecharge,
    Budget,
    Cursor,
    Customer,
    Dispute,
    LedgerEntry,
    Promotion,
    Refund,
    StripeEvent,
    TopUp,
    Wallet,
)
from generation.models import Job, ProviderState
from tests import factories
from tests.conftest import signed_in
from tests.generation.callbacks.receiving import announced

pytestmark = pytest.mark.django_db

OURS = ("accounts", "billing", "generation")
WRITABLE = {"user", "organization", "promotion"}


@pytest.fixture
def operator(db: None) -> Client:
    """A browser in which an operator with every permission has signed in."""
    return signed_in(factories.user("op@example.com", is_staff=True, is_superuser=True))


@pytest.fixture
def rows(organization: Organization, wallet: Wallet) -> Job:
    """At least one row of everything."""
    issued = factories.api_key(organization=organization)
    money(organization, issued.api_key)
    factories.upload(organization=organization)
    factories.failed(organization=organization)
    announced(organization=organization, url="https://example.com/hook")
    ProviderState.objects.create(name="sandbox")
    return factories.finished(organization=organization)


def money(organization: Organization, api_key: ApiKey) -> None:
    """Store one of everything about buying, unpaid, so that the books have nothing to say."""
    top_up = TopUp.objects.create(
        organization=organization,
        source=TopUp.Source.CHECKOUT,
        credits=1000,
        amount_cents=500,
    )
    Refund.objects.create(stripe_id="re_1", top_up=top_up, amount_cents=0, credits=0)
    Dispute.objects.create(stripe_id="dp_1", top_up=top_up, amount_cents=0, credits=0)
    Customer.objects.create(organization=organization, stripe_id="cus_1")
    AutoRecharge.objects.create(organization=organization)
    Budget.objects.create(api_key=api_key, daily_credits=100)
    Promotion.objects.create(code="WELCOME", credits=5)
    promotions.redeem(organization=organization, code="welcome", actor=SYSTEM)
    now = timezone.now()
    StripeEvent.objects.create(stripe_id="evt_1", type="x", payload={}, created_at=now)
    Cursor.objects.create(name="stripe", reached_at=now)


def registered() -> list[type]:
    return [model for model in admin.site._registry if model._meta.app_label in OURS]


def test_every_page_of_the_desk_opens(operator: Client, rows: Job) -> None:
    assert operator.get(reverse("admin:index")).status_code == 200
    for model in registered():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"  # type: ignore[attr-defined]
        listed = operator.get(reverse(f"{name}_changelist"), {"q": "a"})
        assert listed.status_code == 200, name
        row = model.objects.first()  # type: ignore[attr-defined]
        assert row is not None, name
        assert operator.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200, name


def test_what_only_verbs_write_has_no_form_on_the_desk(operator: Client, rows: Job) -> None:
    for model in registered():
        meta = model._meta  # type: ignore[attr-defined]
        if meta.model_name in WRITABLE:
            continue
        row = model.objects.first()  # type: ignore[attr-defined]
        name = f"admin:{meta.app_label}_{meta.model_name}"
        assert operator.get(reverse(f"{name}_add")).status_code == 403, name
        assert operator.post(reverse(f"{name}_add"), {}).status_code == 403, name
        assert operator.post(reverse(f"{name}_change", args=[row.pk]), {}).status_code == 403, name
        gone = operator.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"})
        assert gone.status_code == 403, name
        assert model.objects.filter(pk=row.pk).exists()  # type: ignore[attr-defined]


def test_the_desk_covers_what_the_operator_must_see() -> None:
    seen = {model._meta.label for model in registered()}  # type: ignore[attr-defined]
    assert seen >= {
        "accounts.User",
        "accounts.Organization",
        "accounts.ApiKey",
        "accounts.AuditEvent",
        "billing.Wallet",
        "billing.LedgerEntry",
        "billing.TopUp",
        "billing.Grant",
        "billing.StripeEvent",
        "generation.Job",
        "generation.Attempt",
        "generation.Asset",
    }


def test_the_fingerprint_of_a_key_is_shown_nowhere(operator: Client, rows: Job) -> None:
    key = ApiKey.objects.get()
    for path in (
        reverse("admin:accounts_apikey_changelist"),
        reverse("admin:accounts_apikey_change", args=[key.pk]),
    ):
        text = operator.get(path).content.decode()
        assert key.display in text
        assert key.secret_hash not in text


def test_a_grant_needs_a_reason_and_is_told_twice(
    operator: Client, organization: Organization, wallet: Wallet
) -> None:
    path = reverse("admin:billing_grant", args=[organization.pk])
    assert path in operator.get(reverse("admin:billing_wallet_changelist")).content.decode()
    for reason in ("", "   "):
        refused = operator.post(path, {"amount_credits": 500, "reason": reason})
        assert "This field is required." in refused.content.decode()
    for amount in (0, -5, 10_000_001):
        assert operator.post(path, {"amount_credits": amount, "reason": "x"}).status_code == 200
    assert wallets.balance_of(organization=organization).balance_credits == 1000

    given = operator.post(path, {"amount_credits": 500, "reason": "Outage"}, follow=True)
    assert "Granted. Acme has 1,500 credits now." in given.content.decode()
    entry = LedgerEntry.objects.get(reason="Outage")
    assert (entry.kind, entry.amount_credits, entry.actor) == ("grant", 500, "op@example.com")
    assert AuditEvent.objects.get(reason="Outage").user.email == "op@example.com"  # type: ignore[union-attr]


def test_an_operator_without_the_permission_grants_nothing(
    organization: Organization, wallet: Wallet
) -> None:
    browser = signed_in(factories.user("junior@example.com", is_staff=True))
    path = reverse("admin:billing_grant", args=[organization.pk])
    assert browser.get(path).status_code == 403
    assert browser.post(path, {"amount_credits": 5, "reason": "x"}).status_code == 403
    assert wallets.balance_of(organization=organization).balance_credits == 1000


def test_organizations_are_suspended_and_taken_back_in_a_list(
    operator: Client, organization: Organization
) -> None:
    path = reverse("admin:accounts_organization_changelist")
    for action, suspended in (("suspend", True), ("take_back", False)):
        operator.post(path, {"action": action, "_selected_action": [organization.pk]})
        organization.refresh_from_db()
        assert organization.is_suspended is suspended
    assert AuditEvent.objects.filter(actor="op@example.com").count() == 2


def test_keys_are_revoked_in_a_list(operator: Client, organization: Organization) -> None:
    factories.api_key(organization=organization)
    path = reverse("admin:accounts_apikey_changelist")
    operator.post(path, {"action": "revoke", "_selected_action": [ApiKey.objects.get().pk]})
    assert ApiKey.objects.get().status == "revoked"


def test_an_operator_makes_a_user(operator: Client) -> None:
    values = {
        "email": "new@example.com",
        "usable_password": "true",
        "password1": "a long enough secret",
        "password2": "a long enough secret",
    }
    inline = {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
    answer = operator.post(reverse("admin:accounts_user_add"), {**values, **inline})
    assert answer.status_code == 302, answer.content.decode()
    assert User.objects.get(email="new@example.com").check_password("a long enough secret")


def test_there_is_one_door_for_operators_and_everybody_else(db: None) -> None:
    answer = Client().get(reverse("admin:index"), follow=True)
    assert answer.redirect_chain[-1][0].startswith(reverse("account_login"))
    assert apps.is_installed("allauth.account")
