"""Cancellation: a customer cancels a job before its image is made.

A queued job ends at once. A running one ends only if its provider confirms that it has stopped the
work; otherwise the image is made and has to be paid for.
"""

from __future__ import annotations

import asyncio

import structlog

from accounts.models import Organization
from generation import jobs
from generation.jobs import attempts
from generation.models import Attempt, Job, Status
from generation.providers import registry
from generation.providers.base import Cancellation, Failure, FailureKind, Provider
from vidgo.kernel import errors, http
from vidgo.kernel.db.transactions import give_back_connection

log = structlog.get_logger(__name__)

MESSAGE = "The task was canceled."
# How long a provider may take to answer.
PATIENCE_SECONDS = 10.0


class AlreadyEnded(errors.Conflict):
    default_message = "This task has already ended."


class NotYet(errors.Conflict):
    default_message = "The task is being handed to a provider. Try again in a few seconds."


class TooLate(errors.Conflict):
    default_message = "This task is almost done and can no longer be stopped."


class Impossible(errors.Conflict):
    default_message = "The work on this task has started and cannot be stopped."


class NoAnswer(errors.Conflict):
    default_message = "It is not known whether the task can still be stopped, so it goes on."


def cancel(*, organization: Organization, public_id: str) -> Job:
    """Cancel a job, refund its credits, and return it; canceling it again changes nothing.

    Asks a running job's provider for up to `PATIENCE_SECONDS`: call it outside transactions. Raises
    `jobs.UnknownJob`, `AlreadyEnded`, `NotYet`, `TooLate`, `Impossible` or `NoAnswer`; then the
    job goes on, or has ended in another way.
    """
    job = jobs.get_job(organization=organization, public_id=public_id)
    if job.status == Status.QUEUED:
        try:
            _end(job, among=(Status.QUEUED,))
        except jobs.AlreadyDone:
            # A driver has just claimed it, or it has ended.
            job = jobs.get_job(organization=organization, public_id=public_id)
    if job.status == Status.RUNNING:
        try:
            _stop(job)
            # Also if it is queued: a driver requeues work that its provider has stopped.
            _end(job, among=(Status.QUEUED, Status.RUNNING))
        except errors.Conflict:
            # The job's end or another cancel may have come first.
            if not jobs.get_job(organization=organization, public_id=public_id).is_over:
                raise
            log.info("job_ended_before_it_was_canceled", job=public_id)
    job = jobs.get_job(organization=organization, public_id=public_id)
    if job.failure_kind != FailureKind.CANCELED:
        raise AlreadyEnded if job.is_over else NotYet
    return job


def _end(job: Job, *, among: tuple[Status, ...]) -> None:
    jobs.fail(job=job, kind=FailureKind.CANCELED, message=MESSAGE, fenced=False, among=among)


def _stop(job: Job) -> None:
    """Have the provider stop the work; raises the errors of `cancel` if it doesn't."""
    attempt = attempts.list_open(job_ids=[job.pk]).get(job.pk)
    if attempt is None or not attempt.upstream_ref:
        raise NotYet
    provider = registry.providers().get(attempt.provider)
    if provider is None:
        raise NoAnswer
    give_back_connection()
    answer = http.run(_ask(provider, attempt))
    log.info("cancel_asked", job=job.public_id, provider=provider.name, answer=str(answer))
    match answer:
        case Cancellation.TOO_LATE:
            raise TooLate
        case Cancellation.IMPOSSIBLE:
            raise Impossible
        case None:
            raise NoAnswer


async def _ask(provider: Provider, attempt: Attempt) -> Cancellation | None:
    """Return the provider's answer, None if there is none in time."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await provider.cancel(attempt.upstream_ref)
    except (Failure, TimeoutError) as error:
        log.warning("cancel_not_answered", provider=provider.name, error=str(error))
        return None
