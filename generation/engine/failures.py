"""What a failed attempt means for its job: another try, another provider, or the end."""

from __future__ import annotations

import time

import structlog

from generation import jobs
from generation.jobs import attempts
from generation.models import Job
from generation.providers import circuit_breaker, registry
from generation.providers.base import FINAL_KINDS, Failure, FailureKind

log = structlog.get_logger(__name__)

RETRY_SECONDS = 1.0
THROTTLED_SECONDS = 2.0


def settle(*, job: Job, failure: Failure) -> None:
    """Requeue or fail a job after a failed attempt; raises `jobs.AlreadyDone`."""
    attempt = job.open_attempt
    ended = attempts.list_ended(job_ids=[job.pk]).get(job.pk, [])
    tries = attempts.count_tries(ended)
    if attempt is not None:
        # An unknown outcome was counted when it began, unless it began with a crash of ours.
        if failure.kind is not FailureKind.OUTCOME_UNKNOWN:
            circuit_breaker.note_failure(attempt=attempt, failure=failure)
        if failure.kind not in attempts.UNCOUNTED:
            tries[attempt.provider] = tries.get(attempt.provider, 0) + 1
    log.info(
        "attempt_failed",
        kind=failure.kind.value,
        message=failure.message,
        provider=attempt.provider if attempt else "",
        tries=sum(tries.values()),
    )
    names = registry.names_of(job.model)
    is_spent = all(tries.get(name, 0) >= attempts.TRIES_PER_PROVIDER for name in names)
    if failure.kind in FINAL_KINDS or is_spent or is_overdue(job=job):
        jobs.fail(job=job, kind=failure.kind, message=failure.message)
        return
    jobs.requeue(
        job=job,
        delay_seconds=_delay(failure, tries=tries.get(attempt.provider, 0) if attempt else 0),
        kind=failure.kind,
        message=failure.message,
    )


def is_overdue(*, job: Job) -> bool:
    """Return whether the job's deadline has passed, by this machine's clock."""
    return time.time() > job.deadline_at.timestamp()


def _delay(failure: Failure, *, tries: int) -> float:
    """Return how many seconds the job waits for its next try."""
    match failure.kind:
        case FailureKind.THROTTLED:
            asked = failure.retry_after_seconds
            return THROTTLED_SECONDS if asked is None else asked
        case FailureKind.UNAVAILABLE if tries < attempts.TRIES_PER_PROVIDER:
            return float(failure.retry_after_seconds or RETRY_SECONDS * 2 ** (tries - 1))
        case _:
            # Another provider is next, or this one as soon as its health allows.
            return 0.0
