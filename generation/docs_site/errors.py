"""Errors as developers read them: each kind the code can raise, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vidgo.kernel import errors


@dataclass(frozen=True, slots=True)
class Advice:
    """What a kind of error means, and what a client does about it."""

    meaning: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A status and type of the wire with its advice."""

    status: int
    type: str
    retryable: bool
    advice: Advice

    @property
    def anchor(self) -> str:
        """Return the name its section is reached by."""
        return f"{self.type}-{self.status}"


ADVICE = {
    (400, "invalid_request_error"): Advice(
        "The body is not JSON, or a field is missing, unknown in its value, or out of bounds. An "
        "image address that could not be fetched is this, too.",
        "Read `param`: it names the field. Change the request; the same one fails again.",
    ),
    (400, "content_too_long_error"): Advice(
        "The prompt is longer than a model reads.",
        "Shorten `input.prompt`. Nothing was taken.",
    ),
    (400, "file_format_error"): Advice(
        "The file is not an image we read, or it is damaged, empty or has too many pixels.",
        "Send a whole JPEG, PNG, WebP or GIF.",
    ),
    (401, "authentication_error"): Advice(
        "There is no key in the call, or it is mistyped, unknown, expired or revoked.",
        "Check the `Authorization` header, then make a new key on the dashboard. Do not retry: an "
        "address that sends many wrong keys is held off.",
    ),
    (402, "insufficient_credits_error"): Advice(
        "The balance does not cover the price, or a cap of this key does not; `cap` then says "
        "which one: `daily`, `monthly` or `total`. `required_credits` is the price. Nothing was "
        "stored.",
        "Top up, switch on automatic recharge, or raise the cap; then send the call again.",
    ),
    (403, "permission_denied_error"): Advice(
        "The key is known but may not do this, or the organization is suspended.",
        "Use a key that may, or write to support when the organization is suspended.",
    ),
    (404, "resource_not_found_error"): Advice(
        "There is no such task, file, model of the catalog or address. What belongs to another "
        "organization does not exist for you.",
        "Check the id, and that the key is of the organization that submitted.",
    ),
    (405, "invalid_request_error"): Advice(
        "The address exists, but not with this method.",
        "`Allow` in the answer names the methods there are.",
    ),
    (409, "conflict_error"): Advice(
        "Not possible in the present state, such as canceling a task that has ended.",
        "Ask for the status and go on from there.",
    ),
    (410, "resource_not_found_error"): Advice(
        "The file was here and was removed at the end of its retention.",
        "Keep your own copy of what you need for longer.",
    ),
    (413, "payload_too_large_error"): Advice(
        "The body or the uploaded file is too large.",
        "Upload a smaller image, or give its address instead of its bytes.",
    ),
    (415, "invalid_request_error"): Advice(
        "The endpoint does not read this `Content-Type`.",
        "Send `application/json`, or `multipart/form-data` to the file upload.",
    ),
    (422, "idempotency_mismatch_error"): Advice(
        "The `Idempotency-Key` stands for another order already. Nothing was taken.",
        "Use a new key for a new order. Look for a place in your code that uses one key twice.",
    ),
    (429, "rate_limit_error"): Advice(
        "Too many calls; `scope` says by whom: `key`, `organization`, `uploads` or `address`.",
        "Wait for `Retry-After` seconds, then send the call again.",
    ),
    (500, "internal_error"): Advice(
        "Our fault.",
        "Send the call again with its `Idempotency-Key`. If it stays, quote `request_id` to "
        "support.",
    ),
    (502, "upstream_error"): Advice(
        "A service behind ours failed.",
        "Send the call again after a moment.",
    ),
    (503, "service_error"): Advice(
        "Not available right now: a restart, or more load than we can take.",
        "Wait for `Retry-After`, or a few seconds that double each time, then send the call again.",
    ),
}


def kinds() -> list[Kind]:
    """Return every status and type the code can answer with, by status.

    Raises `KeyError` for one without advice; a test sees to it that there is none.
    """
    found = {(kind.status, kind.type): kind.retryable for kind in _all(errors.DomainError)}
    return [
        Kind(status=status, type=type, retryable=retryable, advice=ADVICE[status, type])
        for (status, type), retryable in sorted(found.items())
    ]


def _all(kind: type[errors.DomainError]) -> Iterator[type[errors.DomainError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _all(each)
