"""Local leases: most calls need no query, and never is one too many allowed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from accounts import rate_limits
from accounts.rate_limits import Bucket, RateLimitReached, local_leases
from accounts.rate_limits.local_leases import LocalLeases
from tests.conftest import Api

pytestmark = pytest.mark.django_db

Queries = Callable[[int], Any]


def bucket(*, calls: int = 1000, subject: str = "a") -> Bucket:
    """Return a bucket for `calls` calls, which hardly refills during a test."""
    return Bucket(scope="key", subject=subject, per_minute=1, burst_seconds=calls * 60.0)


def test_a_hundredth_of_the_bucket_takes_one_query(django_assert_num_queries: Queries) -> None:
    process, own = LocalLeases(), bucket()
    process.take([own])
    with django_assert_num_queries(0):
        left = [process.take([own]).headers()["RateLimit-Remaining"] for _ in range(9)]
    assert left == [str(1000 - number) for number in range(2, 11)]
    with django_assert_num_queries(1):
        assert process.take([own]).headers()["RateLimit-Remaining"] == "989"


def test_all_processes_together_allow_what_the_bucket_holds() -> None:
    processes, own, allowed = [LocalLeases() for _ in range(3)], bucket(), 0
    with pytest.raises(RateLimitReached):
        for process in itertools.cycle(processes):
            process.take([own])
            allowed += 1
    # The process that was refused does not know what the others still hold.
    for process in processes:
        while process._leases[(own,)].calls:
            process.take([own])
            allowed += 1
    assert allowed == 1000


def test_near_the_limit_each_call_is_counted_in_the_database(
    django_assert_num_queries: Queries,
) -> None:
    own = bucket()
    for _ in range(101):
        rate_limits.take([own])
    one, another = LocalLeases(), LocalLeases()
    with django_assert_num_queries(6):
        left = [process.take([own]).headers() for process in (one, another) * 3]
    assert [each["RateLimit-Remaining"] for each in left] == [
        str(898 - number) for number in range(6)
    ]


def test_an_unused_lease_lapses(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(local_leases.time, "monotonic", lambda: clock[0])
    process, own = LocalLeases(), bucket()
    process.take([own])
    clock[0] += local_leases.KEPT_SECONDS
    assert process.take([own]).headers()["RateLimit-Remaining"] == "989"


def test_a_changed_limit_applies_from_the_next_call(api: Api, settings: Any) -> None:
    settings.RATE_LIMIT_KEY_PER_MINUTE = 1000
    assert api.get("/api/user/balance")["RateLimit-Remaining"] == "999"
    settings.RATE_LIMIT_KEY_PER_MINUTE = 5
    assert api.get("/api/user/balance")["RateLimit-Limit"] == "5"
