"""What the engine asks of a provider, and the only ways a provider may fail.

Adapters know no models and no database: they are given a `Work` and answer with plain values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
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
    # Never a provider's answer: the customer took the order back.
    CANCELED = "canceled"


# No other provider would do better, or none is wanted.
FINAL_KINDS = frozenset(
    {
        FailureKind.MODERATED,
        FailureKind.INVALID_INPUT,
        FailureKind.EXPIRED,
        FailureKind.CANCELED,
    }
)


class Failure(Exception):
    """A provider could not do the work.

    `message` is fit for the customer and names no provider; `detail` is what the operator wants to
    know, without the customer's words.
    """

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        retry_after_seconds: float | None = None,
        detail: str = "",
    ) -> None:
        self.kind = kind
        self.message = message
        self.retry_after_seconds = retry_after_seconds
        self.detail = detail
        super().__init__(f"{kind}: {detail or message}")


@dataclass(frozen=True, slots=True)
class Image:
    """The customer's image, checked when the job was submitted."""

    content: bytes
    mime: str
    # An absolute, unguessable address of the same bytes, for providers that rather fetch.
    url: str


@dataclass(frozen=True, slots=True)
class Work:
    """One image to make. The sizes are the catalog's; `endpoint` is the provider's model."""

    job_id: str
    endpoint: str
    prompt: str
    # What the provider is asked for; the engine crops it where the customer asked for another.
    size: str
    width: int
    height: int
    output_format: str
    seed: int
    # None for text to image.
    image: Image | None = None
    # Where the provider may tell that it is done, and what it may sign that with; "" for nowhere.
    webhook_url: str = ""
    webhook_secret: str = ""
    # When the attempt was opened: `find` looks at nothing older.
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """The provider took the work; `upstream_ref` is all that is needed to ask for it again."""

    upstream_ref: str
    cost_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """Not done yet; `progress` is a percentage where the provider tells one."""

    progress: int | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """Done: the image itself, or the short-lived address it must be fetched from at once."""

    content: bytes | None = None
    url: str = ""
    # What the provider really used and asks for, where it tells.
    seed: int | None = None
    cost_usd: Decimal | None = None


class Cancellation(StrEnum):
    """What became of a wish to stop the work."""

    # Nothing will be made any more.
    CANCELED = "canceled"
    # It is made and paid for anyway.
    TOO_LATE = "too_late"
    # The provider has no way to stop it.
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True, slots=True)
class Balance:
    """What the operator's account at the provider still holds."""

    amount: Decimal
    unit: str


class BadWebhook(Exception):
    """A message that claims to come from the provider is not believed."""


class Provider(Protocol):
    """Who generates upstream."""

    name: str
    # Whether starting the same work twice costs nothing, so that a start whose outcome is
    # unknown may simply be repeated.
    may_start_again: bool
    # Whether `find` sees all that the provider took, so that what it does not find was not taken.
    can_find: bool
    # How much work the operator's account may have there at once, over all workers.
    concurrency: int

    async def start(self, work: Work) -> Started:
        """Ask for the work; raises `Failure`."""

    async def find(self, work: Work) -> Started | None:
        """Look for work whose start got no answer; None where it cannot be found or looked for.

        Raises `Failure` when the provider does not answer this either.
        """

    async def poll(self, upstream_ref: str, work: Work) -> Pending | Ready:
        """Ask how far it is; raises `Failure`.

        `UNAVAILABLE` says that the provider gave the work up, `OUTCOME_UNKNOWN` that it gave no
        usable answer to this question, so that it is asked again.
        """

    async def cancel(self, upstream_ref: str) -> Cancellation:
        """Stop the work where the provider can; raises `Failure`."""

    async def balance(self) -> Balance | None:
        """Return what the operator's account holds, None where it is not told; raises `Failure`."""

    async def read_webhook(self, *, headers: Mapping[str, str], body: bytes, secret: str) -> str:
        """Return the upstream reference that a genuine message is about.

        Header names come in lower case. Raises `BadWebhook` for a message that is not believed.
        """
