"""The circuit breaker: which providers get jobs right now, shared by all workers.

After some failures in a row a provider gets no jobs for a while, then one at a time until one
succeeds. An account without credit or with a refused key pauses its provider and raises an alarm.
Only the database's clock is used.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models.functions import Now
from django.utils import timezone

from accounts import audit
from accounts.audit import Actor
from generation.models import Attempt, ProviderState
from generation.providers.base import Balance, Failure, FailureKind, Provider
from vidgo.kernel.db import prepared_statements
from vidgo.kernel.db.transactions import requires_transaction

log = structlog.get_logger(__name__)

FAILURES_UNTIL_OPEN = 5
OPEN_SECONDS = 10.0
OPEN_LONGEST_SECONDS = 300.0
PAUSE_SECONDS = 300.0
THROTTLE_SECONDS = 2.0
THROTTLE_LONGEST_SECONDS = 60.0
# A healthy provider's row is written at most this often.
NOTE_SUCCESS_SECONDS = 10
# A pause that ends later than this has no end: it lasts until somebody resumes the provider.
LONG = timedelta(days=365)
# How long this process trusts that a provider is healthy and was written recently.
WELL_SECONDS = 1.0

ACCOUNT_KINDS = frozenset({FailureKind.NO_CREDIT, FailureKind.UNAUTHORIZED})
# The provider's own failures, which the breaker counts.
TROUBLE_KINDS = frozenset({FailureKind.UNAVAILABLE, FailureKind.OUTCOME_UNKNOWN})

# While the breaker is half open, one attempt that began after it opened is the probe.
FREE = """
SELECT provider.name,
       CASE
         WHEN greatest(state.open_until, state.paused_until, state.throttled_until)
              > statement_timestamp() THEN 0
         WHEN greatest(state.open_until, state.paused_until) IS NULL
           THEN greatest(provider.concurrency - count(attempt.id), 0)
         WHEN max(attempt.started_at) >= greatest(state.open_until, state.paused_until) THEN 0
         ELSE least(greatest(provider.concurrency - count(attempt.id), 0), 1)
       END,
       coalesce(state.failures_in_a_row = 0
                AND greatest(state.open_until, state.paused_until) IS NULL
                AND state.last_success_at
                    > statement_timestamp() - make_interval(secs => %(seconds)s),
                false)
  FROM unnest(%(names)s::text[], %(concurrencies)s::int[]) AS provider(name, concurrency)
  LEFT JOIN generation_providerstate state ON state.name = provider.name
  LEFT JOIN generation_attempt attempt
         ON attempt.provider = provider.name AND attempt.ended_at IS NULL
 GROUP BY provider.name, provider.concurrency, state.name
"""

# Attempts that began before the breaker opened don't count.
FAILED = """
UPDATE generation_providerstate
   SET failures_in_a_row = failures_in_a_row + 1,
       last_failure = %(failure)s,
       last_failure_at = statement_timestamp(),
       times_opened = times_opened + (failures_in_a_row + 1 >= %(most)s)::int,
       open_until = CASE WHEN failures_in_a_row + 1 >= %(most)s
                         THEN statement_timestamp() + make_interval(
                              secs => least(%(seconds)s * 2 ^ times_opened, %(longest)s))
                         ELSE open_until END
 WHERE name = %(name)s
   AND (open_until IS NULL
        OR open_until <= statement_timestamp() AND %(began)s >= open_until)
RETURNING open_until
"""

WORKED = """
UPDATE generation_providerstate
   SET failures_in_a_row = 0, times_opened = 0, open_until = NULL,
       paused_until = NULL, paused_reason = '', last_success_at = statement_timestamp()
 WHERE name = %(name)s
   AND (greatest(open_until, paused_until) IS NULL
        OR %(began)s >= greatest(open_until, paused_until))
   AND (failures_in_a_row > 0 OR greatest(open_until, paused_until) IS NOT NULL
        OR last_success_at IS NULL
        OR last_success_at < statement_timestamp() - make_interval(secs => %(seconds)s))
"""


def state_of(row: ProviderState | None, *, now: datetime) -> tuple[str, datetime | None, str]:
    """Return a provider's state as one word, when it ends, and its reason."""
    if row is None:
        return "unused", None, "it has had no jobs yet"
    if row.paused_until and row.paused_until > now:
        until = None if row.paused_until > now + LONG else row.paused_until
        return "paused", until, row.paused_reason
    if row.open_until and row.open_until > now:
        return "open", row.open_until, row.last_failure
    if row.throttled_until and row.throttled_until > now:
        return "throttled", row.throttled_until, "it asked to wait"
    if row.open_until or row.paused_until:
        return "probing", None, "one task at a time, until one succeeds"
    return "healthy", None, ""


# When this process last saw each provider healthy and recently written.
_well_at: dict[str, float] = {}


def free_slots(*, providers: Mapping[str, Provider]) -> dict[str, int]:
    """Return how many more jobs each provider may get now, over all workers."""
    with prepared_statements.prepared() as cursor:
        cursor.execute(
            FREE,
            {
                "names": list(providers),
                "concurrencies": [each.concurrency for each in providers.values()],
                "seconds": NOTE_SUCCESS_SECONDS,
            },
        )
        rows = cursor.fetchall()
    for name, _, is_well in rows:
        _well_at[name] = time.monotonic() if is_well else float("-inf")
    return {name: free for name, free, _ in rows}


def note_success(*, attempt: Attempt) -> None:
    """Note that a provider works: close its circuit breaker and end its pause."""
    if time.monotonic() - _well_at.get(attempt.provider, float("-inf")) < WELL_SECONDS:
        return
    values: dict[str, Any] = {
        "name": attempt.provider,
        "began": attempt.started_at,
        "seconds": NOTE_SUCCESS_SECONDS,
    }
    with prepared_statements.prepared() as cursor:
        cursor.execute(WORKED, values)
        if not cursor.rowcount:
            ProviderState.objects.bulk_create(
                [ProviderState(name=attempt.provider, last_success_at=timezone.now())],
                ignore_conflicts=True,
            )


def note_failure(*, attempt: Attempt, failure: Failure) -> None:
    """Note a failed attempt of a provider; a fault of the request counts as a success."""
    if failure.kind in TROUBLE_KINDS | ACCOUNT_KINDS:
        _well_at.pop(attempt.provider, None)
    if failure.kind is FailureKind.THROTTLED:
        _throttle(attempt.provider, failure.retry_after_seconds)
    elif failure.kind in ACCOUNT_KINDS:
        _pause(attempt.provider, failure)
    elif failure.kind in TROUBLE_KINDS:
        _count(attempt.provider, began=attempt.started_at, failure=failure)
    elif failure.kind not in (FailureKind.EXPIRED, FailureKind.CANCELED):
        note_success(attempt=attempt)


def note_balance(*, provider: str, balance: Balance) -> None:
    """Store the balance of our account at a provider."""
    ProviderState.objects.update_or_create(
        name=provider,
        defaults={
            "balance": balance.amount,
            "balance_unit": balance.unit,
            "balance_at": timezone.now(),
        },
    )


@requires_transaction
def pause(*, name: str, until: datetime, reason: str, actor: Actor) -> None:
    """Give a provider no new jobs until a moment; those it has are finished."""
    _create(name)
    ProviderState.objects.filter(name=name).update(paused_until=until, paused_reason=reason[:200])
    audit.record(
        organization=None,
        actor=actor,
        action="provider.paused",
        target=f"{name} until {until:%Y-%m-%d %H:%M} UTC",
    )


@requires_transaction
def resume(*, name: str, actor: Actor) -> None:
    """Give a provider jobs again at once, as if it had never failed."""
    _create(name)
    ProviderState.objects.filter(name=name).update(
        failures_in_a_row=0,
        times_opened=0,
        open_until=None,
        paused_until=None,
        paused_reason="",
        throttled_until=None,
    )
    audit.record(organization=None, actor=actor, action="provider.resumed", target=name)


def _count(name: str, *, began: datetime, failure: Failure) -> None:
    _create(name)
    values: dict[str, Any] = {
        "name": name,
        "began": began,
        "failure": str(failure)[:300],
        "most": FAILURES_UNTIL_OPEN,
        "seconds": OPEN_SECONDS,
        "longest": OPEN_LONGEST_SECONDS,
    }
    with prepared_statements.prepared() as cursor:
        cursor.execute(FAILED, values)
        row = cursor.fetchone()
    if row and row[0] is not None:
        log.error("provider_opened", provider=name, until=row[0].isoformat(), reason=str(failure))


def _pause(name: str, failure: Failure) -> None:
    _create(name)
    paused = ProviderState.objects.filter(name=name).exclude(paused_until__gt=Now())
    if paused.update(
        paused_until=Now() + timedelta(seconds=PAUSE_SECONDS),
        paused_reason=str(failure)[:200],
        last_failure=str(failure)[:300],
        last_failure_at=Now(),
    ):
        log.error("provider_paused", provider=name, seconds=PAUSE_SECONDS, reason=str(failure))


def _throttle(name: str, seconds: float | None) -> None:
    _create(name)
    wait = min(seconds or THROTTLE_SECONDS, THROTTLE_LONGEST_SECONDS)
    ProviderState.objects.filter(name=name).update(throttled_until=Now() + timedelta(seconds=wait))


def _create(name: str) -> None:
    ProviderState.objects.bulk_create([ProviderState(name=name)], ignore_conflicts=True)
