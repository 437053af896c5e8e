"""The profile page: the user's name, and how they sign in."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts.models import User
from tests.reading import check, count_queries, read

pytestmark = pytest.mark.django_db

PAGE = "/dashboard/profile"


@pytest.fixture
def confirmed(alice: User) -> User:
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)
    return alice


def test_the_name_is_changed_and_kept(alice_client: Client, alice: User) -> None:
    answer = alice_client.post(PAGE, {"name": "Alice Example"}, follow=True)
    check(answer)
    assert "Saved your name." in answer.content.decode()
    alice.refresh_from_db()
    assert alice.name == "Alice Example"
    (field,) = read(alice_client, PAGE).all("input", name="name")
    assert field["value"] == "Alice Example"


def test_a_name_that_is_too_long_is_refused_and_stays_in_the_form(
    alice_client: Client, alice: User
) -> None:
    answer = alice_client.post(PAGE, {"name": "x" * 121})
    check(answer)
    assert "at most 120 characters" in answer.content.decode()
    assert "x" * 121 in answer.content.decode()
    alice.refresh_from_db()
    assert alice.name == ""


def test_nothing_but_the_name_can_be_changed_here(alice_client: Client, alice: User) -> None:
    alice_client.post(
        PAGE, {"name": "A", "email": "evil@example.com", "is_staff": "1", "is_superuser": "on"}
    )
    alice.refresh_from_db()
    assert (alice.email, alice.is_staff, alice.is_superuser) == ("alice@example.com", False, False)


def test_an_unconfirmed_address_is_marked(alice_client: Client, alice: User) -> None:
    assert "not confirmed yet" in alice_client.get(PAGE).content.decode()
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)
    assert "not confirmed yet" not in alice_client.get(PAGE).content.decode()


def test_it_links_to_each_way_of_signing_in(alice_client: Client, confirmed: User) -> None:
    links = set(read(alice_client, PAGE).links)
    assert {
        "/accounts/email/",
        "/accounts/password/set/",
        "/dashboard/profile/sessions",
        "/accounts/2fa/totp/activate/",
        "/accounts/2fa/webauthn/add/",
    } <= links
    assert not [link for link in links if "recovery" in link]
    confirmed.set_password("a long enough secret")
    confirmed.save()
    alice_client.force_login(confirmed)
    assert "/accounts/password/change/" in read(alice_client, PAGE).links


def test_own_passkeys_are_listed_and_not_those_of_others(
    alice_client: Client, confirmed: User, bob: User
) -> None:
    for user, name in ((confirmed, "<b>Phone</b>"), (bob, "Bob's phone")):
        Authenticator.objects.create(user=user, type="webauthn", data={"name": name})
    answer = alice_client.get(PAGE)
    check(answer)
    page = answer.content.decode()
    assert "&lt;b&gt;Phone&lt;/b&gt;" in page
    assert "Bob" not in page
    assert "On: signing in with your password also requires one of these." in page


def test_more_passkeys_take_no_more_queries(alice_client: Client, confirmed: User) -> None:
    few = count_queries(alice_client, PAGE)
    for number in range(4):
        Authenticator.objects.create(user=confirmed, type="webauthn", data={"name": str(number)})
    assert count_queries(alice_client, PAGE) == few


@pytest.mark.parametrize("page", ["/accounts/2fa/", "/accounts/2fa/webauthn/"])
def test_the_librarys_lists_redirect_here(alice_client: Client, page: str) -> None:
    assert alice_client.get(page).headers["Location"] == PAGE


def test_the_menu_links_to_it(alice_client: Client) -> None:
    assert PAGE in read(alice_client, "/dashboard/jobs").links


def test_the_sign_in_page_offers_a_passkey(client: Client, db: None) -> None:
    page = read(client, "/accounts/login/")
    (form,) = [each for each in page.all("form") if "data-passkey" in each]
    assert form["action"] == "/accounts/2fa/webauthn/login/"
    assert any("passkeys.js" in str(each.get("src")) for each in page.all("script"))
