"""Organizations in the admin: found, viewed, suspended, limited, granted credits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import organizations
from accounts.models import ApiKey, AuditEvent, Organization
from billing import wallets
from billing.models import Grant, LedgerEntry, Wallet
from tests import factories
from tests.admin.conftest import REASON, act, last_event

pytestmark = pytest.mark.django_db
LIST = "admin:accounts_organization_changelist"


def page(organization: Organization) -> str:
    return reverse("admin:vidgo_organization", args=[organization.public_id])


def test_an_organization_is_found_by_name_id_or_member(
    operator: Client, organization: Organization, other_organization: Organization
) -> None:
    for query in ("acme", organization.public_id, "alice@example.com"):
        rows = operator.get(reverse(LIST), {"q": query}).context["cl"].result_list
        assert [row.pk for row in rows] == [organization.pk], query
    assert not operator.get(reverse(LIST), {"q": "org_nobody"}).context["cl"].result_list


def test_its_page_lists_members_credits_jobs_and_events(
    looker: Client, organization: Organization, wallet: Wallet
) -> None:
    job = factories.finished(organization=organization)
    text = looker.get(page(organization)).content.decode()
    for part in ("bob@example.com", job.public_id[:14], "1,000", organization.public_id):
        assert part in text
    assert "Suspend" not in text
    assert looker.get(reverse("admin:vidgo_organization", args=["org_x"])).status_code == 404


def test_its_page_is_closed_to_its_members(
    alice_client: Client, organization: Organization
) -> None:
    assert alice_client.get(page(organization), follow=True).status_code == 403


def test_its_page_takes_the_same_queries_with_many_rows(
    operator: Client,
    organization: Organization,
    wallet: Wallet,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    operator.get(page(organization))
    factories.finished(organization=organization)
    with django_assert_num_queries(12) as few:
        operator.get(page(organization))
    for _ in range(3):
        factories.finished(organization=organization)
    with django_assert_num_queries(len(few)):
        operator.get(page(organization))


def test_it_is_suspended_and_unsuspended_with_a_reason(
    operator: Client, organization: Organization
) -> None:
    act(operator, "suspend", organization.pk)
    organization.refresh_from_db()
    with pytest.raises(organizations.Suspended):
        organizations.require_active(organization=organization)
    assert last_event("organization.suspended").organization == organization
    assert "Suspended" in operator.get(page(organization)).content.decode()
    act(operator, "suspend", organization.pk)
    assert AuditEvent.objects.filter(action="organization.suspended").count() == 1

    act(operator, "unsuspend", organization.pk)
    organization.refresh_from_db()
    organizations.require_active(organization=organization)
    assert last_event("organization.unsuspended").organization == organization


def test_its_limits_are_changed_with_a_reason(operator: Client, organization: Organization) -> None:
    act(operator, "limits", organization.pk, concurrency_limit=3, requests_per_minute="")
    organization.refresh_from_db()
    assert (organization.concurrency_limit, organization.requests_per_minute) == (3, None)
    event = last_event("organization.limits_changed")
    assert event.target == "concurrent jobs default → 3, requests per minute default → default"
    same = act(operator, "limits", organization.pk, concurrency_limit=3)
    assert "The organization has these limits already." in same.content.decode()
    for wrong in (0, -1, "many"):
        refused = act(operator, "limits", organization.pk, concurrency_limit=wrong)
        assert refused.context["form"].errors["concurrency_limit"]


def test_credits_are_granted_with_a_reason_and_recorded_twice(
    operator: Client, organization: Organization, wallet: Wallet
) -> None:
    given = act(operator, "grant", organization.pk, amount_credits=500)
    assert "Granted. Acme has 1,500 credits now." in given.content.decode()
    entry = LedgerEntry.objects.get(reason=REASON)
    assert (entry.kind, entry.amount_credits, entry.actor) == ("grant", 500, "op@example.com")
    assert last_event("credits.granted").organization == organization
    for amount in (0, -5, 10_000_001, "many"):
        refused = act(operator, "grant", organization.pk, amount_credits=amount)
        assert refused.context["form"].errors["amount_credits"]
    assert wallets.balance_of(organization=organization).balance_credits == 1500


def test_a_grant_may_expire(operator: Client, organization: Organization, wallet: Wallet) -> None:
    today = timezone.now().date()
    act(operator, "grant", organization.pk, amount_credits=5, last_day=str(today))
    midnight = datetime.combine(today + timedelta(days=1), datetime.min.time(), tzinfo=UTC)
    assert Grant.objects.get(reason=REASON).expires_at == midnight
    refused = act(operator, "grant", organization.pk, amount_credits=5, last_day="9999-12-31")
    assert refused.context["form"].errors["last_day"]


def test_keys_are_revoked_with_a_reason(operator: Client, organization: Organization) -> None:
    key = factories.api_key(organization=organization).api_key
    act(operator, "revoke-key", key.pk)
    assert ApiKey.objects.get().status == "revoked"
    assert last_event("api_key.revoked").organization == organization
