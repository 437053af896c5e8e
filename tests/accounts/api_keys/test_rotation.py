"""Rotating a key: the new secret works at once, the old one until the overlap ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts import api_keys
from accounts.api_keys import Issued
from accounts.api_keys.restrictions import Limits
from accounts.audit import SYSTEM, Actor
from accounts.models import ApiKey, AuditEvent, Organization, User
from billing import budgets
from tests import factories

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def old(organization: Organization) -> Issued:
    return factories.api_key(organization=organization, name="Server")


def rotate(old: Issued, overlap: timedelta = DAY) -> Issued:
    return api_keys.rotate(
        organization=old.api_key.organization,
        key_id=old.api_key.key_id,
        overlap=overlap,
        actor=SYSTEM,
    )


def let_overlap_end() -> None:
    ApiKey.objects.update(previous_ends_at=timezone.now())


def test_both_secrets_work_until_the_old_one_ends(old: Issued) -> None:
    new = rotate(old)
    assert new.plaintext != old.plaintext
    for each in (old, new):
        assert api_keys.authenticate(plaintext=each.plaintext) == old.api_key
    let_overlap_end()
    assert api_keys.authenticate(plaintext=new.plaintext) == old.api_key
    with pytest.raises(api_keys.ReplacedKey):
        api_keys.authenticate(plaintext=old.plaintext)


def test_without_an_overlap_the_old_secret_ends_at_once(old: Issued) -> None:
    new = rotate(old, timedelta(0))
    with pytest.raises(api_keys.ReplacedKey):
        api_keys.authenticate(plaintext=old.plaintext)
    assert api_keys.authenticate(plaintext=new.plaintext) == old.api_key


def test_a_rotated_key_is_the_same_key(organization: Organization) -> None:
    issued = factories.api_key(
        organization=organization, limits=Limits(scopes=["read"], ranges=["10.0.0.0/8"])
    )
    budgets.set_caps(
        api_key=issued.api_key,
        daily_credits=5,
        monthly_credits=None,
        total_credits=None,
        actor=SYSTEM,
    )
    rotate(issued)
    key = ApiKey.objects.select_related("budget").get()
    assert (key.key_id, key.scopes, key.allowed_ranges) == (
        issued.api_key.key_id,
        ["read"],
        ["10.0.0.0/8"],
    )
    assert key.budget.daily_credits == 5


def test_rotating_again_ends_the_older_secret_at_once(old: Issued) -> None:
    middle = rotate(old)
    new = rotate(middle)
    with pytest.raises(api_keys.InvalidKey):
        api_keys.authenticate(plaintext=old.plaintext)
    for each in (middle, new):
        assert api_keys.authenticate(plaintext=each.plaintext) == old.api_key


def test_the_overlap_can_be_ended_early_and_is_recorded_once(
    old: Issued, organization: Organization
) -> None:
    rotate(old)
    for _ in range(2):
        api_keys.end_overlap(organization=organization, key_id=old.api_key.key_id, actor=SYSTEM)
    with pytest.raises(api_keys.ReplacedKey):
        api_keys.authenticate(plaintext=old.plaintext)
    assert AuditEvent.objects.filter(action="api_key.overlap_ended").count() == 1


def test_the_last_use_of_the_old_secret_is_recorded(old: Issued) -> None:
    new = rotate(old)
    api_keys.authenticate(plaintext=new.plaintext, ip_address="203.0.113.7")
    key = ApiKey.objects.get()
    assert (key.previous_used_at, key.last_used_ip) == (None, "203.0.113.7")
    api_keys.authenticate(plaintext=old.plaintext, ip_address="203.0.113.8")
    key.refresh_from_db()
    assert key.previous_used_at is not None
    assert key.last_used_ip == "203.0.113.8"


def test_either_secret_takes_one_query(
    old: Issued, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    new = rotate(old)
    for each in (old, new):
        api_keys.authenticate(plaintext=each.plaintext)
        with django_assert_num_queries(1):
            api_keys.authenticate(plaintext=each.plaintext)


@pytest.mark.parametrize("state", ["revoked_at", "expires_at"])
def test_a_revoked_or_expired_key_cannot_be_rotated(old: Issued, state: str) -> None:
    ApiKey.objects.update(**{state: timezone.now()})
    with pytest.raises(api_keys.NotActive):
        rotate(old)
    assert ApiKey.objects.get().secret_hash == old.api_key.secret_hash


def test_revoking_ends_both_secrets(old: Issued, organization: Organization) -> None:
    new = rotate(old)
    api_keys.revoke(organization=organization, key_id=old.api_key.key_id, actor=SYSTEM)
    for each in (old, new):
        with pytest.raises(api_keys.RevokedKey):
            api_keys.authenticate(plaintext=each.plaintext)


@pytest.mark.parametrize("overlap", [timedelta(seconds=-1), api_keys.OVERLAP_MAX + DAY])
def test_an_overlap_is_bounded(old: Issued, overlap: timedelta) -> None:
    with pytest.raises(api_keys.BadOverlap):
        rotate(old, overlap)
    assert api_keys.authenticate(plaintext=old.plaintext) == old.api_key


def test_a_foreign_key_is_neither_rotated_nor_ended(
    old: Issued, other_organization: Organization
) -> None:
    key_id = old.api_key.key_id
    with pytest.raises(api_keys.UnknownKey):
        api_keys.rotate(organization=other_organization, key_id=key_id, overlap=DAY, actor=SYSTEM)
    with pytest.raises(api_keys.UnknownKey):
        api_keys.end_overlap(organization=other_organization, key_id=key_id, actor=SYSTEM)
    assert api_keys.authenticate(plaintext=old.plaintext) == old.api_key


def test_the_old_secret_works_after_the_pepper_is_rotated(
    organization: Organization, settings: Settings
) -> None:
    settings.API_KEY_PEPPERS = (f"1:{'o' * 40}",)
    old = factories.api_key(organization=organization)
    settings.API_KEY_PEPPERS = (f"2:{'n' * 40}", f"1:{'o' * 40}")
    new = rotate(old)
    for each in (old, new):
        assert api_keys.authenticate(plaintext=each.plaintext) == old.api_key


def test_rotating_is_recorded_without_a_secret(
    old: Issued, organization: Organization, alice: User
) -> None:
    new = api_keys.rotate(
        organization=organization,
        key_id=old.api_key.key_id,
        overlap=DAY,
        actor=Actor(label=alice.email, user=alice),
    )
    event = AuditEvent.objects.get(action="api_key.rotated")
    assert event.user == alice
    assert event.target.startswith(f"{new.api_key.display}: the old secret ends ")
    assert new.plaintext.split("_")[2][:32] not in event.target
