"""The cast: Alice owns an organization, Bob is a developer in it, Charlie is a stranger.

Charlie has an organization of his own. Clients are signed in; `api` calls with a key of Alice's
organization, which has no credits until a test asks for `wallet`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import Organization, Role, User
from accounts.rate_allowances import allowances
from billing.models import Wallet
from tests import factories
from vidgo import health

FUNDS_CREDITS = 1000


@dataclass
class Api:
    """A client of the API that sends a key, and JSON."""

    key: str
    client: Client = field(default_factory=Client)

    def get(self, path: str, **options: Any) -> Any:
        """Send a GET and return the response."""
        return self.client.get(path, headers=self._headers(options), **options)

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        """Send a POST with a JSON body and return the response."""
        return self.client.post(
            path,
            data=body,
            content_type=options.pop("content_type", "application/json"),
            headers=self._headers(options),
            **options,
        )

    def _headers(self, options: dict[str, Any]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}", **options.pop("headers", {})}


def signed_in(user: User) -> Client:
    """Return a browser in which the user has signed in."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture(autouse=True)
def _settings_of_tests(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords in no time, serve static files from where they lie, know no real vendor.

    What is kept for a second in life is asked each time.
    """
    monkeypatch.setattr(health, "KEPT_SECONDS", 0.0)
    monkeypatch.setattr(health._Kept, "until", 0.0)
    allowances.forget()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.WHITENOISE_AUTOREFRESH = True
    settings.BFL_API_KEY = settings.FAL_KEY = settings.REPLICATE_API_TOKEN = ""


@pytest.fixture
def alice(db: None) -> User:
    return factories.user("alice@example.com")


@pytest.fixture
def bob(db: None) -> User:
    return factories.user("bob@example.com")


@pytest.fixture
def charlie(db: None) -> User:
    return factories.user("charlie@example.com")


@pytest.fixture
def organization(alice: User, bob: User) -> Organization:
    """Alice's organization, in which Bob is a developer."""
    organization = factories.organization(owner=alice, name="Acme")
    factories.member(organization=organization, user=bob, role=Role.DEVELOPER)
    return organization


@pytest.fixture
def other_organization(charlie: User) -> Organization:
    """Charlie's organization."""
    return factories.organization(owner=charlie, name="Other")


@pytest.fixture
def wallet(organization: Organization) -> Wallet:
    """The wallet of Alice's organization, with 1,000 granted credits in it."""
    factories.credits(organization=organization, amount=FUNDS_CREDITS)
    return Wallet.objects.get(organization=organization)


@pytest.fixture
def api_key(organization: Organization) -> str:
    """The text of a key of Alice's organization."""
    return factories.api_key(organization=organization).plaintext


@pytest.fixture
def api(api_key: str) -> Api:
    """The API, called with that key."""
    return Api(key=api_key)


@pytest.fixture
def alice_client(alice: User, organization: Organization) -> Client:
    return signed_in(alice)


@pytest.fixture
def bob_client(bob: User, organization: Organization) -> Client:
    return signed_in(bob)


@pytest.fixture
def charlie_client(charlie: User, other_organization: Organization) -> Client:
    return signed_in(charlie)
