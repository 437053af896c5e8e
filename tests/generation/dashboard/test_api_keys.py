"""The pages of API keys: create, display once, revoke with confirmation."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import ApiKey, AuditEvent, Organization, User
from tests import factories
from tests.reading import check, read

pytestmark = pytest.mark.django_db

PAGE = "/dashboard/keys"


@pytest.mark.parametrize(("lifetime", "days"), [("", None), ("7", 7), ("365", 365)])
def test_a_key_gets_the_name_and_the_lifetime_asked_for(
    alice_client: Client, organization: Organization, alice: User, lifetime: str, days: int | None
) -> None:
    answer = alice_client.post(PAGE, {"name": "Server", "lifetime_days": lifetime})
    check(answer)
    key = ApiKey.objects.get()
    assert (key.organization, key.name, key.created_by) == (organization, "Server", alice)
    if days is None:
        assert key.expires_at is None
    else:
        left = key.expires_at - timezone.now()  # type: ignore[operator]
        assert timedelta(days=days, seconds=-60) < left <= timedelta(days=days)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "   "}, "This field is required."),
        ({"name": "x" * 81}, "at most 80 characters"),
        ({"name": "x", "lifetime_days": "12"}, "not one of the available choices"),
    ],
)
def test_a_mistake_makes_no_key(
    alice_client: Client, values: dict[str, str], complaint: str
) -> None:
    answer = alice_client.post(PAGE, values)
    check(answer)
    assert complaint in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_the_command_shown_is_one_the_balance_can_pay(
    alice_client: Client, organization: Organization
) -> None:
    poor = alice_client.post(PAGE, {"name": "x"}).content.decode()
    assert "Your balance is" in poor
    assert "/api/user/balance" in poor
    factories.credits(organization=organization, amount=10)
    rich = alice_client.post(PAGE, {"name": "x"}).content.decode()
    assert "/api/user/balance" not in rich
    assert "/api/generate/submit" in rich


def test_the_list_shows_each_keys_state_and_no_foreign_key(
    alice_client: Client, organization: Organization, other_organization: Organization
) -> None:
    for name in ("one", "two", "three"):
        factories.api_key(organization=organization, name=name)
    foreign = factories.api_key(organization=other_organization).api_key
    ApiKey.objects.filter(name="two").update(revoked_at=timezone.now())
    ApiKey.objects.filter(name="three").update(expires_at=timezone.now())
    text = alice_client.get(PAGE).content.decode()
    for state in ("Active", "Revoked", "Expired"):
        assert text.count(f">{state}</span>") == 1
    assert foreign.key_id not in text


def test_revoking_asks_first_and_needs_no_script(
    alice_client: Client, organization: Organization, alice: User
) -> None:
    key = factories.api_key(organization=organization, name="Old server").api_key
    detail = reverse("api_key", args=[key.key_id])
    assert detail in read(alice_client, PAGE).links
    (link,) = [each for each in read(alice_client, detail).links if "revoke" in each]
    page = read(alice_client, link)
    assert page.all("form", method="post")
    assert ApiKey.objects.get().revoked_at is None
    answer = alice_client.post(link, follow=True)
    assert "The key “Old server” is revoked." in answer.content.decode()
    assert ApiKey.objects.get().status == "revoked"
    event = AuditEvent.objects.get(action="api_key.revoked")
    assert (event.user, event.target, event.ip_address) == (alice, key.key_id, "127.0.0.1")
    # Coming back later only tells that it is done.
    assert not [each for each in read(alice_client, link).all("button") if "danger" in str(each)]


def test_a_foreign_key_can_be_neither_seen_nor_revoked(
    alice_client: Client, other_organization: Organization
) -> None:
    key = factories.api_key(organization=other_organization).api_key
    path = reverse("api_key_revoke", args=[key.key_id])
    read(alice_client, path, status=404)
    assert alice_client.post(path).status_code == 404
    assert ApiKey.objects.get().revoked_at is None
