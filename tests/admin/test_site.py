"""The admin: everything can be viewed, and only verbs write."""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts.audit import SYSTEM
from accounts.models import ApiKey, AuditEvent, Organization, User
from billing import promotions
from billing.models import (
    AutoRecharge,
    Budget,
    Cursor,
    Customer,
    Dispute,
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

APPS = ("accounts", "billing", "generation")
WRITABLE = {"user", "promotion", "group"}


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
    """Store one row of each payment table, unpaid, so that the ledger checks stay clean."""
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
    return [model for model in admin.site._registry if model._meta.app_label in APPS]


def test_every_page_of_the_admin_opens(operator: Client, rows: Job) -> None:
    assert operator.get(reverse("admin:index")).status_code == 200
    for model in registered():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"  # type: ignore[attr-defined]
        listed = operator.get(reverse(f"{name}_changelist"), {"q": "a"})
        assert listed.status_code == 200, name
        row = model.objects.first()  # type: ignore[attr-defined]
        assert row is not None, name
        assert operator.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200, name


def test_what_only_verbs_write_has_no_form_in_the_admin(operator: Client, rows: Job) -> None:
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


def test_the_admin_covers_what_the_operator_must_see() -> None:
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


def test_the_hash_of_a_key_is_displayed_nowhere(operator: Client, rows: Job) -> None:
    key = ApiKey.objects.get()
    for path in (
        reverse("admin:accounts_apikey_changelist"),
        reverse("admin:accounts_apikey_change", args=[key.pk]),
    ):
        text = operator.get(path).content.decode()
        assert key.display in text
        assert key.secret_hash not in text


def test_tables_of_third_party_apps_are_not_in_the_admin() -> None:
    labels = {model._meta.app_label for model in admin.site._registry}
    assert labels == {*APPS, "auth"}


def test_nothing_in_the_admin_can_be_deleted(operator: Client, rows: Job) -> None:
    request = RequestFactory().get("/")
    request.user = User.objects.get(email="op@example.com")
    for model, model_admin in admin.site._registry.items():
        assert not model_admin.has_delete_permission(request), model
        assert "delete_selected" not in model_admin.get_actions(request), model


def test_only_superusers_make_operators_and_give_a_reason(operator: Client, bob: User) -> None:
    path = reverse("admin:accounts_user_change", args=[bob.pk])
    inline = {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
    sent = {"is_active": "on", "is_staff": "on", **inline}
    assert "reason" in operator.post(path, sent).context["adminform"].form.errors
    junior = factories.user("junior@example.com", is_staff=True)
    junior.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    reason = {"reason": "Joined the support team"}
    assert signed_in(junior).post(path, {**sent, **reason}).status_code == 403
    bob.refresh_from_db()
    assert not bob.is_staff
    assert operator.post(path, {**sent, **reason}).status_code == 302
    bob.refresh_from_db()
    assert bob.is_staff
    event = AuditEvent.objects.get(action="row.changed")
    assert (event.reason, event.actor) == (reason["reason"], "op@example.com")
    assert event.target == "user bob@example.com: is_staff"
    assert operator.get(reverse("admin:accounts_user_add")).status_code == 403


def test_a_group_offers_only_permissions_of_our_apps(operator: Client) -> None:
    path = reverse("admin:auth_group_add")
    text = operator.get(path).content.decode()
    assert "change job" in text
    assert "session" not in text.lower()
    chosen = Permission.objects.get(codename="change_job")
    sent = {"name": "Support", "permissions": [chosen.pk], "reason": "A new team"}
    assert operator.post(path, sent).status_code == 302
    assert AuditEvent.objects.get(action="row.created").target == "group Support"


def test_the_admin_follows_the_strict_content_security_policy(operator: Client, rows: Job) -> None:
    """No inline script or style, and nothing from another origin, on any kind of page."""
    job = reverse("admin:generation_job_change", args=[rows.pk])
    grant = reverse("admin:vidgo_action", args=["grant"]) + f"?on={rows.organization_id}"
    promotion = reverse("admin:billing_promotion_add")
    for path in (
        reverse("admin:index"),
        reverse("admin:generation_job_changelist"),
        job,
        grant,
        promotion,
        reverse("admin:auth_group_add"),
        reverse("admin:vidgo_tables"),
    ):
        answer = operator.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy, path
        text = answer.content.decode()
        assert not re.findall(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=", text), path
        assert not re.findall(r"(?:src|href)=.https?://", text), path


def test_operators_sign_in_like_everyone_else(db: None) -> None:
    answer = Client().get(reverse("admin:index"), follow=True)
    assert answer.redirect_chain[-1][0].startswith(reverse("account_login"))
    assert apps.is_installed("allauth.account")
