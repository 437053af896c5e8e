"""Health: a failing provider gets no jobs, then one probe, then jobs again."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from generation.models import Attempt, ProviderState
from generation.providers import circuit_breaker
from generation.providers.base import Balance, FailureKind
from tests.generation.scripted import Scripted, failure

pytestmark = pytest.mark.django_db

TROUBLE = failure(FailureKind.UNAVAILABLE)


def attempt(*, began: datetime | None = None) -> Attempt:
    return Attempt(provider="maker", started_at=began or timezone.now())


def free() -> int:
    return circuit_breaker.free_slots(providers={"maker": Scripted(name="maker")})["maker"]


def fail(times: int, kind: FailureKind = FailureKind.UNAVAILABLE) -> None:
    for _ in range(times):
        circuit_breaker.note_failure(attempt=attempt(), failure=failure(kind))


def state() -> ProviderState:
    return ProviderState.objects.get()


def let_time_pass() -> None:
    """Let the breaker's time run out."""
    ProviderState.objects.update(open_until=timezone.now() - timedelta(seconds=1))


@pytest.mark.parametrize("kind", [FailureKind.UNAVAILABLE, FailureKind.OUTCOME_UNKNOWN])
def test_failures_in_a_row_open_the_breaker(kind: FailureKind) -> None:
    fail(circuit_breaker.FAILURES_UNTIL_OPEN - 1, kind)
    assert free() == 1000
    fail(1, kind)
    assert free() == 0


def test_a_success_resets_the_count() -> None:
    for _ in range(3):
        fail(circuit_breaker.FAILURES_UNTIL_OPEN - 1)
        circuit_breaker.note_success(attempt=attempt())
    assert free() == 1000
    assert state().failures_in_a_row == 0


def test_a_success_takes_no_query_if_the_last_claim_saw_a_healthy_provider(
    django_assert_num_queries: Any,
) -> None:
    circuit_breaker.note_success(attempt=attempt())
    free()
    with django_assert_num_queries(0):
        circuit_breaker.note_success(attempt=attempt())


def test_a_success_is_stored_after_failures_in_this_and_in_other_processes() -> None:
    circuit_breaker.note_success(attempt=attempt())
    free()
    fail(1)
    circuit_breaker.note_success(attempt=attempt())
    assert state().failures_in_a_row == 0
    free()
    ProviderState.objects.update(failures_in_a_row=3)
    free()
    circuit_breaker.note_success(attempt=attempt())
    assert state().failures_in_a_row == 0


def test_what_a_claim_saw_is_trusted_for_one_second(monkeypatch: pytest.MonkeyPatch) -> None:
    circuit_breaker.note_success(attempt=attempt())
    free()
    ProviderState.objects.update(failures_in_a_row=3)
    monkeypatch.setattr(circuit_breaker, "WELL_SECONDS", 0.0)
    circuit_breaker.note_success(attempt=attempt())
    assert state().failures_in_a_row == 0


def test_after_the_wait_one_probe_decides() -> None:
    fail(circuit_breaker.FAILURES_UNTIL_OPEN)
    let_time_pass()
    assert free() == 1
    fail(1)
    assert free() == 0
    let_time_pass()
    circuit_breaker.note_success(attempt=attempt())
    assert free() == 1000
    assert (state().open_until, state().times_opened) == (None, 0)


def test_each_failed_probe_doubles_the_wait_up_to_a_limit() -> None:
    waits: list[int] = []
    for _ in range(8):
        fail(1 if waits else circuit_breaker.FAILURES_UNTIL_OPEN)
        until = state().open_until
        assert until is not None
        waits.append(round((until - timezone.now()).total_seconds()))
        let_time_pass()
    assert waits == [10, 20, 40, 80, 160, 300, 300, 300]


def test_what_began_before_the_breaker_opened_neither_closes_nor_reopens_it() -> None:
    old = attempt(began=timezone.now() - timedelta(minutes=1))
    fail(circuit_breaker.FAILURES_UNTIL_OPEN)
    circuit_breaker.note_success(attempt=old)
    assert free() == 0
    let_time_pass()
    circuit_breaker.note_failure(attempt=old, failure=TROUBLE)
    circuit_breaker.note_success(attempt=old)
    assert free() == 1


@pytest.mark.parametrize("kind", [FailureKind.MODERATED, FailureKind.INVALID_INPUT])
def test_a_fault_of_the_request_counts_as_a_success_of_the_provider(kind: FailureKind) -> None:
    fail(circuit_breaker.FAILURES_UNTIL_OPEN - 1)
    fail(1, kind)
    fail(1)
    assert free() == 1000


@pytest.mark.parametrize("kind", [FailureKind.EXPIRED, FailureKind.CANCELED])
def test_an_expired_or_canceled_job_does_not_count(kind: FailureKind) -> None:
    fail(2)
    fail(1, kind)
    assert state().failures_in_a_row == 2


@pytest.mark.parametrize("kind", [FailureKind.NO_CREDIT, FailureKind.UNAUTHORIZED])
def test_trouble_with_our_account_pauses_and_alarms_once(
    kind: FailureKind, caplog: pytest.LogCaptureFixture
) -> None:
    fail(3, kind)
    alarms = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(alarms) == 1
    assert free() == 0
    ProviderState.objects.update(paused_until=timezone.now() - timedelta(seconds=1))
    assert free() == 1
    circuit_breaker.note_success(attempt=attempt())
    assert (free(), state().paused_reason) == (1000, "")


@pytest.mark.parametrize(("asked", "waits"), [(None, 2), (7, 7), (3600, 60)])
def test_a_throttling_provider_gets_no_jobs_for_as_long_as_it_asks(
    asked: float | None, waits: int
) -> None:
    throttled = failure(FailureKind.THROTTLED, retry_after_seconds=asked)
    circuit_breaker.note_failure(attempt=attempt(), failure=throttled)
    assert free() == 0
    until = state().throttled_until
    assert until is not None
    assert round((until - timezone.now()).total_seconds()) == waits
    assert state().failures_in_a_row == 0


def test_a_healthy_provider_is_rarely_written() -> None:
    circuit_breaker.note_success(attempt=attempt())
    first = state().last_success_at
    circuit_breaker.note_success(attempt=attempt())
    assert state().last_success_at == first


def test_the_balance_is_stored_beside_the_rest() -> None:
    fail(1)
    circuit_breaker.note_balance(
        provider="maker", balance=Balance(amount=Decimal("12.5"), unit="credits")
    )
    assert (state().balance, state().balance_unit, state().failures_in_a_row) == (
        Decimal("12.5"),
        "credits",
        1,
    )
