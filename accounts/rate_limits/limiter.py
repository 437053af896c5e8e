"""Token buckets in the database, shared by every web process.

A bucket holds a number of requests and refills evenly. A request takes one from each of its
buckets, or none when one is empty; the row locks of a single statement make that exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.db import connection
from django.http import HttpRequest

from vidgo.kernel import errors
from vidgo.kernel.db import prepared_statements

MINUTE = 60.0
# Floating-point slack: a request is allowed this fraction of a token early.
TOLERANCE = 1e-6
# Requests are taken ahead only while each bucket is at least this full.
NEARLY_FULL = 0.9

# `debt` is how many seconds a bucket needs to be full. `granted` is true when each bucket holds a
# request; then each one is charged for one, or for `ahead` when all are nearly full. The clock is
# the database's, because all web processes share it.
TAKE = """
WITH asked AS (
    SELECT * FROM unnest(%(subjects)s::text[], %(capacities)s::float8[], %(rates)s::float8[])
               AS asked (subject, capacity, per_second)
),
held AS MATERIALIZED (
    SELECT subject,
           extract(epoch FROM greatest(full_at - statement_timestamp(), interval '0'))::float8
               AS debt
      FROM accounts_ratebucket
     WHERE subject = ANY(%(subjects)s)
     ORDER BY subject
       FOR NO KEY UPDATE
),
verdict AS (
    SELECT count(*) = cardinality(%(subjects)s::text[]) AS complete,
           bool_and(capacity - debt * per_second >= 1 - %(tolerance)s) AS granted,
           CASE WHEN bool_and(capacity - debt * per_second >= capacity * %(nearly_full)s)
                THEN %(ahead)s::int ELSE 1 END AS calls
      FROM held JOIN asked USING (subject)
),
taken AS (
    UPDATE accounts_ratebucket bucket
       SET full_at = statement_timestamp() + make_interval(secs => debt + calls / per_second)
      FROM held JOIN asked USING (subject), verdict
     WHERE bucket.subject = held.subject AND complete AND granted
)
SELECT subject, debt, granted, calls FROM held, verdict WHERE complete
"""

FILL = """
INSERT INTO accounts_ratebucket (subject, full_at)
SELECT subject, statement_timestamp() FROM unnest(%(subjects)s::text[]) AS asked (subject)
 ORDER BY subject
    ON CONFLICT (subject) DO NOTHING
"""

REMOVE_FULL = "DELETE FROM accounts_ratebucket WHERE full_at < statement_timestamp()"


class TooManyRequests(errors.RateLimited):
    """A rate limit is reached."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A limit and its subject; `scope` is what the customer reads."""

    scope: str
    subject: str
    per_minute: float
    burst_seconds: float = MINUTE

    @property
    def per_second(self) -> float:
        """Return how many requests the bucket gains per second."""
        return self.per_minute / MINUTE

    @property
    def capacity(self) -> int:
        """Return how many requests the full bucket holds."""
        return max(int(self.per_second * self.burst_seconds + TOLERANCE), 1)


@dataclass(frozen=True, slots=True)
class Level:
    """How full a bucket is: it is full again after `debt_seconds`."""

    bucket: Bucket
    debt_seconds: float

    @property
    def tokens(self) -> float:
        """Return how many requests are left, including a fraction."""
        return max(self.bucket.capacity - self.debt_seconds * self.bucket.per_second, 0.0)

    @property
    def wait_seconds(self) -> int:
        """Return after how many whole seconds a request will be allowed."""
        return max(math.ceil((1 - self.tokens) / self.bucket.per_second - TOLERANCE), 1)

    def headers(self) -> dict[str, str]:
        """Return the three headers of the IETF draft up to version 6.

        Clients read these; later versions merge them into one that few clients know.
        """
        return {
            "RateLimit-Limit": str(self.bucket.capacity),
            "RateLimit-Remaining": str(int(self.tokens + TOLERANCE)),
            "RateLimit-Reset": str(math.ceil(self.debt_seconds)),
        }


class RateLimitReached(Exception):
    """A bucket is empty; `level` is that of the bucket with the longest wait."""

    def __init__(self, level: Level) -> None:
        self.level = level
        super().__init__(level.bucket.subject)


def take(buckets: Sequence[Bucket]) -> Level:
    """Take a request from each bucket and return the level of the emptiest one.

    Raises `RateLimitReached`, and takes nothing, when a bucket is empty.
    """
    return take_ahead(buckets, calls=1)[0]


def take_ahead(buckets: Sequence[Bucket], *, calls: int) -> tuple[Level, int]:
    """Take up to `calls` requests from each bucket; return the emptiest level and how many.

    Takes only one unless all buckets are nearly full. Raises `RateLimitReached` as `take` does.
    """
    by_subject = {bucket.subject: bucket for bucket in buckets}
    asked = list(by_subject.values())
    values: dict[str, Any] = {
        "subjects": [bucket.subject for bucket in asked],
        "capacities": [float(bucket.capacity) for bucket in asked],
        "rates": [bucket.per_second for bucket in asked],
        "tolerance": TOLERANCE,
        "nearly_full": NEARLY_FULL,
        "ahead": calls,
    }
    with prepared_statements.prepared() as cursor:
        cursor.execute(TAKE, values)
        # No rows when a bucket is new, or was removed because it was full.
        while not (rows := cursor.fetchall()):
            cursor.execute(FILL, values)
            cursor.execute(TAKE, values)
    before = [Level(by_subject[subject], debt) for subject, debt, *_ in rows]
    _, _, granted, taken = rows[0]
    if not granted:
        empty = [level for level in before if level.tokens < 1 - TOLERANCE]
        raise RateLimitReached(max(empty, key=lambda level: level.wait_seconds))
    after = [
        Level(level.bucket, level.debt_seconds + taken / level.bucket.per_second)
        for level in before
    ]
    return min(after, key=lambda level: level.tokens), taken


def remove_full() -> int:
    """Remove full buckets, which need no row, and return how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(REMOVE_FULL)
        return int(cursor.rowcount)


def count_invalid_key(request: HttpRequest) -> None:
    """Count a refused credential against the client's address; raises `TooManyRequests`.

    Valid keys from the same address keep working: the limit only spares the database, as nobody
    guesses 190 bits.
    """
    bucket = Bucket(
        scope="address",
        subject=f"address:{get_adapter().get_client_ip(request)}",
        per_minute=settings.RATE_LIMIT_BAD_KEYS_PER_MINUTE,
    )
    try:
        take([bucket])
    except RateLimitReached as reached:
        raise TooManyRequests(
            "Too many requests with an invalid API key from your address.",
            retry_after_seconds=reached.level.wait_seconds,
            scope=bucket.scope,
        ) from None
