"""Error reference: every status and type the API can return, with advice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vidgo.kernel import errors


@dataclass(frozen=True, slots=True)
class Advice:
    """What an error means and what the client should do."""

    meaning: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A status and type, with advice."""

    status: int
    type: str
    retryable: bool
    advice: Advice

    @property
    def anchor(self) -> str:
        """Return the HTML id of its section."""
        return f"{self.type}-{self.status}"


ADVICE = {
    (400, "invalid_request_error"): Advice(
        "The body is not valid JSON, or a field is missing, has an unknown value or is out of "
        "range. Also returned if an image URL could not be fetched.",
        "`param` names the field. Fix the request before you send it again.",
    ),
    (400, "content_too_long_error"): Advice(
        "The prompt is too long.",
        "Shorten `input.prompt`. Nothing was charged.",
    ),
    (400, "file_format_error"): Advice(
        "The file is not a supported image, or it is damaged, empty or has too many pixels.",
        "Send a valid JPEG, PNG, WebP or GIF.",
    ),
    (401, "authentication_error"): Advice(
        "The API key is missing, mistyped, unknown, expired or revoked.",
        "Check the `Authorization` header, or create a new key in the dashboard. Do not retry: IP "
        "addresses that send many invalid keys are rate limited.",
    ),
    (402, "insufficient_credits_error"): Advice(
        "The price exceeds your balance or a spending cap of the key; `cap` then says which: "
        "`daily`, `monthly` or `total`. `required_credits` is the price. No task was created.",
        "Add credits, turn on automatic recharge or raise the cap, then retry.",
    ),
    (403, "permission_denied_error"): Advice(
        "The key is valid but not allowed to do this, or the organization is suspended.",
        "Use a key with the required scope, or contact support if the organization is suspended.",
    ),
    (404, "resource_not_found_error"): Advice(
        "There is no such task, file, model or URL. Resources of other organizations are not "
        "found, either.",
        "Check the ID, and that the key belongs to the organization that submitted the task.",
    ),
    (405, "invalid_request_error"): Advice(
        "The URL exists, but not with this method.",
        "The `Allow` header lists the supported methods.",
    ),
    (409, "conflict_error"): Advice(
        "Not possible in the current state, such as canceling a finished task.",
        "Get the status and decide what to do next.",
    ),
    (410, "resource_not_found_error"): Advice(
        "The file was removed at the end of its retention period.",
        "Store your own copy of files you need for longer.",
    ),
    (413, "payload_too_large_error"): Advice(
        "The body or the uploaded file is too large.",
        "Upload a smaller image, or send its URL instead of its bytes.",
    ),
    (415, "invalid_request_error"): Advice(
        "The endpoint does not support this `Content-Type`.",
        "Send `application/json`, or `multipart/form-data` for file uploads.",
    ),
    (422, "idempotency_mismatch_error"): Advice(
        "The `Idempotency-Key` was already used with a different request. Nothing was charged.",
        "Use a new key for each new request; look for code that reuses a key.",
    ),
    (429, "rate_limit_error"): Advice(
        "Too many requests; `scope` names the limit: `key`, `organization`, `uploads` or "
        "`address`.",
        "Wait `Retry-After` seconds, then retry.",
    ),
    (500, "internal_error"): Advice(
        "An error on our side.",
        "Retry with the same `Idempotency-Key`. If it persists, send `request_id` to support.",
    ),
    (502, "upstream_error"): Advice(
        "An upstream service failed.",
        "Retry after a moment.",
    ),
    (503, "service_error"): Advice(
        "Temporarily unavailable: a restart, or too much load.",
        "Wait `Retry-After` seconds, or back off exponentially, then retry.",
    ),
}


def kinds() -> list[Kind]:
    """Return every status and type the API can return, by status.

    Raises `KeyError` for one without advice.
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
