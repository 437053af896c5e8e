"""The retry schedule of a failed webhook: soon at first, then ever less often, for a day."""

from __future__ import annotations

import random

# Seconds from the first try to each further one: the example in Standard Webhooks, and one after a
# minute, because that is how long a restart takes.
OFFSETS_SECONDS = (
    5,
    60,
    5 * 60,
    30 * 60,
    2 * 3600,
    5 * 3600,
    10 * 3600,
    14 * 3600,
    20 * 3600,
    24 * 3600,
)
# Only ever later than planned, so that the schedule takes at least a day.
JITTER = 0.1


def delay_after(*, step: int, retry_after_seconds: float | None = None) -> float | None:
    """Return the seconds from the `step`-th failure to the next try, None if there is none.

    A receiver may ask for more time with Retry-After, but not for less.
    """
    if not 1 <= step <= len(OFFSETS_SECONDS):
        return None
    before = OFFSETS_SECONDS[step - 2] if step > 1 else 0
    gap = OFFSETS_SECONDS[step - 1] - before
    planned = gap * random.uniform(1, 1 + JITTER)  # noqa: S311  spreads load, hides nothing
    return max(planned, retry_after_seconds or 0)
