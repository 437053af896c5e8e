"""Second factors: app codes, recovery codes and passkeys, as a user uses them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core import mail
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.sign_in import second_factors
from tests import factories
from tests.accounts.sign_in.authenticators import Device, code_of, confirm, options_in
from tests.reading import check, read
from vidgo.kernel.db import sealing

pytestmark = pytest.mark.django_db

EMAIL, PASSWORD = "dana@example.com", "a long enough secret"
APP, PASSKEY = "/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/"
FACTOR = "/accounts/2fa/authenticate/"


@pytest.fixture
def dana(db: None) -> User:
    user = factories.user(EMAIL, password=PASSWORD)
    EmailAddress.objects.create(user=user, email=EMAIL, primary=True, verified=True)
    return user


def sign_in() -> tuple[Client, Any]:
    """Sign in with address and password in a new browser; return it with the response."""
    browser = Client()
    return browser, browser.post("/accounts/login/", {"login": EMAIL, "password": PASSWORD})


def is_in(browser: Client) -> bool:
    return browser.get("/dashboard/profile").status_code == 200


@pytest.fixture
def browser(dana: User) -> Client:
    """A browser in which Dana is signed in and has just entered the password again."""
    client, _ = sign_in()
    confirm(client, PASSWORD)
    return client


@pytest.fixture
def _commits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run `on_commit` callbacks at once, as a test's transaction never commits.

    pytest-django would run them after the request, which the e-mails quote.
    """
    monkeypatch.setattr(transaction, "on_commit", lambda do, **options: do())


@pytest.fixture
def secret(browser: Client, _commits: None) -> str:
    """The secret of Dana's app, which is set up."""
    read(browser, APP)
    found: str = browser.session["mfa.totp.secret"]
    answer = browser.post(APP, {"code": code_of(found, steps=-1)})
    assert answer.headers["Location"] == "/accounts/2fa/recovery-codes/"
    return found


@pytest.fixture
def device(browser: Client) -> Device:
    """Dana's phone, with a passkey that signs in without a password."""
    phone = Device()
    options = options_in(browser.get(PASSKEY))
    answer = browser.post(
        PASSKEY, {"name": "Phone", "passwordless": "on", "credential": phone.create(options)}
    )
    assert answer.status_code == 302, answer.content.decode()
    return phone


def recovery_codes(dana: User) -> list[str]:
    row = Authenticator.objects.get(user=dana, type="recovery_codes")
    codes: list[str] = row.wrap().get_unused_codes()
    return codes


# App codes.


def test_with_an_app_the_password_alone_does_not_sign_in(secret: str) -> None:
    browser, answer = sign_in()
    assert answer.headers["Location"] == FACTOR
    assert not is_in(browser)
    page = read(browser, FACTOR)
    assert page.all("input", name="code")[0]["autocomplete"] == "one-time-code"
    assert browser.post(FACTOR, {"code": code_of(secret)}).status_code == 302
    assert is_in(browser)


def test_a_wrong_code_is_reported_at_the_field(secret: str) -> None:
    browser, _ = sign_in()
    answer = browser.post(FACTOR, {"code": "000000"})
    check(answer)
    assert "This code is wrong" in answer.content.decode()
    assert not is_in(browser)


def test_a_code_works_once(secret: str) -> None:
    code = code_of(secret)
    first, _ = sign_in()
    first.post(FACTOR, {"code": code})
    second, _ = sign_in()
    second.post(FACTOR, {"code": code})
    assert (is_in(first), is_in(second)) == (True, False)


def test_guessing_codes_is_limited(secret: str) -> None:
    browser, _ = sign_in()
    for guess in range(5):
        browser.post(FACTOR, {"code": f"{guess:06}"})
    answer = browser.post(FACTOR, {"code": code_of(secret)})
    assert "Too many failed login attempts" in answer.content.decode()
    assert not is_in(browser)


def test_a_wrong_code_turns_nothing_on(browser: Client) -> None:
    read(browser, APP)
    answer = browser.post(APP, {"code": "000000"})
    check(answer)
    assert "This code is wrong" in answer.content.decode()
    assert not Authenticator.objects.exists()
    # The secret stays, or the QR code scanned a moment ago would never work.
    secret = browser.session["mfa.totp.secret"]
    assert secret in answer.content.decode()


def test_setting_up_an_app_sends_an_e_mail_and_shows_recovery_codes(
    browser: Client, secret: str, dana: User
) -> None:
    (message,) = mail.outbox
    assert message.to == [EMAIL]
    assert "authenticator app was added" in message.subject
    page = browser.get("/accounts/2fa/recovery-codes/")
    check(page)
    for code in recovery_codes(dana):
        assert code in page.content.decode()
    saved = browser.get("/accounts/2fa/recovery-codes/download/")
    assert saved.content.decode().split() == recovery_codes(dana)
    assert "no-store" in saved.headers["Cache-Control"]


def test_without_the_app_the_password_alone_signs_in(browser: Client, secret: str) -> None:
    page = "/accounts/2fa/totp/deactivate/"
    assert read(browser, page).all("form", method="post")
    mail.outbox.clear()
    assert browser.post(page).headers["Location"] == "/accounts/2fa/"
    assert not Authenticator.objects.exists()
    assert "authenticator app was removed" in mail.outbox[0].subject
    again, _ = sign_in()
    assert is_in(again)


# Recovery codes.


def test_a_recovery_code_works_once(secret: str, dana: User) -> None:
    code = recovery_codes(dana)[3]
    first, _ = sign_in()
    first.post(FACTOR, {"code": code})
    assert is_in(first)
    second, _ = sign_in()
    refused = second.post(FACTOR, {"code": code})
    assert "has already been used" in refused.content.decode()
    assert not is_in(second)
    assert code not in recovery_codes(dana)
    assert second_factors.factors_of(user=dana).codes_left == 9


def test_new_recovery_codes_end_the_old_ones(browser: Client, secret: str, dana: User) -> None:
    old = recovery_codes(dana)
    page = "/accounts/2fa/recovery-codes/generate/"
    assert "10 unused codes will stop working" in browser.get(page).content.decode()
    mail.outbox.clear()
    browser.post(page)
    assert not set(old) & set(recovery_codes(dana))
    assert len(mail.outbox) == 1
    later, _ = sign_in()
    later.post(FACTOR, {"code": old[0]})
    assert not is_in(later)


# Passkeys, through django-allauth's own verification.


def test_a_passkey_signs_in_without_a_password(device: Device, dana: User) -> None:
    browser = Client()
    address = "/accounts/2fa/webauthn/login/"
    asked = browser.get(address, headers={"Accept": "application/json"}).json()
    credential = device.get(asked["request_options"]["publicKey"])
    answer = browser.post(address, {"credential": credential})
    assert answer.headers["Location"] == "/dashboard"
    assert is_in(browser)
    assert Authenticator.objects.get(user=dana, type="webauthn").last_used_at is not None


def test_a_passkey_is_a_second_factor_after_the_password(device: Device) -> None:
    browser, answer = sign_in()
    assert answer.headers["Location"] == FACTOR
    options = options_in(browser.get(FACTOR))
    assert browser.post(FACTOR, {"credential": device.get(options)}).status_code == 302
    assert is_in(browser)


def test_a_passkeys_response_is_valid_for_one_challenge(device: Device) -> None:
    browser, _ = sign_in()
    response = device.get(options_in(browser.get(FACTOR)))
    again, _ = sign_in()
    again.get(FACTOR)
    assert again.post(FACTOR, {"credential": response}).status_code == 200
    assert not is_in(again)


@pytest.mark.parametrize("spoil", ["key", "id"])
def test_another_device_does_not_sign_in(device: Device, spoil: str) -> None:
    other = Device(user_handle=device.user_handle)
    if spoil == "key":
        other.credential_id = device.credential_id
    browser, _ = sign_in()
    answer = browser.post(FACTOR, {"credential": other.get(options_in(browser.get(FACTOR)))})
    assert answer.status_code == 200
    check(answer)
    assert not is_in(browser)


MALFORMED = ["", "{}", "[]", "null", "x", '{"id": 1}', '{"id": "AA", "rawId": "AA"}']
MALFORMED += ['{"id": "AA", "rawId": "AA", "type": "public-key", "response": "x"}']
MALFORMED += [
    json.dumps(
        {
            "id": "AA",
            "rawId": "AA",
            "type": "public-key",
            "clientExtensionResults": {},
            "response": dict.fromkeys(("clientDataJSON", each, "signature", "userHandle"), "AA"),
        }
    )
    for each in ("attestationObject", "authenticatorData")
]


@pytest.mark.parametrize("malformed", MALFORMED)
def test_malformed_input_does_not_sign_in(device: Device, malformed: str) -> None:
    browser = Client()
    address = "/accounts/2fa/webauthn/login/"
    browser.get(address, headers={"Accept": "application/json"})
    assert (
        browser.post(address, {"credential": malformed}).headers["Location"] == "/accounts/login/"
    )
    second, _ = sign_in()
    second.get(FACTOR)
    assert second.post(FACTOR, {"credential": malformed}).status_code == 200
    assert not is_in(browser)
    assert not is_in(second)


@pytest.mark.parametrize("malformed", MALFORMED)
def test_malformed_input_adds_no_passkey(browser: Client, malformed: str) -> None:
    browser.get(PASSKEY)
    answer = browser.post(PASSKEY, {"name": "x", "credential": malformed})
    assert answer.status_code == 200
    check(answer)
    assert not Authenticator.objects.exists()


def test_a_foreign_challenge_adds_no_passkey(browser: Client) -> None:
    options = options_in(browser.get(PASSKEY))
    options["challenge"] = "bm90IGdpdmVu"
    answer = browser.post(PASSKEY, {"name": "x", "credential": Device().create(options)})
    assert "This code is wrong" in answer.content.decode()
    assert not Authenticator.objects.exists()


def test_in_production_a_passkey_of_another_site_is_refused(
    browser: Client, settings: Settings
) -> None:
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = False
    device = Device(origin="https://evil.example")
    answer = browser.post(
        PASSKEY, {"name": "x", "credential": device.create(options_in(browser.get(PASSKEY)))}
    )
    assert answer.status_code == 200
    assert not Authenticator.objects.exists()


def test_a_passkey_is_renamed_and_removed(
    browser: Client, device: Device, dana: User, charlie_client: Client
) -> None:
    row = Authenticator.objects.get(user=dana, type="webauthn")
    edit, remove = (f"/accounts/2fa/webauthn/keys/{row.pk}/{verb}/" for verb in ("edit", "remove"))
    read(browser, edit)
    browser.post(edit, {"name": "Old phone"})
    assert "Old phone" in browser.get("/dashboard/profile").content.decode()
    read(browser, remove)
    for address in (edit, remove):
        assert charlie_client.post(address, {"name": "x"}).status_code in (302, 404)
    assert Authenticator.objects.filter(pk=row.pk).exists()
    assert browser.post(remove).status_code == 302
    assert not Authenticator.objects.exists()


# Adding a factor.


@pytest.mark.parametrize("page", [APP, PASSKEY])
def test_adding_a_factor_requires_the_password(dana: User, page: str) -> None:
    browser, _ = sign_in()
    asked = browser.get(page)
    assert asked.headers["Location"].startswith("/accounts/reauthenticate/?next=")
    read(browser, asked.headers["Location"])
    wrong = browser.post("/accounts/reauthenticate/", {"password": "wrong"})
    assert wrong.status_code == 200
    assert browser.get(page).status_code == 302
    confirm(browser, PASSWORD)
    assert browser.get(page).status_code == 200


@pytest.mark.parametrize("page", [APP, PASSKEY])
def test_adding_a_factor_requires_a_confirmed_address(
    browser: Client, dana: User, page: str
) -> None:
    EmailAddress.objects.update(verified=False)
    for answer in (browser.get(page, follow=True), browser.post(page, {"code": "1"}, follow=True)):
        assert answer.redirect_chain == [("/accounts/email/", 302)]
        assert "Confirm your e-mail address first." in answer.content.decode()
    assert not Authenticator.objects.exists()


def test_a_second_factor_reauthenticates_like_the_password(
    browser: Client, secret: str, device: Device
) -> None:
    later, _ = sign_in()
    later.post(FACTOR, {"code": code_of(secret)})
    ways = read(later, "/accounts/reauthenticate/").links
    assert {"/accounts/2fa/reauthenticate/", "/accounts/2fa/webauthn/reauthenticate/"} <= set(ways)
    read(later, "/accounts/2fa/reauthenticate/")
    options = options_in(later.get("/accounts/2fa/webauthn/reauthenticate/"))
    later.post("/accounts/2fa/webauthn/reauthenticate/", {"credential": device.get(options)})
    assert later.get(PASSKEY).status_code == 200


# At rest.


def test_secrets_are_encrypted_at_rest(secret: str, dana: User) -> None:
    codes = recovery_codes(dana)
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored
    assert not [code for code in codes if code in stored]


def test_secrets_of_a_former_secret_key_are_readable_and_re_encrypted(
    secret: str, dana: User, settings: Settings
) -> None:
    codes = recovery_codes(dana)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "n" * 60
    assert recovery_codes(dana) == codes
    assert (second_factors.reseal(), second_factors.reseal()) == (2, 0)
    settings.SECRET_KEY_FALLBACKS = []
    assert recovery_codes(dana) == codes


def test_unreadable_secrets_are_left_alone(secret: str, dana: User, settings: Settings) -> None:
    settings.SECRET_KEY = "x" * 60
    assert second_factors.reseal() == 0
    with pytest.raises(sealing.Unreadable):
        recovery_codes(dana)
    assert Authenticator.objects.count() == 2
