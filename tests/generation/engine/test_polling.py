"""Polling: rare at first, frequent when an image is due, and then ever rarer."""

from __future__ import annotations

import itertools

import pytest

from generation.engine import polling


@pytest.fixture(autouse=True)
def _nothing_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "_usual", {})


def polls(*, ready_after: float, provider: str = "maker") -> list[float]:
    """Return the times of all polls until the image is ready."""
    now = 0.0
    times: list[float] = []
    while not times or times[-1] < ready_after:
        now += polling.pause(provider=provider, elapsed_seconds=now)
        times.append(now)
    return times


def test_an_unknown_provider_is_polled_less_and_less_often() -> None:
    times = polls(ready_after=60)
    waits = [round(later - earlier, 6) for earlier, later in itertools.pairwise(times)]
    assert times[0] == polling.CLOSE_SECONDS
    assert waits == sorted(waits)
    assert max(waits) == polling.LONGEST_SECONDS


@pytest.mark.parametrize("seconds", [0.5, 2.0, 5.0, 6.0, 20.0])
def test_a_known_provider_is_polled_when_its_image_is_due(seconds: float) -> None:
    for _ in range(30):
        *_, before, found = 0.0, *polls(ready_after=seconds)
        polling.learn(provider="maker", pending_seconds=before, ready_seconds=found)
    times = polls(ready_after=seconds)
    assert times[-1] - seconds < 0.1
    assert len(times) <= 14


def test_varying_times_do_not_make_polls_more_frequent() -> None:
    for number in range(30):
        ready = 5.0 + (number % 5 - 2) * 0.5
        *_, before, found = 0.0, *polls(ready_after=ready)
        polling.learn(provider="maker", pending_seconds=before, ready_seconds=found)
    assert polling._usual["maker"].close_seconds == polling.CLOSE_SECONDS
    assert 4.5 < polling._usual["maker"].seconds < 5.5


def test_a_guess_that_is_far_too_long_is_corrected_soon() -> None:
    polling.learn(provider="maker", pending_seconds=30, ready_seconds=30)
    for _ in range(20):
        *_, before, found = 0.0, *polls(ready_after=5)
        polling.learn(provider="maker", pending_seconds=before, ready_seconds=found)
    assert polls(ready_after=5)[-1] - 5 < 0.5


def test_an_unusually_slow_image_is_not_polled_all_the_time() -> None:
    polling.learn(provider="maker", pending_seconds=5, ready_seconds=5)
    assert len(polls(ready_after=60)) < 45


def test_each_provider_is_learned_separately() -> None:
    polling.learn(provider="slow", pending_seconds=99, ready_seconds=101)
    assert polls(ready_after=1) == polls(ready_after=1, provider="unknown")
