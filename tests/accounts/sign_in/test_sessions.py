"""Sessions: where one is signed in, and signing out there at once."""

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


def test_each_place_tells_what_and_where_it_is(dana: User) -> None:
    sign_in(user_agent=FIREFOX, address="198.51.100.4")
    here = sign_in()
    page = here.get(PAGE).content.decode()
    assert "Firefox on Windows" in page
    assert "198.51.100.4" in page
    assert page.count(">Here</span>") == 1
    # Here first, with no button to sign out of it.
    assert page.index("203.0.113.7") < page.index("198.51.100.4")
    assert f'value="{row_of(here).pk}"' not in page
    read(here, PAGE)


def test_signing_out_there_counts_at_once(dana: User) -> None:
    there, here = sign_in(), sign_in()
    answer = here.post(PAGE, {"session": str(row_of(there).pk)}, follow=True)
    assert "You are signed out there." in answer.content.decode()
    assert (is_in(there), is_in(here)) == (False, True)
    assert Session.objects.count() == UserSession.objects.count() == 1


def test_signing_out_everywhere_else_keeps_this_place(dana: User) -> None:
    others, here = [sign_in() for _ in range(3)], sign_in()
    answer = here.post(PAGE, {"session": "others"}, follow=True)
    assert "signed out everywhere else" in answer.content.decode()
    assert [is_in(each) for each in [*others, here]] == [False, False, False, True]
    again = here.post(PAGE, {"session": "others"}, follow=True)
    assert "You were only here." in again.content.decode()


def test_somebody_elses_session_cannot_be_ended(dana: User, charlie_client: Client) -> None:
    browser = sign_in()
    pk = row_of(browser).pk
    assert charlie_client.post(PAGE, {"session": str(pk)}).status_code == 404
    charlie_client.post(PAGE, {"session": "others"})
    assert is_in(browser)


@pytest.mark.parametrize("wrong", ["", "all", "-1", "0", "٣", "9" * 30, "1\x00"])
def test_what_is_no_session_is_not_found(dana: User, wrong: str) -> None:
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
    assert len(sessions.list_places(request=here.get(PAGE).wsgi_request)) == 1
    # The row itself is gone: nothing waits for its next request to find out.
    assert Session.objects.count() == 1


def test_a_session_that_ran_out_is_not_listed_and_is_forgotten(dana: User) -> None:
    old, here = sign_in(), sign_in()
    Session.objects.filter(session_key=old.session.session_key).update(expire_date=timezone.now())
    assert len(sessions.list_places(request=here.get(PAGE).wsgi_request)) == 1
    assert UserSession.objects.count() == 2
    assert sessions.forget_ended() == 1
    assert (Session.objects.count(), UserSession.objects.count()) == (1, 1)
    assert is_in(here)


def test_that_a_session_is_used_is_written_every_ten_minutes(
    dana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = sign_in()
    is_in(browser)
    noted = row_of(browser).last_seen_at
    is_in(browser)
    assert row_of(browser).last_seen_at == noted
    later = time.time() + sessions.SEEN_EVERY_SECONDS
    monkeypatch.setattr(sessions.time, "time", lambda: later)
    browser.get("/dashboard/profile", REMOTE_ADDR="198.51.100.9")
    row = row_of(browser)
    assert row.last_seen_at > noted
    assert row.ip == "198.51.100.9"


def test_between_two_notes_a_request_costs_nothing_more(
    dana: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser = sign_in()
    browser.get("/accounts/inactive/")
    # The session and the person, whom the page's header asks for.
    with django_assert_num_queries(2):
        browser.get("/accounts/inactive/")


def test_a_visitor_costs_no_query_here(
    client: Client, db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.get("/accounts/inactive/")
    with django_assert_num_queries(0):
        client.get("/accounts/inactive/")
    assert not Session.objects.exists()


def test_a_session_from_before_is_listed_once_it_is_used(dana: User, bob_client: Client) -> None:
    assert not UserSession.objects.filter(user__email="bob@example.com").exists()
    assert "Here" in bob_client.get(PAGE).content.decode()


def test_without_an_address_nothing_is_noted_and_nothing_breaks(bob_client: Client) -> None:
    assert bob_client.get("/dashboard/profile", REMOTE_ADDR="").status_code == 200
    assert not UserSession.objects.exists()


def test_the_list_costs_the_same_however_long_it_is(dana: User) -> None:
    browser = sign_in()
    few = count_queries(browser, PAGE)
    for _ in range(5):
        sign_in()
    assert count_queries(browser, PAGE) == few
