"""The ways an outbound call can fail, each with a stable reason and a message fit for a customer.

No message names a resolved address or quotes a response, which would reveal our internal network.
`sent` says whether the request may have reached the other side: whether nothing was started, or
the outcome is unknown.
"""


class FetchError(Exception):
    """An outbound call that failed; `reason` is a stable slug, `message` is for people."""

    sent = False

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class UrlRefused(FetchError):
    """The URL is malformed, or its destination is not allowed."""


class Unreachable(FetchError):
    """No connection was made (DNS, network or TLS); the request was not sent."""


class TimedOut(FetchError):
    """A deadline passed; `sent` says whether the request may have arrived."""


class ConnectionLost(FetchError):
    """The connection was lost after it was made; the request may have arrived."""


class BadAnswer(FetchError):
    """The response is not valid HTTP, or has an unsupported format."""


class TooLarge(FetchError):
    """The body is larger than the policy allows."""


class TooManyRedirects(FetchError):
    """There were more redirects than the policy allows."""
