"""Rate limits of the API: token buckets in the database, the same for every web process.

A bucket holds so many requests and fills evenly. A request takes one from each bucket it falls
under, or none when one of them is empty; the row locks of one statement make that exact.
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
# Of floating point; a request early by so little of a token is let in.
TOLERANCE = 1e-6
# Requests are only taken ahead while a bucket is this full.
NEARLY_FULL = 0.9

# A bucket lacks `debt` seconds of filling. `granted` when each of them still holds a request; then
# each owes for one more, or for `ahead` when all are nearly full. The database's clock is the only
# one that all web processes share.
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

FORGET = "DELETE FROM accounts_ratebucket WHERE full_at < statement_timestamp()"


class TooManyRequests(errors.RateLimited):
    """A bucket is empty; nothing was taken from any."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A limit and whom it holds for; `scope` is its name for the customer."""

    scope: str
    subject: str
    per_minute: float
    burst_seconds: float = MINUTE

    @property
    def per_second(self) -> float:
        """Return how many requests flow in each second."""
        return self.per_minute / MINUTE

    @property
    def capacity(self) -> int:
        """Return how many requests may come at once."""
        return max(int(self.per_second * self.burst_seconds + TOLERANCE), 1)


@dataclass(frozen=True, slots=True)
class Level:
    """How full a bucket is after a request; `debt_seconds` until it is full."""

    bucket: Bucket
    debt_seconds: float

    @property
    def tokens(self) -> float:
        """Return what is left, a fraction of a request included."""
        return max(self.bucket.capacity - self.debt_seconds * self.bucket.per_second, 0.0)

    @property
    def wait_seconds(self) -> int:
        """Return in how many whole seconds a request will be let in."""
        return max(math.ceil((1 - self.tokens) / self.bucket.per_second - TOLERANCE), 1)

    def headers(self) -> dict[str, str]:
        """Return the three headers of the IETF's draft, up to its version 6.

        Those that clients in the field read; later versions merged them into one that few know.
        """
        return {
            "RateLimit-Limit": str(self.bucket.capacity),
            "RateLimit-Remaining": str(int(self.tokens + TOLERANCE)),
            "RateLimit-Reset": str(math.ceil(self.debt_seconds)),
        }


class RateLimitReached(Exception):
    """Not now; `level` is that of the bucket that is empty for longest."""

    def __init__(self, level: Level) -> None:
        self.level = level
        super().__init__(level.bucket.subject)


def take(buckets: Sequence[Bucket]) -> Level:
    """Take a request from each bucket and return the level of the one that is emptiest.

    Raises `RateLimitReached`, having taken nothing, when one of them is empty.
    """
    return take_ahead(buckets, calls=1)[0]


def take_ahead(buckets: Sequence[Bucket], *, calls: int) -> tuple[Level, int]:
    """Take up to so many requests from each bucket; return the emptiest one's level, and how many.

    Only one unless all of them are nearly full. Raises `RateLimitReached` as `take` does.
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
        # None when a bucket is new, or was forgotten because it was full.
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


def forget_full() -> int:
    """Delete the buckets that are full, which need no row, and return how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET)
        return int(cursor.rowcount)


def note_failed_key(request: HttpRequest) -> None:
    """Count a credential that was refused against the address it came from.

    Raises `TooManyRequests` for an address that has sent too many. A valid key is never refused for
    what its neighbours do: nobody guesses 190 bits, and this only spares the database.
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
            "Too many requests with a wrong API key from your address.",
            retry_after_seconds=reached.level.wait_seconds,
            scope=bucket.scope,
        ) from None
