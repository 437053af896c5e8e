"""The overview: balance, usage, recent jobs and next steps."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Organization, Role, User
from billing.models import TopUp
from generation.models import Job
from tests import factories
from tests.conftest import signed_in
from tests.generation.callbacks.receiving import announced
from tests.reading import read

pytestmark = pytest.mark.django_db


def words(client: Client) -> str:
    content = client.get(reverse("dashboard")).content.decode()
    return " ".join(re.sub(r"<[^>]*>", " ", content[content.index("<main") :]).split())


def test_it_counts_what_the_balance_is_enough_for(
    alice_client: Client, organization: Organization
) -> None:
    factories.credits(organization=organization, amount=55)
    text = words(alice_client)
    assert "Balance 55 credits worth $0.275" in text
    assert "Enough for 5 images with FLUX Kontext Pro" in text
    assert "Enough for 2 images with FLUX Kontext Max" in text


def test_it_counts_the_jobs_that_are_not_over(
    alice_client: Client, organization: Organization, other_organization: Organization
) -> None:
    factories.finished(organization=organization)
    factories.running(organization=organization)
    factories.job(organization=organization)
    factories.job(organization=other_organization)
    assert "In progress 2 queued or running" in words(alice_client)


def steps(client: Client) -> dict[str, bool]:
    """Return the setup steps and whether each is done."""
    content = client.get(reverse("dashboard")).content.decode()
    found = re.findall(r'steps__text"><strong>([^<]*)(<span[^>]*> \(done\))?', content)
    return {title: bool(done) for title, done in found}


def test_a_new_organization_gets_setup_steps(
    alice_client: Client, organization: Organization
) -> None:
    todo = {
        "Create an API key": False,
        "Make your first image": False,
        "Add credits": False,
        "Set up webhooks": False,
    }
    assert steps(alice_client) == todo
    assert reverse("api_key_new") in read(alice_client, reverse("dashboard")).links

    key = factories.api_key(organization=organization).api_key
    factories.finished(organization=organization)
    todo |= {"Create an API key": True, "Make your first image": True}
    assert steps(alice_client) == todo
    organization.api_keys.filter(pk=key.pk).update(revoked_at=key.created_at)
    assert not steps(alice_client)["Create an API key"]
    organization.api_keys.filter(pk=key.pk).update(revoked_at=None)

    bought = TopUp.objects.create(
        organization=organization, source=TopUp.Source.CHECKOUT, credits=100, amount_cents=50
    )
    assert steps(alice_client) == todo
    TopUp.objects.filter(pk=bought.pk).update(status="paid", paid_at=timezone.now(), paid_cents=50)
    assert steps(alice_client) == {**todo, "Add credits": True}
    announced(organization=organization, url="https://example.com/hook")
    assert steps(alice_client) == {}


def test_after_a_week_webhooks_are_no_longer_a_required_step(
    alice_client: Client, organization: Organization
) -> None:
    factories.api_key(organization=organization)
    factories.finished(organization=organization)
    TopUp.objects.create(
        organization=organization,
        source=TopUp.Source.CHECKOUT,
        credits=100,
        amount_cents=50,
        status="paid",
        paid_at=timezone.now(),
        paid_cents=50,
    )
    assert list(steps(alice_client).values()) == [True, True, True, False]
    Organization.objects.update(created_at=timezone.now() - timedelta(days=8))
    assert steps(alice_client) == {}


@pytest.mark.parametrize(
    ("role", "titles"),
    [
        (Role.BILLING, ["Add credits"]),
        (
            Role.DEVELOPER,
            ["Create an API key", "Make your first image", "Set up webhooks"],
        ),
    ],
)
def test_nobody_is_asked_for_what_their_role_may_not_do(
    role: Role, titles: list[str], organization: Organization, bob: User
) -> None:
    Membership.objects.filter(user=bob).update(role=role)
    browser = signed_in(bob)
    assert list(steps(browser)) == titles
    assert ("New image" in words(browser)) == (role != Role.BILLING)


def test_it_says_how_the_last_thirty_days_went(
    alice_client: Client, organization: Organization, other_organization: Organization
) -> None:
    factories.finished(organization=organization)
    factories.failed(organization=organization)
    old = factories.finished(organization=organization)
    Job.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=31))
    factories.finished(organization=other_organization)
    text = words(alice_client)
    assert "Spent Usage 10 credits $0.05 in 30 days" in text
    assert "Jobs Usage 2 in 30 days, 1 failed" in text
    assert "Total 2 1 1 20 10 10 $0.05" in text
    labels = [
        str(found["aria-label"])
        for found in read(alice_client, reverse("dashboard")).all("svg", role="img")
    ]
    assert [label.split(",")[0] for label in labels] == ["Credits spent by day", "Jobs by day"]


def test_nothing_yet_is_no_empty_table(alice_client: Client, organization: Organization) -> None:
    page = read(alice_client, reverse("dashboard"))
    assert not page.all("table")
    assert "No jobs yet" in words(alice_client)
    assert "No spending in this period" in words(alice_client)


def test_it_shows_recent_jobs_of_this_organization_only(
    alice_client: Client, organization: Organization, other_organization: Organization
) -> None:
    factories.finished(organization=organization, prompt="our own picture")
    factories.finished(organization=other_organization, prompt="a foreign picture")
    text = words(alice_client)
    assert "our own picture" in text
    assert "a foreign picture" not in text
