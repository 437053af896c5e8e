"""Sessions: where a user is signed in, and signing out there."""

from __future__ import annotations

import time

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.sign_in import sessions
from tests import factories
from tests.reading import count_queries, read

pytestmark = pytest.mark.django_db

EMAIL, PASSWORD = "dana@example.com", "a long enough secret"
PAGE = "/dashboard/profile/sessions"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def dana(db: None) -> User:
    return factories.user(EMAIL, password=PASSWORD)


def sign_in(*, address: str = "203.0.113.7", user_agent: str = "") -> Client:
    browser = Client(REMOTE_ADDR=address, headers={"User-Agent": user_agent})
    answer = browser.post("/accounts/login/", {"login": EMAIL, "password": PASSWORD})
    assert answer.headers["Location"] == "/dashboard"
    return browser


def is_in(browser: Client) -> bool:
    return browser.get("/dashboard/profile").status_code == 200


def row_of(browser: Client) -> UserSession:
    row: UserSession = UserSession.objects.get(session_key=browser.session.session_key)
    return row


def test_each_session_lists_its_browser_and_address(dana: User) -> None:
    sign_in(user_agent=FIREFOX, address="198.51.100.4")
    here = sign_in()
    page = here.get(PAGE).content.decode()
    assert "Firefox on Windows" in page
    assert "198.51.100.4" in page
    assert page.count(">This browser</span>") == 1
    # The current one comes first, without a button to sign out.
    assert page.index("203.0.113.7") < page.index("198.51.100.4")
    assert f'value="{row_of(here).pk}"' not in page
    read(here, PAGE)


def test_signing_out_of_a_session_takes_effect_at_once(dana: User) -> None:
    there, here = sign_in(), sign_in()
    answer = here.post(PAGE, {"session": str(row_of(there).pk)}, follow=True)
    assert "Signed out of that session." in answer.content.decode()
    assert (is_in(there), is_in(here)) == (False, True)
    assert Session.objects.count() == UserSession.objects.count() == 1


def test_signing_out_everywhere_else_keeps_this_session(dana: User) -> None:
    others, here = [sign_in() for _ in range(3)], sign_in()
    answer = here.post(PAGE, {"session": "others"}, follow=True)
    assert "Signed out everywhere else" in answer.content.decode()
    assert [is_in(each) for each in [*others, here]] == [False, False, False, True]
    again = here.post(PAGE, {"session": "others"}, follow=True)
    assert "You are only signed in here." in again.content.decode()


def test_a_session_of_another_user_cannot_be_ended(dana: User, charlie_client: Client) -> None:
    browser = sign_in()
    pk = row_of(browser).pk
    assert charlie_client.post(PAGE, {"session": str(pk)}).status_code == 404
    charlie_client.post(PAGE, {"session": "others"})
    assert is_in(browser)


@pytest.mark.parametrize("wrong", ["", "all", "-1", "0", "٣", "9" * 30, "1\x00"])
def test_an_invalid_session_is_not_found(dana: User, wrong: str) -> None:
    browser = sign_in()
    assert browser.post(PAGE, {"session": wrong}).status_code == 404
    assert is_in(browser)


def test_a_new_password_signs_out_everywhere_else(dana: User) -> None:
    there, here = sign_in(), sign_in()
    new = "another long secret"
    answer = here.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": new, "password2": new},
    )
    assert answer.status_code == 302
    assert (is_in(there), is_in(here)) == (False, True)
    assert len(sessions.list_active(request=here.get(PAGE).wsgi_request)) == 1
    # The session row is deleted at once, not on its next request.
    assert Session.objects.count() == 1


def test_an_expired_session_is_not_listed_and_is_removed(dana: User) -> None:
    old, here = sign_in(), sign_in()
    Session.objects.filter(session_key=old.session.session_key).update(expire_date=timezone.now())
    assert len(sessions.list_active(request=here.get(PAGE).wsgi_request)) == 1
    assert UserSession.objects.count() == 2
    assert sessions.remove_expired() == 1
    assert (Session.objects.count(), UserSession.objects.count()) == (1, 1)
    assert is_in(here)


def test_the_last_use_of_a_session_is_recorded_every_ten_minutes(
    dana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = sign_in()
    is_in(browser)
    recorded = row_of(browser).last_seen_at
    is_in(browser)
    assert row_of(browser).last_seen_at == recorded
    later = time.time() + sessions.SEEN_EVERY_SECONDS
    monkeypatch.setattr(sessions.time, "time", lambda: later)
    browser.get("/dashboard/profile", REMOTE_ADDR="198.51.100.9")
    row = row_of(browser)
    assert row.last_seen_at > recorded
    assert row.ip == "198.51.100.9"


def test_other_requests_of_a_session_take_no_extra_query(
    dana: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser = sign_in()
    browser.get("/accounts/inactive/")
    # The session and the user, whom the page's header displays.
    with django_assert_num_queries(2):
        browser.get("/accounts/inactive/")


def test_a_visitor_takes_no_query(
    client: Client, db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.get("/accounts/inactive/")
    with django_assert_num_queries(0):
        client.get("/accounts/inactive/")
    assert not Session.objects.exists()


def test_an_unrecorded_session_is_listed_once_it_is_used(dana: User, bob_client: Client) -> None:
    assert not UserSession.objects.filter(user__email="bob@example.com").exists()
    assert "This browser" in bob_client.get(PAGE).content.decode()


def test_without_an_address_nothing_is_recorded(bob_client: Client) -> None:
    assert bob_client.get("/dashboard/profile", REMOTE_ADDR="").status_code == 200
    assert not UserSession.objects.exists()


def test_the_list_takes_the_same_queries_however_long_it_is(dana: User) -> None:
    browser = sign_in()
    few = count_queries(browser, PAGE)
    for _ in range(5):
        sign_in()
    assert count_queries(browser, PAGE) == few
