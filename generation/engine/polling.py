"""Polling: when to ask a provider again, learned from how long its images take.

Frequent polls cost both sides; rare ones delay finished images. So a provider is polled every few
seconds at first, at short intervals around the time its images usually take, and less and less
often after that. The less its times vary, the later the short intervals begin and the shorter they
are. Each process learns for itself: a wrong guess costs a fraction of a second.
"""

from __future__ import annotations

from dataclasses import dataclass

GROWTH = 1.3
LONGEST_SECONDS = 3.0
CLOSE_SECONDS = 0.2
CLOSEST_SECONDS = 0.05
# The part of the usual time after which intervals are short, unless the time is known even better.
NEARLY = 0.97
# The weight of a new image in the moving averages.
WEIGHT = 0.2


@dataclass(slots=True)
class Usual:
    """How long a provider's images usually take, and how much they vary."""

    seconds: float
    spread_seconds: float = CLOSE_SECONDS

    @property
    def close_seconds(self) -> float:
        """Return the short interval."""
        return min(max(self.spread_seconds, CLOSEST_SECONDS), CLOSE_SECONDS)

    @property
    def due_seconds(self) -> float:
        """Return the time after which intervals are short."""
        return max(self.seconds * NEARLY, self.seconds - self.close_seconds)


_usual: dict[str, Usual] = {}


def learn(*, provider: str, pending_seconds: float, ready_seconds: float) -> None:
    """Learn from an image that was last seen pending, and then ready, so long after its start."""
    middle = (pending_seconds + ready_seconds) / 2
    usual = _usual.setdefault(provider, Usual(middle))
    # If the first poll with a short interval finds it ready, the middle would be far too early.
    seconds = max(middle, ready_seconds - 2 * max(usual.spread_seconds, CLOSEST_SECONDS))
    off = seconds - usual.seconds
    usual.seconds += WEIGHT * off
    usual.spread_seconds += WEIGHT * (abs(off) - usual.spread_seconds)


def pause(*, provider: str, elapsed_seconds: float) -> float:
    """Return how many seconds to wait before the next poll, `elapsed_seconds` after the start."""
    usual = _usual.get(provider) or Usual(0.0)
    left = usual.due_seconds - elapsed_seconds
    wanted = left if left > 0 else -left * (GROWTH - 1)
    return min(max(wanted, usual.close_seconds), LONGEST_SECONDS)
