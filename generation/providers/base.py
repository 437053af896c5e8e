"""What the engine asks of a provider, and the only ways a provider may fail.

Adapters know no models and no database: they are given a `Work` and answer with plain values.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class FailureKind(StrEnum):
    """Why a provider failed; the kind decides about money and about what is tried next."""

    MODERATED = "moderated"
    INVALID_INPUT = "invalid_input"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    NO_CREDIT = "no_credit"
    UNAUTHORIZED = "unauthorized"
    OUTCOME_UNKNOWN = "outcome_unknown"
    EXPIRED = "expired"


# The request itself is at fault: no other provider would do better.
FINAL_KINDS = frozenset({FailureKind.MODERATED, FailureKind.INVALID_INPUT, FailureKind.EXPIRED})


class Failure(Exception):
    """A provider could not do the work; `message` is fit for the customer."""

    def __init__(
        self, kind: FailureKind, message: str, *, retry_after_seconds: float | None = None
    ) -> None:
        self.kind = kind
        self.message = message
        self.retry_after_seconds = retry_after_seconds
        super().__init__(f"{kind}: {message}")


@dataclass(frozen=True, slots=True)
class Work:
    """One image to make, in the catalog's words."""

    job_id: str
    model: str
    prompt: str
    size: str
    width: int
    height: int
    output_format: str
    seed: int
    # The customer's image, checked when the job was submitted; None for text to image.
    image: bytes | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """The provider took the work; `upstream_ref` is all that is needed to ask for it again."""

    upstream_ref: str


@dataclass(frozen=True, slots=True)
class Pending:
    """Not done yet; `progress` is a percentage where the provider tells one."""

    progress: int | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """Done: the image itself, or the short-lived address it must be fetched from at once."""

    content: bytes | None = None
    url: str = ""


class Provider(Protocol):
    """Who generates upstream."""

    name: str
    # Whether starting the same work twice costs nothing, so that a start whose outcome is
    # unknown may simply be repeated.
    may_start_again: bool

    async def start(self, work: Work) -> Started:
        """Ask for the work; raises `Failure`."""

    async def poll(self, upstream_ref: str, work: Work) -> Pending | Ready:
        """Ask how far it is; raises `Failure`."""

    async def cancel(self, upstream_ref: str) -> None:
        """Stop the work where the provider can; raises `Failure`."""
