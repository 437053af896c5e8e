"""Guessing: attempts are limited, and responses do not reveal who has an account."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests import factories
from tests.conftest import signed_in

pytestmark = pytest.mark.django_db

SIGN_IN, SIGN_UP = "/accounts/login/", "/accounts/signup/"
RESET, REAUTHENTICATE = "/accounts/password/reset/", "/accounts/reauthenticate/"
PASSWORD, NOBODY = "a long enough secret", "nobody@example.com"
NEW_PASSWORD = "another long enough secret"


@pytest.fixture
def dana(db: None) -> User:
    """Somebody with an account, a password and an organization."""
    user = factories.user("dana@example.com", password=PASSWORD)
    factories.organization(owner=user)
    return user


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each password hash computed from now on, which dominates the time of a sign-in."""
    computed: list[str] = []
    real = MD5PasswordHasher.encode

    def encode(self: MD5PasswordHasher, password: str, salt: str) -> str:
        computed.append(password)
        return str(real(self, password, salt))

    monkeypatch.setattr(MD5PasswordHasher, "encode", encode)
    return computed


def try_password(email: str, password: str, *, address: str = "192.0.2.1") -> Any:
    """Try to sign in from an IP address, in a new browser."""
    return Client(REMOTE_ADDR=address).post(SIGN_IN, {"login": email, "password": password})


def text_of(answer: Any, email: str) -> str:
    """Return the text of a page, without what differs for each request."""
    text = answer.content.decode().replace(email, "…")
    return re.sub(r'(csrfmiddlewaretoken" value=|content=|data-\w+=)"[^"]*"', "", text)


# Limits ------------------------------------------------------------------------------------------


def test_attempts_on_one_account_are_limited_across_ip_addresses(
    dana: User,
) -> None:
    for number in range(5):
        refused = try_password(dana.email, f"guess {number}", address=f"192.0.2.{number}")
        assert "Too many" not in refused.content.decode()
    right = try_password(dana.email, PASSWORD, address="198.51.100.1")
    assert right.status_code == 200
    assert "Too many failed login attempts" in right.content.decode()


def test_another_spelling_of_an_email_address_counts_as_the_same(dana: User) -> None:
    spellings = ("dana@example.com", "DANA@example.com", " dana@example.com ", "Dana@Example.Com")
    for number in range(5):
        try_password(spellings[number % 4], f"guess {number}", address=f"192.0.2.{number}")
    assert "Too many" in try_password(dana.email, PASSWORD).content.decode()


def test_attempts_with_one_password_on_many_accounts_are_limited(dana: User) -> None:
    for number in range(10):
        try_password(f"person{number}@example.com", "Spring2026!")
    assert "Too many" in try_password(dana.email, PASSWORD).content.decode()
    # Users at other IP addresses are not locked out.
    assert try_password(dana.email, PASSWORD, address="198.51.100.1").status_code == 302


def test_a_forged_forwarding_header_does_not_change_the_ip_address(
    dana: User, settings: Settings
) -> None:
    settings.TRUSTED_PROXY_COUNT = settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    for number in range(11):
        answer = Client(REMOTE_ADDR="192.0.2.1").post(
            SIGN_IN,
            {"login": f"person{number}@example.com", "password": "x"},
            headers={"X-Forwarded-For": f"198.51.100.{number}"},
        )
    assert "Too many" in answer.content.decode()


def test_emails_to_one_mailbox_are_limited(dana: User) -> None:
    statuses = [
        Client(REMOTE_ADDR=f"192.0.2.{number}").post(RESET, {"email": dana.email}).status_code
        for number in range(6)
    ]
    assert statuses == [302] * 5 + [429]
    assert len(mail.outbox) == 5


@pytest.mark.parametrize(
    ("path", "form", "tries"),
    [
        (SIGN_UP, {"email": "x", "password1": "x"}, 20),
        (RESET, {"email": "person{number}@example.com"}, 20),
        ("/accounts/password/reset/key/1-nonsense/", {"password1": "x"}, 20),
        ("/accounts/2fa/webauthn/login/", {"credential": "{}"}, 10),
    ],
)
def test_requests_from_one_ip_address_are_limited(
    db: None, path: str, form: dict[str, str], tries: int
) -> None:
    statuses = []
    for number in range(tries + 1):
        sent = {name: value.replace("{number}", str(number)) for name, value in form.items()}
        statuses.append(Client(REMOTE_ADDR="192.0.2.1").post(path, sent).status_code)
    assert 429 not in statuses[:-1]
    assert statuses[-1] == 429


def test_password_attempts_in_a_signed_in_browser_are_limited(dana: User) -> None:
    browser = signed_in(dana)
    statuses = [
        browser.post(REAUTHENTICATE, {"password": f"guess {number}"}).status_code
        for number in range(11)
    ]
    assert statuses == [200] * 10 + [429]
    refused = [
        browser.post(
            "/accounts/password/change/",
            {"oldpassword": "guess", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
        ).status_code
        for _ in range(6)
    ]
    assert refused[-1] == 429
    dana.refresh_from_db()
    assert dana.check_password(PASSWORD)


# Enumeration -------------------------------------------------------------------------------------


def test_sign_in_does_not_reveal_who_has_an_account(dana: User, hashes: list[str]) -> None:
    answers, costs = [], []
    for email in (dana.email, NOBODY):
        hashes.clear()
        answers.append(try_password(email, "a wrong secret"))
        costs.append(len(hashes))
    assert answers[0].status_code == answers[1].status_code == 200
    assert text_of(answers[0], dana.email) == text_of(answers[1], NOBODY)
    assert answers[0].cookies.keys() == answers[1].cookies.keys()
    # The same work for both: a hash is nearly all of the time that an answer takes.
    assert costs == [1, 1]


def test_a_deactivated_account_looks_like_none(dana: User) -> None:
    User.objects.filter(pk=dana.pk).update(is_active=False)
    answer = try_password(dana.email, "a wrong secret")
    assert text_of(answer, dana.email) == text_of(try_password(NOBODY, "x"), NOBODY)


def test_a_lockout_does_not_reveal_who_has_an_account(dana: User) -> None:
    texts = []
    for number, email in enumerate((dana.email, NOBODY)):
        for guess in range(6):
            answer = try_password(email, "wrong", address=f"192.0.{number}.{guess}")
        texts.append(text_of(answer, email))
    assert "Too many" in texts[0]
    assert texts[0] == texts[1]


def test_a_password_reset_looks_the_same_with_and_without_an_account(dana: User) -> None:
    answers = []
    for email in (dana.email, NOBODY):
        began = len(mail.outbox)
        first = Client().post(RESET, {"email": email})
        sent = len(mail.outbox) - began
        page = text_of(Client().get(first.headers["Location"]), email)
        answers.append((first.status_code, first.headers["Location"], sent, page))
    assert answers[0] == answers[1]
    assert answers[0][2] == 1


def test_sign_up_reveals_an_account_and_nothing_else(dana: User) -> None:
    """A known limit: a new account gets its first key at once, which an existing one cannot."""
    known = Client().post(SIGN_UP, {"email": dana.email, "password1": NEW_PASSWORD})
    assert known.status_code == 200
    assert "_auth_user_id" not in known.wsgi_request.session
    assert "already" in known.content.decode()
    for word in ("dana's organization", "Acme", "owner"):
        assert word not in known.content.decode()
    dana.refresh_from_db()
    assert dana.check_password(PASSWORD)


def test_sign_in_ends_the_previous_session(dana: User, settings: Settings) -> None:
    """An attacker cannot make a user sign in to a session that the attacker knows."""
    browser = Client()
    planted = browser.session
    planted.save()
    assert planted.session_key is not None
    assert browser.cookies[settings.SESSION_COOKIE_NAME].value == planted.session_key
    answer = browser.post(SIGN_IN, {"login": dana.email, "password": PASSWORD})
    assert answer.status_code == 302
    assert browser.cookies[settings.SESSION_COOKIE_NAME].value != planted.session_key
    assert not planted.exists(planted.session_key)


def test_a_long_password_is_hashed_once_like_any_other(dana: User, hashes: list[str]) -> None:
    """What that costs is measured by `make bench`, beside a password of a usual length."""
    answer = try_password(dana.email, "x" * 900_000)
    assert answer.status_code == 200
    assert len(hashes) == 1
