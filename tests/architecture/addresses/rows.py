"""What a row of the matrix of addresses is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.test import Client

from accounts.models import ApiKey, Organization
from billing.models import TopUp
from generation.models import Callback, Job, Upload

SIGN_IN = "302 sign in"
HOME = "302 home"


@dataclass
class World:
    """Alice's organization with one of everything, and who comes to look."""

    organization: Organization
    edit: Job
    upload: Upload
    top_up: TopUp
    api_key: ApiKey
    callback: Callback
    browsers: dict[str, Client]
    keys: dict[str, str]


@dataclass(frozen=True)
class Row:
    """What the four get for one method of one address."""

    anonymous: int | str
    charlie: int | str
    bob: int | str
    alice: int | str
    method: str = "get"
    # From the world to the address, and to what a POST carries.
    path: Callable[[World], str] | None = None
    body: Callable[[World], Any] = lambda world: {}
    api: bool = False
    json: bool = True

    def expected(self, who: str) -> int | str:
        """Return what one of the four gets."""
        return {
            "anonymous": self.anonymous,
            "charlie": self.charlie,
            "bob": self.bob,
            "alice": self.alice,
        }[who]


def everybody(status: int, **values: Any) -> Row:
    """Return a row for what is public."""
    return Row(status, status, status, status, **values)


def members(status: int = 200, **values: Any) -> Row:
    """Return a row for a page about one's own organization, whichever that is."""
    return Row(SIGN_IN, status, status, status, **values)


def ours(status: int = 200, **values: Any) -> Row:
    """Return a row for an object of Alice's organization."""
    return Row(SIGN_IN, 404, status, status, **values)


def payers(status: int = 200, **values: Any) -> Row:
    """Return a row for a page about one's own money, which a developer may not touch."""
    return Row(SIGN_IN, status, 403, status, **values)


def keyed(status: int = 200, **values: Any) -> Row:
    """Return a row for a call that needs any key."""
    return Row(401, status, status, status, api=True, **values)
