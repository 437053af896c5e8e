"""Errors in Stripe's format."""

from typing import Any


class Refusal(Exception):
    """An answer other than success: the `error` object of Stripe's API."""

    status = 400
    type = "invalid_request_error"
    # Changes made before the refusal are kept: a declined charge is a charge.
    keeps_changes = False
    # Refused before execution: Stripe then stores no reply for the idempotency key.
    before_execution = False

    def __init__(
        self, message: str, *, code: str | None = None, param: str | None = None, **extra: Any
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param
        self.extra = extra

    def payload(self) -> dict[str, Any]:
        """Return the error object without empty fields, as Stripe does."""
        error = {
            "message": self.message,
            "type": self.type,
            "code": self.code,
            "param": self.param,
            **self.extra,
        }
        if self.code:
            dashed = self.code.replace("_", "-")
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{dashed}"
        return {name: value for name, value in error.items() if value is not None}


class BadParameter(Refusal):
    """A parameter that Stripe refuses before execution."""

    before_execution = True


class NoSuch(Refusal):
    """An unknown id: 404 in the path, 400 in a parameter."""

    def __init__(self, *, noun: str, stripe_id: str, param: str, in_path: bool = False) -> None:
        super().__init__(f"No such {noun}: '{stripe_id}'", code="resource_missing", param=param)
        self.status = 404 if in_path else 400


class UnknownUrl(Refusal):
    status = 404
    before_execution = True


class Unauthorized(Refusal):
    status = 401
    before_execution = True


class WrongReuse(Refusal):
    """An idempotency key that was first used for something else."""

    type = "idempotency_error"
    before_execution = True


class InUse(Refusal):
    """Another request with the same idempotency key is in progress."""

    status = 409
    before_execution = True


class CardDeclined(Refusal):
    """The bank declined the card."""

    status = 402
    type = "card_error"
    keeps_changes = True

    def __init__(
        self, message: str, *, code: str, decline_code: str | None = None, **extra: Any
    ) -> None:
        super().__init__(message, code=code, decline_code=decline_code, **extra)
        self.decline_code = decline_code


class AnswerLost(Refusal):
    """The request succeeded but its answer is lost: a switch to test unknown outcomes."""

    status = 500
    type = "api_error"
    keeps_changes = True
