"""Cancellation: a customer takes an order back, as long as nothing has been made for it.

A waiting job ends at once. A running one ends only when its provider says that it has stopped the
work: otherwise the image is made and has to be paid for.
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
    default_message = "The work is just being handed over; try again in a few seconds."


class TooLate(errors.Conflict):
    default_message = "This task is almost done and can no longer be stopped."


class Impossible(errors.Conflict):
    default_message = "The work on this task has begun, and it cannot be stopped where it is done."


class NoAnswer(errors.Conflict):
    default_message = "It could not be found out whether the task can still be stopped; it goes on."


def cancel(*, organization: Organization, public_id: str) -> Job:
    """End a job for its customer, give the credits back, and return the job.

    One that was canceled before stays as it is. A running job's provider is asked, for up to
    `PATIENCE_SECONDS`: call it outside transactions. Raises `jobs.UnknownJob`, `AlreadyEnded`,
    `NotYet`, `TooLate`, `Impossible` or `NoAnswer`; then the job goes on, or has ended otherwise.
    """
    job = jobs.get_job(organization=organization, public_id=public_id)
    if job.status == Status.QUEUED:
        try:
            _end(job, among=(Status.QUEUED,))
        except jobs.AlreadyDone:
            # A driver took it up at this moment, or somebody ended it.
            job = jobs.get_job(organization=organization, public_id=public_id)
    if job.status == Status.RUNNING:
        _stop(job)
        try:
            # Also from the queue, where a driver puts back what its provider has stopped.
            _end(job, among=(Status.QUEUED, Status.RUNNING))
        except jobs.AlreadyDone:
            log.info("job_ended_before_it_was_canceled", job=public_id)
    job = jobs.get_job(organization=organization, public_id=public_id)
    if job.failure_kind != FailureKind.CANCELED:
        raise AlreadyEnded if job.is_over else NotYet
    return job


def _end(job: Job, *, among: tuple[Status, ...]) -> None:
    jobs.fail(job=job, kind=FailureKind.CANCELED, message=MESSAGE, fenced=False, among=among)


def _stop(job: Job) -> None:
    """Have the provider stop the work; raises what `cancel` does when it does not."""
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
    """Return what the provider says, None when it says nothing in time."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await provider.cancel(attempt.upstream_ref)
    except (Failure, TimeoutError) as error:
        log.warning("cancel_not_answered", provider=provider.name, error=str(error))
        return None
