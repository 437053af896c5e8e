"""The ways an outbound call can fail, each with a stable reason and a sentence fit for a customer.

No sentence names a resolved address or quotes an answer: what our network looks like from inside is
nobody's business. `sent` says whether the request may have reached the other side, which decides
between "nothing was started" and "the outcome is unknown".
"""


class FetchError(Exception):
    """An outbound call that failed; `reason` is a stable slug, `sentence` says it in words."""

    sent = False

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence


class UrlRefused(FetchError):
    """The URL is malformed, or it or the place it leads to is not allowed."""


class Unreachable(FetchError):
    """No connection came about (name, network or TLS); the request was not sent."""


class TimedOut(FetchError):
    """A deadline passed; `sent` says whether the request may have arrived."""


class ConnectionLost(FetchError):
    """The connection broke after it was made; the request may have arrived."""


class BadAnswer(FetchError):
    """What came back is not HTTP, or not in a form that is accepted."""


class TooLarge(FetchError):
    """The body is larger than the policy allows."""


class TooManyRedirects(FetchError):
    """The answer led on to another URL once too often."""
