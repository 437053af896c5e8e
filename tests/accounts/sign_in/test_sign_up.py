"""Signing up, confirming the address, and resetting the password, as a user does it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.api_keys import keys
from accounts.models import ApiKey, Membership, Organization, User
from tests import factories
from tests.conftest import Api

pytestmark = pytest.mark.django_db

DANA = {"email": "Dana@Example.com", "password1": "a long enough secret"}
PLAINTEXT = re.compile(rf"(?<![\w]){keys.PATTERN.pattern}(?![\w])")


@pytest.fixture
def signed_up(client: Client) -> Client:
    """A browser in which Dana has just signed up."""
    answer = client.post(reverse("account_signup"), DANA)
    assert answer.status_code == 302, answer.content.decode()
    return client


def link_in(message: mail.EmailMessage) -> str:
    """Return the path of the only account link in an e-mail."""
    (link,) = re.findall(r"^http\S+/accounts/\S+$", str(message.body), flags=re.MULTILINE)
    return urlsplit(link).path


def errors_in(answer: Any) -> str:
    text = answer.content.decode()
    return " ".join(re.findall(r'class="(?:field__error|flash flash--error).*?</div>', text, re.S))


def test_signing_up_creates_a_user_who_owns_an_organization(client: Client) -> None:
    answer = client.post(reverse("account_signup"), DANA)
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("dashboard"))
    membership = Membership.objects.select_related("organization", "user").get()
    assert membership.user.email == "dana@example.com"
    assert (membership.role, membership.organization.name) == ("owner", "dana's organization")
    assert client.get(reverse("dashboard")).status_code == 200


def test_user_organization_and_membership_are_stored_together_or_not_at_all(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        assert Organization.objects.exists()
        raise RuntimeError("the database went away")

    monkeypatch.setattr(Membership.objects, "create", fail)
    client.raise_request_exception = False
    assert client.post(reverse("account_signup"), DANA).status_code == 500
    assert not User.objects.exists()
    assert not Organization.objects.exists()


def test_the_first_key_is_on_the_first_page_once_and_needs_no_confirmed_address(
    signed_up: Client,
) -> None:
    assert not ApiKey.objects.exists()
    page = signed_up.get(reverse("dashboard"))
    text = page.content.decode()
    (plaintext,) = {found.group() for found in PLAINTEXT.finditer(text)}
    assert f'-H "Authorization: Bearer {plaintext}"' in text
    assert "no-store" in page.headers["Cache-Control"]
    assert not EmailAddress.objects.get().verified
    # Known to the API: an unknown task is 404, an unknown key would be 401.
    assert Api(key=plaintext).get("/api/generate/status/task_none").status_code == 404

    later = signed_up.get(reverse("dashboard")).content.decode()
    assert not PLAINTEXT.search(later)
    assert ApiKey.objects.get().name == "First key"


def test_a_head_request_or_another_page_does_not_use_up_the_first_key(signed_up: Client) -> None:
    signed_up.head(reverse("dashboard"))
    signed_up.get(reverse("jobs"))
    assert not ApiKey.objects.exists()
    assert PLAINTEXT.search(signed_up.get(reverse("dashboard")).content.decode())


def test_a_user_who_created_a_key_gets_no_first_key(signed_up: Client) -> None:
    signed_up.post(reverse("api_keys"), {"name": "Mine"})
    assert not PLAINTEXT.search(signed_up.get(reverse("dashboard")).content.decode())
    assert ApiKey.objects.count() == 1


def test_a_later_sign_in_gets_no_first_key(signed_up: Client) -> None:
    other = Client()
    other.post(
        reverse("account_login"), {"login": "dana@example.com", "password": DANA["password1"]}
    )
    assert other.get(reverse("dashboard")).status_code == 200
    assert not ApiKey.objects.exists()


def test_a_new_key_is_displayed_once_and_stored_nowhere(signed_up: Client) -> None:
    answer = signed_up.post(reverse("api_keys"), {"name": "Server", "lifetime_days": "30"})
    found = PLAINTEXT.search(answer.content.decode())
    assert found
    assert "no-store" in answer.headers["Cache-Control"]
    assert f'-H "Authorization: Bearer {found.group()}"' in answer.content.decode()
    later = signed_up.get(reverse("api_keys")).content.decode()
    assert ApiKey.objects.get().display in later
    assert found["secret"] not in later
    assert found.group() not in str(dict(signed_up.session))


def test_the_address_is_confirmed_by_a_button_not_by_opening_the_link(signed_up: Client) -> None:
    (message,) = mail.outbox
    assert message.subject == "Confirm your e-mail address for Vidgo"
    assert message.to == ["dana@example.com"]
    assert str(message.body).startswith("Welcome to Vidgo.")
    path = link_in(message)
    # Mail scanners open links; that must not confirm anything.
    assert "Yes, confirm it" in signed_up.get(path).content.decode()
    assert not EmailAddress.objects.get().verified
    assert signed_up.post(path).status_code == 302
    assert EmailAddress.objects.get().verified
    assert "no longer works" in signed_up.get("/accounts/confirm-email/none/").content.decode()


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"password1": "short"}, "too short"),
        ({"password1": "password1234"}, "too common"),
        ({"email": "not an address"}, "valid email"),
        ({"email": ""}, "required"),
    ],
)
def test_a_mistake_in_the_form_is_reported_at_its_field(
    client: Client, changed: dict[str, str], complaint: str
) -> None:
    answer = client.post(reverse("account_signup"), {**DANA, **changed})
    assert answer.status_code == 200
    assert complaint in errors_in(answer)
    assert not User.objects.exists()


def test_an_address_signs_up_once_whatever_its_case(client: Client, signed_up: Client) -> None:
    Client().post(reverse("account_signup"), {**DANA, "email": "DANA@example.COM"})
    assert User.objects.count() == Organization.objects.count() == 1


def test_signing_in_and_out(db: None) -> None:
    factories.user("dana@example.com", password=DANA["password1"])
    browser = Client()
    refused = browser.post(reverse("account_login"), {"login": DANA["email"], "password": "wrong"})
    assert "not correct" in errors_in(refused)
    secret = {"login": DANA["email"], "password": DANA["password1"]}
    answer = browser.post(reverse("account_login"), secret)
    assert answer.headers["Location"] == reverse("dashboard")
    # A GET only asks, so that no link on another site can sign the user out.
    assert "Sign out?" in browser.get(reverse("account_logout")).content.decode()
    assert browser.get(reverse("dashboard")).status_code == 200
    assert browser.post(reverse("account_logout")).headers["Location"] == reverse("home")
    assert browser.get(reverse("dashboard")).status_code == 302


def test_signing_in_returns_to_the_requested_page(db: None) -> None:
    factories.user("dana@example.com", password=DANA["password1"])
    browser = Client()
    asked = browser.get(reverse("api_keys")).headers["Location"]
    assert asked == f"{reverse('account_login')}?next={reverse('api_keys')}"
    assert f'name="next" value="{reverse("api_keys")}"' in browser.get(asked).content.decode()


def test_a_forgotten_password_is_reset_by_e_mail(db: None) -> None:
    factories.user("dana@example.com", password=DANA["password1"])
    browser = Client()
    sent = browser.post(reverse("account_reset_password"), {"email": "dana@example.com"})
    assert sent.headers["Location"] == reverse("account_reset_password_done")
    (message,) = mail.outbox
    assert message.subject == "Reset your password for Vidgo"
    form = browser.get(link_in(message), follow=True)
    assert "Choose a new password" in form.content.decode()
    new = {"password1": "another long secret", "password2": "another long secret"}
    done = browser.post(form.redirect_chain[-1][0], new, follow=True)
    assert "Your password was changed" in done.content.decode()
    assert not Client().login(email="dana@example.com", password=DANA["password1"])
    assert Client().login(email="dana@example.com", password=new["password1"])
    used = Client().get(link_in(message), follow=True)
    assert "no longer works" in used.content.decode()


def test_asking_for_a_reset_does_not_reveal_who_has_an_account(alice: User) -> None:
    answers = [
        Client().post(reverse("account_reset_password"), {"email": address})
        for address in (alice.email, "nobody@example.com")
    ]
    assert [(each.status_code, each.headers["Location"]) for each in answers] == [
        (302, reverse("account_reset_password_done"))
    ] * 2
    assert mail.outbox[1].subject == "There is no Vidgo account with this address"


def test_changing_the_password_needs_the_old_one(signed_up: Client) -> None:
    new = {"password1": "another long secret", "password2": "another long secret"}
    page = reverse("account_change_password")
    refused = signed_up.post(page, {**new, "oldpassword": "a wrong secret"})
    assert "current password" in errors_in(refused)
    assert signed_up.post(page, {**new, "oldpassword": DANA["password1"]}).status_code == 302
    assert Client().login(email="dana@example.com", password=new["password1"])
