"""The overview: where one stands, and what to do next."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Organization, Role, User
from tests import factories
from tests.conftest import signed_in

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


def test_the_next_step_is_a_key_then_an_image(
    alice_client: Client, organization: Organization
) -> None:
    assert "Create your first API key" in words(alice_client)
    key = factories.api_key(organization=organization).api_key
    assert "Create your first API key" not in words(alice_client)
    assert "No jobs yet" in words(alice_client)
    factories.finished(organization=organization)
    assert "No jobs yet" not in words(alice_client)
    organization.api_keys.filter(pk=key.pk).update(revoked_at=key.created_at)
    assert "Create your first API key" in words(alice_client)


def test_who_may_not_make_keys_is_not_asked_to(organization: Organization, bob: User) -> None:
    Membership.objects.filter(user=bob).update(role=Role.BILLING)
    text = words(signed_in(bob))
    assert "Create your first API key" not in text
    assert "New image" not in text


def test_it_shows_recent_jobs_of_this_organization_only(
    alice_client: Client, organization: Organization, other_organization: Organization
) -> None:
    factories.finished(organization=organization, prompt="our own picture")
    factories.finished(organization=other_organization, prompt="a foreign picture")
    text = words(alice_client)
    assert "our own picture" in text
    assert "a foreign picture" not in text
