"""API keys: displayed once, stored as a keyed hash, refused as soon as they are revoked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts import api_keys
from accounts.api_keys import keys
from accounts.audit import SYSTEM, Actor
from accounts.models import ApiKey, AuditEvent, Organization, User
from tests import factories

pytestmark = pytest.mark.django_db

NEW, OLD = "n" * 40, "o" * 40


def last_used(key: ApiKey) -> object:
    return ApiKey.objects.values_list("last_used_at", flat=True).get(pk=key.pk)


def test_a_key_is_recognized_by_its_plaintext(organization: Organization, alice: User) -> None:
    issued = api_keys.issue(
        organization=organization, name="Server", actor=Actor(label=alice.email, user=alice)
    )
    found = api_keys.authenticate(plaintext=issued.plaintext)
    assert found == issued.api_key
    assert (found.name, found.created_by, found.status) == ("Server", alice, "active")


def test_a_key_has_a_prefix_an_id_a_secret_and_a_checksum(organization: Organization) -> None:
    issued = factories.api_key(organization=organization)
    prefix, key_id, rest = issued.plaintext.split("_")
    assert (prefix, key_id, len(rest)) == ("vg", issued.api_key.key_id, 32 + 6)
    assert keys.checksum(issued.plaintext[:-6]) == issued.plaintext[-6:]
    assert issued.api_key.display == f"vg_{key_id}_…{issued.plaintext[-4:]}"


def test_the_checksum_is_the_crc_32_in_base_62() -> None:
    # The check value of CRC-32/ISO-HDLC, 0xCBF43926 for "123456789".
    number = 0
    for character in keys.checksum("123456789"):
        number = number * 62 + keys.ids.BASE62.index(character)
    assert number == 0xCBF43926


def test_no_column_of_any_table_holds_the_plaintext_of_a_key(organization: Organization) -> None:
    issued = factories.api_key(organization=organization)
    secret = issued.plaintext.split("_")[2]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema='public'"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(
                f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s', [f"%{secret[:32]}%"]
            )
            assert cursor.fetchone() == (0,), table


def test_two_keys_have_nothing_in_common(organization: Organization) -> None:
    one, two = (factories.api_key(organization=organization) for _ in range(2))
    assert one.api_key.key_id != two.api_key.key_id
    assert one.api_key.secret_hash != two.api_key.secret_hash


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda key: key[:-1] + ("a" if key[-1] != "a" else "b"), api_keys.MistypedKey),
        (lambda key: key[:20] + ("a" if key[20] != "a" else "b") + key[21:], api_keys.MistypedKey),
        (lambda key: key[:-1], api_keys.InvalidKey),
        (lambda key: key + "x", api_keys.InvalidKey),
        (lambda key: f"{key}\n", api_keys.InvalidKey),
        (lambda key: "", api_keys.InvalidKey),
        (lambda key: "sk_live_something_else", api_keys.InvalidKey),
    ],
)
def test_a_mistyped_key_is_refused_without_a_query(
    organization: Organization,
    django_assert_num_queries: DjangoAssertNumQueries,
    spoil: Callable[[str], str],
    error: type[Exception],
) -> None:
    plaintext = factories.api_key(organization=organization).plaintext
    with django_assert_num_queries(0), pytest.raises(error):
        api_keys.authenticate(plaintext=spoil(plaintext))


def test_a_wrong_secret_with_a_right_checksum_is_refused(organization: Organization) -> None:
    issued = factories.api_key(organization=organization)
    forged = f"vg_{issued.api_key.key_id}_{'a' * 32}"
    with pytest.raises(api_keys.InvalidKey):
        api_keys.authenticate(plaintext=forged + keys.checksum(forged))


def test_an_unknown_key_with_a_right_checksum_is_refused(db: None) -> None:
    forged = f"vg_{'A' * 12}_{'a' * 32}"
    with pytest.raises(api_keys.InvalidKey):
        api_keys.authenticate(plaintext=forged + keys.checksum(forged))


def test_a_key_works_after_the_pepper_is_rotated(
    organization: Organization, settings: Settings
) -> None:
    settings.API_KEY_PEPPERS = (f"1:{OLD}",)
    old = factories.api_key(organization=organization)
    settings.API_KEY_PEPPERS = (f"2:{NEW}", f"1:{OLD}")
    new = factories.api_key(organization=organization)
    assert api_keys.authenticate(plaintext=old.plaintext) == old.api_key
    assert api_keys.authenticate(plaintext=new.plaintext) == new.api_key
    assert (old.api_key.pepper_version, new.api_key.pepper_version) == ("1", "2")


def test_a_key_is_invalid_without_its_pepper(
    organization: Organization, settings: Settings
) -> None:
    settings.API_KEY_PEPPERS = (f"1:{OLD}",)
    issued = factories.api_key(organization=organization)
    for peppers in ((f"2:{NEW}",), (f"1:{NEW}",)):
        settings.API_KEY_PEPPERS = peppers
        with pytest.raises(api_keys.InvalidKey):
            api_keys.authenticate(plaintext=issued.plaintext)


def test_a_key_expires(organization: Organization) -> None:
    moment = timezone.now() + timedelta(hours=1)
    issued = factories.api_key(organization=organization, expires_at=moment)
    assert api_keys.authenticate(plaintext=issued.plaintext) == issued.api_key
    ApiKey.objects.update(expires_at=timezone.now())
    with pytest.raises(api_keys.ExpiredKey):
        api_keys.authenticate(plaintext=issued.plaintext)
    assert ApiKey.objects.get().status == "expired"


def test_a_key_cannot_be_created_expired(organization: Organization) -> None:
    with pytest.raises(api_keys.BadExpiry):
        factories.api_key(organization=organization, expires_at=timezone.now())
    assert not ApiKey.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_revoked_key_is_refused_at_the_next_call(organization: Organization) -> None:
    issued = factories.api_key(organization=organization)
    api_keys.revoke(organization=organization, key_id=issued.api_key.key_id, actor=SYSTEM)
    with pytest.raises(api_keys.RevokedKey):
        api_keys.authenticate(plaintext=issued.plaintext)


def test_revoking_again_changes_nothing_and_is_recorded_once(organization: Organization) -> None:
    key_id = factories.api_key(organization=organization).api_key.key_id
    first = api_keys.revoke(organization=organization, key_id=key_id, actor=SYSTEM)
    again = api_keys.revoke(organization=organization, key_id=key_id, actor=SYSTEM)
    assert again.revoked_at == first.revoked_at is not None
    assert AuditEvent.objects.filter(action="api_key.revoked").count() == 1


def test_a_foreign_key_cannot_be_revoked(
    organization: Organization, other_organization: Organization
) -> None:
    issued = factories.api_key(organization=organization)
    with pytest.raises(api_keys.UnknownKey):
        api_keys.revoke(organization=other_organization, key_id=issued.api_key.key_id, actor=SYSTEM)
    assert api_keys.authenticate(plaintext=issued.plaintext) == issued.api_key


def test_last_use_is_recorded_at_most_once_a_minute(
    organization: Organization, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    issued = factories.api_key(organization=organization)
    with django_assert_num_queries(2):
        api_keys.authenticate(plaintext=issued.plaintext)
    recorded = last_used(issued.api_key)
    assert recorded is not None
    with django_assert_num_queries(1):
        api_keys.authenticate(plaintext=issued.plaintext)
    assert last_used(issued.api_key) == recorded

    earlier = timezone.now() - timedelta(seconds=61)
    ApiKey.objects.update(last_used_at=earlier)
    api_keys.authenticate(plaintext=issued.plaintext)
    assert last_used(issued.api_key) != earlier


def test_issuing_is_recorded_without_the_secret(organization: Organization, alice: User) -> None:
    issued = api_keys.issue(
        organization=organization, name="Server", actor=Actor(label=alice.email, user=alice)
    )
    event = AuditEvent.objects.get()
    assert (event.action, event.actor, event.user) == ("api_key.issued", alice.email, alice)
    assert event.target == issued.api_key.display


@pytest.mark.parametrize(("given", "stored"), [("  ", "API key"), ("x" * 200, "x" * 80)])
def test_a_key_always_has_a_name_that_fits(
    organization: Organization, given: str, stored: str
) -> None:
    assert factories.api_key(organization=organization, name=given).api_key.name == stored


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (None, "Send your API key as"),
        ("Basic abc", "Send your API key as"),
        ("Bearer", "Send your API key as"),
        ("Bearer nonsense", "not valid"),
        ("Bearer nönsense", "not valid"),
    ],
)
def test_the_api_says_what_is_wrong_with_a_credential(
    db: None, header: str | None, message: str
) -> None:
    headers = {"Authorization": header} if header else {}
    response = Client().get("/api/generate/status/task_1", headers=headers)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    assert response.json()["error"]["type"] == "authentication_error"
    assert message in response.json()["detail"]
