"""Allowances: calls that a web process takes from the buckets before they come, a handful at once.

To count every call in the database costs as much as to answer it. So a process takes a hundredth of
what the smallest bucket holds, and lets in as many calls by itself. Only while the buckets are
nearly full: near its limit every call is counted by itself, and the limit is exact. At most a tenth
of a bucket can lie with processes, and what lies there unused for `KEPT_SECONDS` is forgotten, so
that a customer may be let in for a hundredth more a minute and process, and never for less.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from accounts import rate_limits
from accounts.rate_limits import Bucket, Level

LEASE_SHARE = 0.01
KEPT_SECONDS = 60.0
# Beyond so many, those that are over are looked for.
MANY = 10_000


@dataclass(slots=True)
class Lease:
    """Calls taken ahead; `level` is the emptiest bucket's when all of them have come."""

    level: Level
    taken_at: float
    calls: int

    def is_over(self, *, now: float) -> bool:
        """Return whether no call may come any more."""
        return self.calls == 0 or now >= self.taken_at + KEPT_SECONDS

    def spend(self, *, now: float) -> Level:
        """Let a call in and return the level after it."""
        self.calls -= 1
        a_call = 1 / self.level.bucket.per_second
        debt = self.level.debt_seconds - self.calls * a_call - (now - self.taken_at)
        return Level(self.level.bucket, max(debt, a_call))


class LocalLeases:
    """What this process has taken ahead."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[Bucket, ...], Lease] = {}

    def take(self, buckets: Sequence[Bucket]) -> Level:
        """Take a call from each bucket and return the level of the one that is emptiest.

        Raises `rate_limits.RateLimitReached`, having taken nothing, when one of them is empty.
        """
        ahead = int(min(bucket.capacity for bucket in buckets) * LEASE_SHARE)
        if ahead <= 1:
            return rate_limits.take(buckets)
        now, whose = time.monotonic(), tuple(buckets)
        with self._lock:
            kept = self._kept.get(whose)
            if kept is not None and not kept.is_over(now=now):
                return kept.spend(now=now)
        level, calls = rate_limits.take_ahead(buckets, calls=ahead)
        lease = Lease(level, taken_at=now, calls=calls)
        with self._lock:
            if len(self._kept) > MANY:
                over = [each for each, kept in self._kept.items() if kept.is_over(now=now)]
                for each in over:
                    del self._kept[each]
            self._kept[whose] = lease
            return lease.spend(now=now)

    def forget(self) -> None:
        """Forget all that was taken ahead."""
        with self._lock:
            self._kept.clear()


leases = LocalLeases()
