"""The kinds of anticipated failure, and the only place that maps them to HTTP statuses.

A module derives its own errors from these: `class InsufficientCredits(PaymentRequired)`.
`kernel.api.envelope` turns them into JSON, `kernel.web.error_pages` into pages.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class DomainError(Exception):
    """An anticipated failure: a stable `type`, a message fit for a customer, and `extra` fields."""

    status: ClassVar[int] = 400
    type: ClassVar[str] = "invalid_request_error"
    retryable: ClassVar[bool] = False
    default_message: ClassVar[str] = "The request is not valid."

    def __init__(
        self,
        message: str | None = None,
        *,
        param: str | None = None,
        retry_after_seconds: int | None = None,
        **extra: Any,
    ) -> None:
        self.message = message or self.default_message
        self.param = param
        self.retry_after_seconds = retry_after_seconds
        self.extra: Mapping[str, Any] = extra
        super().__init__(self.message)


class Invalid(DomainError):
    """A parameter is missing or wrong."""


class ContentTooLong(Invalid):
    type = "content_too_long_error"
    default_message = "The text is too long."


class FileFormat(Invalid):
    type = "file_format_error"
    default_message = "The file is not a supported image."


class Unauthenticated(DomainError):
    status = 401
    type = "authentication_error"
    default_message = "A valid API key is required."


class PaymentRequired(DomainError):
    status = 402
    type = "insufficient_credits_error"
    default_message = "Not enough credits."


class Forbidden(DomainError):
    status = 403
    type = "permission_denied_error"
    default_message = "Your role does not allow this."


class NotFound(DomainError):
    status = 404
    type = "resource_not_found_error"
    default_message = "Not found."


class MethodNotAllowed(DomainError):
    status = 405
    default_message = "This method is not allowed here."


class Conflict(DomainError):
    status = 409
    type = "conflict_error"
    default_message = "This is not possible in the current state."


class Gone(DomainError):
    status = 410
    type = "resource_not_found_error"
    default_message = "This has been removed."


class TooLarge(DomainError):
    status = 413
    type = "payload_too_large_error"
    default_message = "The request is too large."


class UnsupportedMediaType(DomainError):
    status = 415
    default_message = "This content type is not supported."


class IdempotencyMismatch(DomainError):
    status = 422
    type = "idempotency_mismatch_error"
    default_message = "This idempotency key was used with another request."


class RateLimited(DomainError):
    status = 429
    type = "rate_limit_error"
    retryable = True
    default_message = "Too many requests."


class Internal(DomainError):
    status = 500
    type = "internal_error"
    retryable = True
    default_message = "Something went wrong on our side."


class Upstream(DomainError):
    status = 502
    type = "upstream_error"
    retryable = True
    default_message = "An upstream service failed."


class Unavailable(DomainError):
    status = 503
    type = "service_error"
    retryable = True
    default_message = "The service is temporarily unavailable."
