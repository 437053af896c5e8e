"""Local leases: a web process takes calls from the buckets ahead, several in one query.

Counting every call in the database costs as much as answering it. So a process leases a hundredth
of the smallest bucket's capacity and allows that many calls without a query. It does so only while
the buckets are nearly full: near the limit each call is counted in the database, and the limit is
exact. At most a tenth of a bucket is leased out, and an unused lease lapses after `KEPT_SECONDS`.
So a customer may get up to a hundredth more per minute and process, never less than the limit.
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
# With more leases than this, taking another one first drops the ended ones.
MANY = 10_000


@dataclass(slots=True)
class Lease:
    """Calls taken ahead; `level` is the emptiest bucket's once all of them are used."""

    level: Level
    taken_at: float
    calls: int

    def is_over(self, *, now: float) -> bool:
        """Return whether the lease allows no more calls."""
        return self.calls == 0 or now >= self.taken_at + KEPT_SECONDS

    def spend(self, *, now: float) -> Level:
        """Use one call and return the level after it."""
        self.calls -= 1
        seconds_per_call = 1 / self.level.bucket.per_second
        debt = self.level.debt_seconds - self.calls * seconds_per_call - (now - self.taken_at)
        return Level(self.level.bucket, max(debt, seconds_per_call))


class LocalLeases:
    """The leases of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._leases: dict[tuple[Bucket, ...], Lease] = {}

    def take(self, buckets: Sequence[Bucket]) -> Level:
        """Take a call from each bucket and return the level of the emptiest one.

        Raises `rate_limits.RateLimitReached`, and takes nothing, when a bucket is empty.
        """
        ahead = int(min(bucket.capacity for bucket in buckets) * LEASE_SHARE)
        if ahead <= 1:
            return rate_limits.take(buckets)
        now, key = time.monotonic(), tuple(buckets)
        with self._lock:
            found = self._leases.get(key)
            if found is not None and not found.is_over(now=now):
                return found.spend(now=now)
        level, calls = rate_limits.take_ahead(buckets, calls=ahead)
        lease = Lease(level, taken_at=now, calls=calls)
        with self._lock:
            if len(self._leases) > MANY:
                for each, old in list(self._leases.items()):
                    if old.is_over(now=now):
                        del self._leases[each]
            self._leases[key] = lease
            return lease.spend(now=now)

    def forget(self) -> None:
        """Drop all leases."""
        with self._lock:
            self._leases.clear()


leases = LocalLeases()
