"""When a callback that failed is tried again: soon at first, then ever less often, for a day."""

from __future__ import annotations

import random

# How long after the first try each further one is made; the example of Standard Webhooks, and a
# try after a minute, because that is how long a restart takes.
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
# Never sooner than planned, so that the whole takes a day at the least.
JITTER = 0.1


def delay_after(*, step: int, retry_after_seconds: float | None = None) -> float | None:
    """Return the seconds from the `step`-th failure to the next try, None when there is none.

    A receiver may ask for more time with Retry-After, never for less.
    """
    if not 1 <= step <= len(OFFSETS_SECONDS):
        return None
    before = OFFSETS_SECONDS[step - 2] if step > 1 else 0
    gap = OFFSETS_SECONDS[step - 1] - before
    planned = gap * random.uniform(1, 1 + JITTER)  # noqa: S311  spreads load, hides nothing
    return max(planned, retry_after_seconds or 0)
