"""A suspended organization: pages say so, and offer no action that would be refused."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts import organizations
from accounts.audit import SYSTEM
from accounts.models import Organization
from billing.models import TopUp
from generation.models import Job
from tests import factories
from tests.reading import Markup, read

pytestmark = pytest.mark.django_db

READABLE = ["dashboard", "playground", "jobs", "usage", "callbacks", "billing", "team", "audit"]


@pytest.fixture
def suspended(organization: Organization) -> Organization:
    """Alice's organization, with an image and credits, suspended."""
    factories.finished(organization=organization)
    factories.credits(organization=organization, amount=100)
    organizations.suspend(organization=organization, actor=SYSTEM)
    return organization


def posts_to(page: Markup, name: str) -> bool:
    return any(form.get("action") == reverse(name) for form in page.all("form"))


@pytest.mark.parametrize("name", READABLE)
def test_each_page_says_why_and_whom_to_write_to(
    name: str, alice_client: Client, suspended: Organization, settings: Settings
) -> None:
    settings.VIDGO_SUPPORT_EMAIL = "help@example.com"
    page = read(alice_client, reverse(name))
    assert f"mailto:help@example.com?subject=Suspended:%20{suspended.public_id}" in page.links
    settings.VIDGO_SUPPORT_EMAIL = ""
    assert "Please contact support." in alice_client.get(reverse(name)).content.decode()


def test_the_overview_offers_no_new_image(
    alice_client: Client, bob_client: Client, organization: Organization
) -> None:
    offer = "New image"
    assert offer in alice_client.get(reverse("dashboard")).content.decode()
    organizations.suspend(organization=organization, actor=SYSTEM)
    for client in (alice_client, bob_client):
        page = client.get(reverse("dashboard")).content.decode()
        assert offer not in page
        assert "Next steps" not in page


def test_the_playground_shows_its_form_without_a_way_to_run_it(
    alice_client: Client, suspended: Organization
) -> None:
    page = alice_client.get(reverse("playground")).content.decode()
    assert "You can't run tasks while the organization is suspended." in page
    assert "data-price-text" not in page
    assert "Add credits to run this" not in page
    model = alice_client.get(reverse("model", args=["flux-kontext-pro"])).content.decode()
    assert "You can't run tasks while the organization is suspended." in model


def test_a_job_can_be_seen_and_downloaded_but_not_edited(
    alice_client: Client, suspended: Organization
) -> None:
    job = Job.objects.get()
    page = alice_client.get(reverse("job", args=[job.public_id])).content.decode()
    assert "Download" in page
    assert "Edit this result" not in page


def test_the_money_can_be_read_but_nothing_bought(
    alice_client: Client, organization: Organization
) -> None:
    assert posts_to(read(alice_client, reverse("billing")), "billing_top_ups")
    organizations.suspend(organization=organization, actor=SYSTEM)
    page = read(alice_client, reverse("billing"))
    assert not posts_to(page, "billing_top_ups")
    assert not posts_to(page, "billing_promotion")
    assert reverse("billing_statement") in page.links
    assert posts_to(page, "billing_warning")
    refused = alice_client.post(reverse("billing_top_ups"), {"pack": "500"})
    assert refused.status_code == 403
    assert not TopUp.objects.exists()


def test_the_team_invites_nobody(alice_client: Client, organization: Organization) -> None:
    assert "Invite someone" in alice_client.get(reverse("team")).content.decode()
    organizations.suspend(organization=organization, actor=SYSTEM)
    assert "Invite someone" not in alice_client.get(reverse("team")).content.decode()
