"""The rows of the matrix of URLs and users."""

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
    """Alice's organization with one of everything, and the users who visit."""

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
    """What each of the four users gets for one method of one URL."""

    anonymous: int | str
    charlie: int | str
    bob: int | str
    alice: int | str
    method: str = "get"
    # Return the URL and the body of a POST.
    path: Callable[[World], str] | None = None
    body: Callable[[World], Any] = lambda world: {}
    api: bool = False
    json: bool = True

    def expected(self, who: str) -> int | str:
        """Return what a user gets."""
        return {
            "anonymous": self.anonymous,
            "charlie": self.charlie,
            "bob": self.bob,
            "alice": self.alice,
        }[who]


def everybody(status: int, **values: Any) -> Row:
    """Return a row for a public page."""
    return Row(status, status, status, status, **values)


def members(status: int = 200, **values: Any) -> Row:
    """Return a row for a page about the user's own organization."""
    return Row(SIGN_IN, status, status, status, **values)


def ours(status: int = 200, **values: Any) -> Row:
    """Return a row for an object of Alice's organization."""
    return Row(SIGN_IN, 404, status, status, **values)


def payers(status: int = 200, **values: Any) -> Row:
    """Return a row for a billing page, which a developer may not open."""
    return Row(SIGN_IN, status, 403, status, **values)


def keyed(status: int = 200, **values: Any) -> Row:
    """Return a row for a call that accepts any key."""
    return Row(401, status, status, status, api=True, **values)
