"""Pace: when to ask a provider again, learned from how long its images take.

Asking often costs both sides; asking seldom lets a finished image lie. So a provider is asked every
few seconds on the way, closely around the time its images usually take, and ever less often then.
What was learned lives in this process only: a wrong guess costs a fraction of a second.
"""

from __future__ import annotations

GROWTH = 1.3
LONGEST_SECONDS = 3.0
CLOSE_SECONDS = 0.2
# The part of the usual time from which on looks are close.
NEARLY = 0.97
# How much one more image changes what is usual.
WEIGHT = 0.2

_usual: dict[str, float] = {}


def learn(*, provider: str, pending_seconds: float, ready_seconds: float) -> None:
    """Note how long an image took: it was still pending at one time and ready at another.

    Both are seconds since its start. It became ready somewhere between the two.
    """
    seconds = (pending_seconds + ready_seconds) / 2
    known = _usual.get(provider, seconds)
    _usual[provider] = known + WEIGHT * (seconds - known)


def pause(*, provider: str, elapsed_seconds: float) -> float:
    """Return how long to wait before the next question, `elapsed_seconds` after the start."""
    usual = _usual.get(provider, 0.0)
    left = usual * NEARLY - elapsed_seconds
    if left > 0:
        return min(max(left, CLOSE_SECONDS), LONGEST_SECONDS)
    return min(max(-left * (GROWTH - 1), CLOSE_SECONDS), LONGEST_SECONDS)
