"""The account: a new address must be confirmed, a new password needs the old one."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client

from accounts.models import User
from tests import factories
from tests.accounts.sign_in.authenticators import confirm
from tests.reading import check, read

pytestmark = pytest.mark.django_db

OLD, NEW, PASSWORD = "dana@example.com", "new@example.com", "a long enough secret"
PAGE = "/accounts/email/"


@pytest.fixture
def dana(db: None) -> User:
    user = factories.user(OLD, password=PASSWORD)
    EmailAddress.objects.create(user=user, email=OLD, primary=True, verified=True)
    return user


@pytest.fixture
def browser(dana: User) -> Client:
    """A browser in which Dana is signed in and has just entered the password again."""
    client = Client()
    client.post("/accounts/login/", {"login": OLD, "password": PASSWORD})
    confirm(client, PASSWORD)
    mail.outbox.clear()
    return client


def ask(browser: Client, address: str = NEW) -> str:
    """Ask to change the address; return the path of the link in the e-mail."""
    answer = browser.post(PAGE, {"email": address, "action_add": "1"})
    assert answer.status_code == 302, answer.content.decode()
    (message,) = (each for each in mail.outbox if each.to == [address])
    (link,) = re.findall(r"http\S+/accounts/confirm-email/\S+", str(message.body))
    return urlsplit(link).path


def email_of(dana: User) -> str:
    dana.refresh_from_db()
    return dana.email


def test_the_address_changes_when_the_new_one_is_confirmed(browser: Client, dana: User) -> None:
    path = ask(browser)
    assert email_of(dana) == OLD
    waiting = browser.get(PAGE)
    check(waiting)
    assert NEW in waiting.content.decode()
    assert Client().login(email=OLD, password=PASSWORD)

    browser.post(path)
    assert email_of(dana) == NEW
    assert list(EmailAddress.objects.values_list("email", "verified")) == [(NEW, True)]
    assert Client().login(email=NEW, password=PASSWORD)
    assert not Client().login(email=OLD, password=PASSWORD)


def test_the_old_address_is_notified_of_the_change(browser: Client) -> None:
    browser.post(ask(browser))
    assert [OLD] in [message.to for message in mail.outbox]


def test_a_change_can_be_canceled(browser: Client, dana: User) -> None:
    path = ask(browser)
    browser.post(PAGE, {"email": NEW, "action_remove": "1"})
    assert list(EmailAddress.objects.values_list("email", flat=True)) == [OLD]
    browser.post(path)
    assert email_of(dana) == OLD


def test_changing_the_address_requires_the_password(dana: User) -> None:
    client = Client()
    client.post("/accounts/login/", {"login": OLD, "password": PASSWORD})
    mail.outbox.clear()
    asked = client.post(PAGE, {"email": NEW, "action_add": "1"})
    assert asked.headers["Location"].startswith("/accounts/reauthenticate/")
    assert mail.outbox == []
    assert EmailAddress.objects.count() == 1


def test_the_address_can_be_changed_with_a_second_factor_on(browser: Client, dana: User) -> None:
    Authenticator.objects.create(user=dana, type="webauthn", data={"name": "Phone"})
    browser.post(ask(browser))
    assert email_of(dana) == NEW


def test_an_address_of_another_account_is_never_taken_over(
    browser: Client, dana: User, alice: User
) -> None:
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)
    browser.post(PAGE, {"email": alice.email, "action_add": "1"})
    assert email_of(dana) == OLD
    for message in mail.outbox:
        for link in re.findall(r"http\S+/accounts/confirm-email/\S+", str(message.body)):
            browser.post(urlsplit(link).path)
    assert email_of(dana) == OLD
    assert EmailAddress.objects.get(email=alice.email, verified=True).user == alice


@pytest.mark.parametrize("wrong", ["", "no address", OLD])
def test_an_invalid_address_is_reported_at_the_field(
    browser: Client, dana: User, wrong: str
) -> None:
    answer = browser.post(PAGE, {"email": wrong, "action_add": "1"})
    check(answer)
    assert "field__error" in answer.content.decode()
    assert email_of(dana) == OLD


def test_a_new_password_is_notified_by_e_mail(browser: Client) -> None:
    new = "another long secret"
    page = "/accounts/password/change/"
    read(browser, page)
    refused = browser.post(page, {"oldpassword": "wrong", "password1": new, "password2": new})
    check(refused)
    assert mail.outbox == []
    browser.post(page, {"oldpassword": PASSWORD, "password1": new, "password2": new})
    (message,) = mail.outbox
    assert message.to == [OLD]
    assert "password" in message.subject.lower()
