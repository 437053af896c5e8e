"""The interface of a provider, and the only ways a provider may fail.

Adapters know no models and no database: they take a `Work` and return plain values.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class FailureKind(StrEnum):
    """Why a provider failed; the kind decides about the refund and the next try."""

    MODERATED = "moderated"
    INVALID_INPUT = "invalid_input"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    NO_CREDIT = "no_credit"
    UNAUTHORIZED = "unauthorized"
    OUTCOME_UNKNOWN = "outcome_unknown"
    EXPIRED = "expired"
    # Never a provider's answer: the customer canceled the job.
    CANCELED = "canceled"


# No other provider is tried: it would fail the same way, or the image is no longer wanted.
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

    `message` is for the customer and names no provider; `detail` is for the operator and contains
    no customer text.
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
    # An absolute, unguessable URL of the same bytes, for providers that fetch the image.
    url: str


@dataclass(frozen=True, slots=True)
class Work:
    """One image to make. Sizes are the catalog's; `endpoint` is the provider's model."""

    job_id: str
    endpoint: str
    prompt: str
    # The size to request; the engine crops the result if the customer asked for another one.
    size: str
    width: int
    height: int
    output_format: str
    seed: int
    # None for text-to-image.
    image: Image | None = None
    # Where the provider may send its webhook, and the secret to sign it with; "" for no webhook.
    webhook_url: str = ""
    webhook_secret: str = ""
    # When the attempt began: `find` ignores anything older.
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """The provider started the work; `upstream_ref` is all that later calls need."""

    upstream_ref: str
    cost_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """Not done yet; `progress` is a percentage if the provider reports one."""

    progress: int | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """Done: the image itself, or the short-lived URL to fetch it from at once."""

    content: bytes | None = None
    url: str = ""
    # The seed that was used and the price, if the provider reports them.
    seed: int | None = None
    cost_usd: Decimal | None = None


class Cancellation(StrEnum):
    """The provider's answer to a request to cancel the work."""

    CANCELED = "canceled"
    # The image is made and paid for anyway.
    TOO_LATE = "too_late"
    # The provider cannot cancel work.
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True, slots=True)
class Balance:
    """The balance of our account at the provider."""

    amount: Decimal
    unit: str


class BadWebhook(Exception):
    """A webhook could not be verified as the provider's."""


class Provider(ABC):
    """A service that makes images. What an adapter leaves out, its vendor does not offer."""

    name: str
    # Whether starting the same work twice is free, so that a start with an unknown outcome may
    # simply be repeated.
    may_start_again = False
    # Whether `find` sees all work, so that work it doesn't find was never started.
    can_find = False
    # How many attempts may run there at once, over all workers.
    concurrency: int

    @abstractmethod
    async def start(self, work: Work) -> Started:
        """Start the work; raises `Failure`."""

    async def find(self, work: Work) -> Started | None:
        """Return the work of a start that got no answer, None if not found; raises `Failure`."""
        return None

    @abstractmethod
    async def poll(self, upstream_ref: str, work: Work) -> Pending | Ready:
        """Return the state of the work; raises `Failure`.

        `UNAVAILABLE` means that the provider has given up, `OUTCOME_UNKNOWN` that this call got no
        usable answer and is to be repeated.
        """

    async def cancel(self, upstream_ref: str) -> Cancellation:
        """Cancel the work if the provider can; raises `Failure`."""
        return Cancellation.IMPOSSIBLE

    async def balance(self) -> Balance | None:
        """Return our balance, None if the provider doesn't report it; raises `Failure`."""
        return None

    async def read_webhook(self, *, headers: Mapping[str, str], body: bytes, secret: str) -> str:
        """Return the upstream reference in a verified webhook; raises `BadWebhook`.

        Header names are in lower case.
        """
        raise BadWebhook("This provider sends no webhooks.")
