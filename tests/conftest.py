"""The cast: Alice owns an organization, Bob is a developer in it, Charlie is a stranger.

Charlie has an organization of his own. Clients are signed in; `api` calls with a key of Alice's
organization, which has no credits until a test asks for `wallet`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client, override_settings
from django.urls import get_resolver
from pytest_django import DjangoDbBlocker

from accounts.models import Organization, User
from accounts.rate_limits.local_leases import leases
from billing.models import Wallet
from generation.engine import thread_pools
from tests import postgres
from tests.cast import PARTS, Cast, OnStage
from vidgo.kernel.ops import readiness

# Fast password hashes, static files served from their source, no real vendor configured.
SETTINGS = {
    "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
    "WHITENOISE_AUTOREFRESH": True,
    **dict.fromkeys(("BFL_API_KEY", "FAL_KEY", "REPLICATE_API_TOKEN"), ""),
}


# Folders whose tests have a target of their own; single modules and tests are marked in place.
MARKED = {
    "sandbox": ("sandbox",),
    "system": ("journeys", "migrations", "processes", "storage"),
}
HERE = Path(__file__).parent
InThreads = Callable[[Callable[[], None]], None]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of those folders; raises `pytest.UsageError` where one is not there."""
    for marker, names in MARKED.items():
        for folder in (HERE / name for name in names):
            if not folder.is_dir():
                raise pytest.UsageError(f"{folder} is gone; say in {__file__} where its tests are")
            for item in items:
                if folder in item.path.parents:
                    item.add_marker(marker)


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


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """Copy this worker's database from one that the workers have migrated once."""
    with django_db_blocker.unblock():
        connection.settings_dict["TEST"]["TEMPLATE"] = postgres.prepare_template() or None


@pytest.fixture(scope="session")
def database_threads(django_db_setup: None) -> Iterator[InThreads]:
    """Run a function in all of the engine's database threads at once, when each has the time.

    They keep their connections from test to test, and close them before the database goes.
    """

    def run(function: Callable[[], None]) -> None:
        together = threading.Barrier(thread_pools.DATABASE_THREADS)

        def call() -> None:
            together.wait(10)
            function()

        for ended in [
            thread_pools._database.submit(call) for _ in range(thread_pools.DATABASE_THREADS)
        ]:
            ended.result(10)

    yield run
    run(connections.close_all)


@pytest.fixture(scope="session", autouse=True)
def _settings_of_tests() -> Iterator[None]:
    """Set once what all tests share; a test's `settings` override it."""
    # Load the URLs before a test changes a setting that decides which URLs there are.
    get_resolver().url_patterns  # noqa: B018
    with override_settings(**SETTINGS):
        yield


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disable the caches that live for a second."""
    monkeypatch.setattr(readiness, "KEPT_SECONDS", 0.0)
    monkeypatch.setattr(readiness._Kept, "until", 0.0)
    leases.forget()


@pytest.fixture(scope="session")
def _cast(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Cast:
    """The cast, built once for this process."""
    with django_db_blocker.unblock():
        return Cast.build()


@pytest.fixture
def on_stage(db: None, _cast: Cast, request: pytest.FixtureRequest) -> OnStage:
    """The database with all of the cast that the test asks for, stored at once."""
    stage = OnStage(_cast)
    stage.bring(name for name in PARTS if name in request.fixturenames)
    return stage


@pytest.fixture
def alice(on_stage: OnStage) -> User:
    return on_stage.get("alice")


@pytest.fixture
def bob(on_stage: OnStage) -> User:
    return on_stage.get("bob")


@pytest.fixture
def charlie(on_stage: OnStage) -> User:
    return on_stage.get("charlie")


@pytest.fixture
def organization(on_stage: OnStage) -> Organization:
    """Alice's organization, in which Bob is a developer."""
    return on_stage.get("organization")


@pytest.fixture
def other_organization(on_stage: OnStage) -> Organization:
    """Charlie's organization."""
    return on_stage.get("other_organization")


@pytest.fixture
def wallet(on_stage: OnStage) -> Wallet:
    """The wallet of Alice's organization, with 1,000 granted credits in it."""
    return on_stage.get("wallet")


@pytest.fixture
def api_key(on_stage: OnStage) -> str:
    """The text of a key of Alice's organization."""
    return on_stage.get("api_key")


@pytest.fixture
def api(api_key: str) -> Api:
    """The API, called with that key."""
    return Api(key=api_key)


@pytest.fixture
def alice_client(on_stage: OnStage) -> Client:
    return on_stage.client("alice_client")


@pytest.fixture
def bob_client(on_stage: OnStage) -> Client:
    return on_stage.client("bob_client")


@pytest.fixture
def charlie_client(on_stage: OnStage) -> Client:
    return on_stage.client("charlie_client")
