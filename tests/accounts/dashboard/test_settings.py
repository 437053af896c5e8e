"""Organization pages: settings, creating another one, and deleting one."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import Membership, Organization, User
from billing.models import Wallet
from tests import factories
from tests.conftest import signed_in
from tests.reading import check, count_queries, read

pytestmark = pytest.mark.django_db

PAGE = "/dashboard/settings"
DELETE = "/dashboard/settings/delete"
NEW = "/dashboard/organizations/new"


def test_name_and_retention_are_changed(alice_client: Client, organization: Organization) -> None:
    page = read(alice_client, PAGE)
    assert page.all("input", name="name")[0]["value"] == "Acme"
    answer = alice_client.post(PAGE, {"name": "Acme & Sons", "retention_days": "7"}, follow=True)
    assert "Saved your settings." in answer.content.decode()
    organization.refresh_from_db()
    assert (organization.name, organization.retention_days) == ("Acme & Sons", 7)
    alice_client.post(PAGE, {"name": "Acme & Sons", "retention_days": ""})
    organization.refresh_from_db()
    assert organization.retention_days is None


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 121}, "at most 120 characters"),
        ({"name": "Acme", "retention_days": "0"}, "greater than or equal to 1"),
        ({"name": "Acme", "retention_days": "31"}, "less than or equal to 30"),
        ({"name": "Acme", "retention_days": "soon"}, "Enter a whole number."),
    ],
)
def test_a_mistake_changes_nothing_and_loses_nothing(
    alice_client: Client, organization: Organization, values: dict[str, str], complaint: str
) -> None:
    answer = alice_client.post(PAGE, values)
    assert answer.status_code == 400
    page = check(answer)
    assert complaint in answer.content.decode()
    value = page.all("input", name="retention_days")[0].get("value") or ""
    assert value == values.get("retention_days", "")
    organization.refresh_from_db()
    assert (organization.name, organization.retention_days) == ("Acme", None)


def test_the_limits_in_effect_are_displayed(
    alice_client: Client, organization: Organization, settings: Settings
) -> None:
    settings.ORGANIZATION_CONCURRENCY = 100
    settings.RATE_LIMIT_ORGANIZATION_PER_MINUTE = 6000
    settings.RATE_LIMIT_KEY_PER_MINUTE = 3000
    text = alice_client.get(PAGE).content.decode()
    for amount in ("100", "6,000", "3,000"):
        assert f'<strong class="number">{amount}</strong>' in text
    Organization.objects.filter(pk=organization.pk).update(
        concurrency_limit=7, requests_per_minute=90
    )
    text = alice_client.get(PAGE).content.decode()
    assert '<strong class="number">7</strong>' in text
    assert text.count('<strong class="number">90</strong>') == 2


def test_only_an_owner_can_open_the_deletion_page(
    alice_client: Client, bob: User, organization: Organization
) -> None:
    assert DELETE in read(alice_client, PAGE).links
    Membership.objects.filter(user=bob).update(role="admin")
    assert DELETE not in read(signed_in(bob), PAGE).links


def test_deleting_requires_the_name_and_giving_up_the_credits(
    alice_client: Client, organization: Organization, wallet: Wallet
) -> None:
    page = read(alice_client, DELETE)
    assert page.all("input", name="gives_up_credits")
    for values, complaint in (
        ({"name": ""}, "This field is required."),
        ({"name": "acme", "gives_up_credits": "on"}, "not the organization"),
        ({"name": "Acme"}, "Confirm that you give them up."),
    ):
        answer = alice_client.post(DELETE, values)
        assert answer.status_code == 400
        check(answer)
        assert complaint in answer.content.decode()
    organization.refresh_from_db()
    assert organization.deleted_at is None
    done = alice_client.post(DELETE, {"name": "Acme", "gives_up_credits": "on"}, follow=True)
    assert "Acme is deleted." in done.content.decode()
    organization.refresh_from_db()
    assert organization.deleted_at is not None


def test_the_pages_of_a_deleted_organization_are_gone(
    alice_client: Client, bob_client: Client, organization: Organization
) -> None:
    job = factories.finished(organization=organization)
    path = f"/dashboard/jobs/{job.public_id}"
    assert bob_client.get(path).status_code == 200
    alice_client.post(DELETE, {"name": "Acme"})
    assert Organization.objects.get(pk=organization.pk).deleted_at is not None
    for client in (alice_client, bob_client):
        assert client.get(path).status_code == 404
        # Each of them is now in an organization of their own.
        assert "Acme" not in client.get("/dashboard/team").content.decode()
    chosen = {"organization": organization.public_id}
    assert bob_client.post("/dashboard/organizations", chosen).status_code == 404


def test_while_jobs_run_there_is_no_form_to_delete(
    alice_client: Client, organization: Organization
) -> None:
    factories.job(organization=organization)
    answer = alice_client.get(DELETE)
    check(answer)
    assert "1 job still running or queued." in answer.content.decode()
    assert 'name="name"' not in answer.content.decode()
    refused = alice_client.post(DELETE, {"name": "Acme", "gives_up_credits": "on"})
    assert refused.status_code == 400
    assert Organization.objects.get(pk=organization.pk).deleted_at is None


def test_another_organization_is_created_and_switched_to(
    bob_client: Client, bob: User, organization: Organization
) -> None:
    assert NEW in read(bob_client, "/dashboard/organizations").links
    read(bob_client, NEW)
    answer = bob_client.post(NEW, {"name": "Bob & Co"}, follow=True)
    assert answer.redirect_chain == [("/dashboard", 302)]
    assert "Created Bob &amp; Co and switched to it." in answer.content.decode()
    assert Membership.objects.get(organization__name="Bob & Co").user == bob
    assert bob_client.post(NEW, {"name": " "}).status_code == 400


def test_the_switcher_lists_the_other_organizations_of_the_user(
    bob_client: Client, bob: User, organization: Organization
) -> None:
    second = factories.organization(owner=bob, name="Second")
    page = read(bob_client, "/dashboard/team")
    (button,) = page.all("button", name="organization")
    assert button["value"] == second.public_id
    assert NEW in page.links


def test_the_pages_take_the_same_queries_however_much_there_is(
    alice_client: Client, alice: User, organization: Organization
) -> None:
    paths = (PAGE, DELETE, "/dashboard/organizations")
    before = [count_queries(alice_client, path) for path in paths]
    for number in range(5):
        factories.organization(owner=alice, name=f"Further {number}")
        factories.api_key(organization=organization)
    assert [count_queries(alice_client, path) for path in paths] == before
    assert max(before) <= 12
