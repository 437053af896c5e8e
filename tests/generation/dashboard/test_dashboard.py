"""What all dashboard pages share: roles, navigation, constant query counts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts import organizations
from accounts.audit import SYSTEM
from accounts.models import Membership, Organization, Role, User
from billing.models import TopUp
from tests import factories
from tests.conftest import signed_in
from tests.generation.callbacks.receiving import announced
from tests.reading import count_queries, read
from vidgo.kernel.db import ids

pytestmark = pytest.mark.django_db

PAGES = ["dashboard", "playground", "jobs", "usage", "api_keys", "organizations"]
# More than these have tests of their own for what they show.
OTHER_PAGES = ["callbacks", "billing", "billing_statement", "billing_top_ups", "team", "audit"]
ABILITIES = {
    "dashboard": "view",
    "playground": "generate",
    "jobs": "view",
    "usage": "view",
    "api_keys": "keys",
}
# How many queries a page may take that tells more than one thing.
QUERIES = {"dashboard": 15, "billing": 15}
ROLES = {
    Role.OWNER: {"dashboard", "playground", "jobs", "usage", "api_keys"},
    Role.ADMIN: {"dashboard", "playground", "jobs", "usage", "api_keys"},
    Role.DEVELOPER: {"dashboard", "playground", "jobs", "usage", "api_keys"},
    Role.BILLING: {"dashboard", "jobs", "usage"},
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_without_any_data(name: str, alice_client: Client) -> None:
    read(alice_client, reverse(name))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_with_data(
    name: str, alice_client: Client, organization: Organization
) -> None:
    fill(organization, 1)
    read(alice_client, reverse(name))


@pytest.mark.parametrize("name", ["account_email", "account_change_password"])
def test_a_page_about_oneself_is_whole(name: str, organization: Organization, alice: User) -> None:
    alice.set_password("a long enough secret")
    alice.save()
    read(signed_in(alice), reverse(name))


@pytest.mark.parametrize("role", Role)
def test_the_navigation_offers_what_the_role_may_do_and_no_more(
    role: Role, organization: Organization, charlie: User
) -> None:
    factories.member(organization=organization, user=charlie, role=role)
    browser = signed_in(charlie)
    links = set(read(browser, reverse("dashboard")).links)
    offered = {name for name in ABILITIES if reverse(name) in links}
    assert offered == ROLES[role]
    for name in ABILITIES:
        assert browser.get(reverse(name)).status_code == (200 if name in offered else 403)


def test_a_role_too_low_gets_an_error_page(organization: Organization, bob: User) -> None:
    Membership.objects.filter(user=bob).update(role=Role.BILLING)
    browser = signed_in(bob)
    page = read(browser, reverse("api_keys"), status=403)
    assert reverse("dashboard") in page.links


@pytest.mark.parametrize("name", [*PAGES, *OTHER_PAGES])
def test_a_page_takes_as_many_queries_for_much_data_as_for_little(
    name: str, alice: User, organization: Organization
) -> None:
    browser = signed_in(alice)
    fill(organization, 1)
    factories.organization(owner=alice, name="Second")
    few = count_queries(browser, reverse(name))
    fill(organization, 3)
    factories.organization(owner=alice, name="Third")
    assert count_queries(browser, reverse(name)) == few
    # Session, user, place, wallet and the list of places, then the page's own.
    assert few <= QUERIES.get(name, 11)


def fill(organization: Organization, count: int) -> None:
    """Create jobs in every state, keys, webhooks, members and purchases."""
    for _ in range(count):
        factories.finished(organization=organization)
        factories.failed(organization=organization)
        factories.api_key(organization=organization)
        announced(organization=organization, url="https://example.com/hook")
        person = factories.user(f"{ids.random_base62(8)}@example.com".lower())
        factories.member(organization=organization, user=person, role=Role.DEVELOPER)
        TopUp.objects.create(
            organization=organization, source=TopUp.Source.CHECKOUT, credits=100, amount_cents=50
        )
    for _ in range(count):
        factories.job(organization=organization)


def test_the_balance_stands_on_every_page(alice_client: Client, organization: Organization) -> None:
    factories.credits(organization=organization, amount=1234)
    for name in PAGES:
        assert "1,234</span>" in alice_client.get(reverse(name)).content.decode()


def test_a_suspension_is_announced_on_every_page(
    alice_client: Client, organization: Organization
) -> None:
    organizations.suspend(organization=organization, actor=SYSTEM)
    for name in PAGES:
        assert "This organization is suspended" in alice_client.get(reverse(name)).content.decode()


def test_who_is_in_one_organization_sees_no_switch(alice_client: Client, alice: User) -> None:
    switch: Callable[[], bool] = lambda: any(  # noqa: E731
        found.get("name") == "organization"
        for found in read(alice_client, reverse("dashboard")).all("button")
    )
    assert not switch()
    factories.organization(owner=alice, name="Second")
    assert switch()


def test_only_operators_get_a_link_to_the_admin(organization: Organization, alice: User) -> None:
    admin = reverse("admin:index")
    assert admin not in read(signed_in(alice), reverse("dashboard")).links
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    assert admin in read(signed_in(alice), reverse("dashboard")).links
