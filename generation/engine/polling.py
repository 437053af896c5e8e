"""Pace: when to ask a provider again, learned from how long its images take.

Asking often costs both sides; asking seldom lets a finished image lie. So a provider is asked every
few seconds on the way, closely around the time its images usually take, and ever less often then.
The more alike its times are, the later the close looks begin and the closer they are. What was
learned lives in this process only: a wrong guess costs a fraction of a second.
"""

from __future__ import annotations

from dataclasses import dataclass

GROWTH = 1.3
LONGEST_SECONDS = 3.0
CLOSE_SECONDS = 0.2
CLOSEST_SECONDS = 0.05
# The part of the usual time from which on looks are close, if it is not even better known.
NEARLY = 0.97
# How much one more image changes what is usual.
WEIGHT = 0.2


@dataclass(slots=True)
class Usual:
    """How long a provider's images take, and by how much they usually miss that."""

    seconds: float
    spread_seconds: float = CLOSE_SECONDS

    @property
    def close_seconds(self) -> float:
        """Return how far apart close looks are."""
        return min(max(self.spread_seconds, CLOSEST_SECONDS), CLOSE_SECONDS)

    @property
    def due_seconds(self) -> float:
        """Return from when on looks are close."""
        return max(self.seconds * NEARLY, self.seconds - self.close_seconds)


_usual: dict[str, Usual] = {}


def learn(*, provider: str, pending_seconds: float, ready_seconds: float) -> None:
    """Note how long an image took: it was still pending at one time and ready at another.

    Both are seconds since its start. It became ready somewhere between the two.
    """
    middle = (pending_seconds + ready_seconds) / 2
    usual = _usual.setdefault(provider, Usual(middle))
    # An image that was ready at the first close look was pending long before, which tells little.
    seconds = max(middle, ready_seconds - 2 * max(usual.spread_seconds, CLOSEST_SECONDS))
    off = seconds - usual.seconds
    usual.seconds += WEIGHT * off
    usual.spread_seconds += WEIGHT * (abs(off) - usual.spread_seconds)


def pause(*, provider: str, elapsed_seconds: float) -> float:
    """Return how long to wait before the next question, `elapsed_seconds` after the start."""
    usual = _usual.get(provider) or Usual(0.0)
    left = usual.due_seconds - elapsed_seconds
    wanted = left if left > 0 else -left * (GROWTH - 1)
    return min(max(wanted, usual.close_seconds), LONGEST_SECONDS)
