"""The driver: takes one claimed job from its start at a provider to its end.

No image is bought twice without need: once a provider may have started the work, the driver asks
that provider about it, and goes to the next one only after a bounded wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import mimetypes
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import ParamSpec, TypeVar

import structlog
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from generation import catalog, jobs
from generation.engine import failures, leases, polling
from generation.engine.thread_pools import from_storage, in_database, in_storage, in_thread
from generation.jobs import attempts
from generation.models import Attempt, Job
from generation.providers import circuit_breaker, registry, webhooks
from generation.providers.base import Failure, FailureKind, Image, Provider, Ready, Work
from generation.storage import files, results
from vidgo.kernel import http
from vidgo.kernel.ops import failpoints

log = structlog.get_logger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

# How long to look for the work of a start that got no answer, and how often.
LOST_SECONDS = 30.0
LOOK_FOR_LOST_SECONDS = 5.0
# How soon to try the storage again after an outage.
STORAGE_SECONDS = 2.0
# How long a provider that has started the work may give no usable answer about it.
SILENT_SECONDS = 60.0
PROGRESS_STEP = 20
# The result's URL has expired, so another poll would not help.
GONE_STATUSES = frozenset({403, 404, 410})
UNUSABLE = "The provider's result could not be used."
# While polling, these say nothing about the work itself, so polling goes on.
PASSING_KINDS = circuit_breaker.ACCOUNT_KINDS | {FailureKind.OUTCOME_UNKNOWN, FailureKind.THROTTLED}


class Released(Exception):
    """The job is released as it is; a later work cycle resumes it."""


async def drive(*, job: Job, draining: asyncio.Event) -> None:
    """Drive a claimed job to its end, or raise `Released` when the work cycle ends.

    Raises `jobs.AlreadyDone` and `attempts.LeaseLost` if another driver has taken over.
    """
    try:
        attempt = job.open_attempt
        if attempt is None:
            raise Failure(FailureKind.UNAVAILABLE, "No provider could make this image.")
        provider = registry.providers().get(attempt.provider)
        if provider is None:
            raise Failure(FailureKind.OUTCOME_UNKNOWN, "The provider is no longer configured.")
        await Driver(job, attempt, provider, draining).run()
    except Failure as failure:
        await in_database(failures.settle, job=job, failure=failure)


class Driver:
    """Drives one attempt of a job at its provider."""

    def __init__(
        self, job: Job, attempt: Attempt, provider: Provider, draining: asyncio.Event
    ) -> None:
        self.job = job
        self.attempt = attempt
        self.provider = provider
        self.draining = draining

    async def run(self) -> None:
        """Start or resume, wait for the image, and finish the job; raises `Failure`, `Released`."""
        await self._give_up_if_overdue()
        work = await self._work()
        if not self.attempt.upstream_ref:
            await self._start(work)
        ready, content = await self._wait(work)
        failpoints.hit("poll.ready")
        prepared = await in_thread(
            results.prepare,
            content=content,
            size=catalog.load().sizes[self.job.size],
            output_format=self.job.output_format,
        )
        await self._with_files(
            deliver, job=self.job, attempt=self.attempt, prepared=prepared, ready=ready
        )

    async def _work(self) -> Work:
        if not self.job.image_file:
            return work_of(job=self.job, attempt=self.attempt)
        try:
            return await self._with_files(work_of, job=self.job, attempt=self.attempt)
        except Released:
            # If it stayed open, this attempt would look like a start without an answer.
            if self.attempt.fence == self.job.fence and not self.attempt.upstream_ref:
                await self._requeue("The storage was unavailable.")
            raise

    async def _with_files(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a function that uses the storage, and retry while the storage is unavailable.

        Raises `Failure` when the job is overdue, and `Released` when the work cycle ends.
        """
        while True:
            with contextlib.suppress(files.StorageAway):
                return await in_storage(function, *args, **kwargs)
            await self._give_up_if_overdue()
            await self._sleep(STORAGE_SECONDS)

    async def _start(self, work: Work) -> None:
        """Start the work at the provider, unless an earlier claim may have done so."""
        is_new = self.attempt.fence == self.job.fence
        if not is_new and not self.provider.may_start_again:
            await self._look_for_lost(work, since=self.attempt.started_at)
            return
        if self.draining.is_set():
            await self._requeue("The work cycle ended.")
        failpoints.hit("call.before")
        try:
            started = await self.provider.start(work)
        except Failure as failure:
            if failure.kind is not FailureKind.OUTCOME_UNKNOWN:
                raise
            await in_database(circuit_breaker.note_failure, attempt=self.attempt, failure=failure)
            await self._look_for_lost(work, since=timezone.now())
            return
        failpoints.hit("call.answered")
        await self._note_started(started.upstream_ref, started.cost_usd)
        failpoints.hit("call.noted")

    async def _note_started(self, upstream_ref: str, cost_usd: Decimal | None) -> None:
        await in_database(
            attempts.note_started,
            job=self.job,
            attempt=self.attempt,
            upstream_ref=upstream_ref,
            cost_usd=cost_usd,
        )

    async def _look_for_lost(self, work: Work, *, since: datetime) -> None:
        """Look for the work of a start that got no answer.

        Raises `Released` to look again later, and `Failure` after `LOST_SECONDS`. The provider's
        webhook may bring the reference in the meantime.
        """
        was_asked = self.provider.can_find
        try:
            found = await self.provider.find(work)
        except Failure as failure:
            log.info("lost_start_not_looked_for", reason=str(failure))
            found, was_asked = None, False
        if found is not None:
            log.info("lost_start_found")
            await self._note_started(found.upstream_ref, found.cost_usd)
            return
        lost = await self._seconds_lost(since=since)
        if was_asked and lost >= LOOK_FOR_LOST_SECONDS:
            await self._requeue("The provider knows nothing of the work.")
        if lost >= LOST_SECONDS:
            raise Failure(FailureKind.OUTCOME_UNKNOWN, "The provider's answer was lost.")
        wait = min(LOST_SECONDS - lost, LOOK_FOR_LOST_SECONDS)
        await in_database(jobs.snooze, job=self.job, seconds=wait)
        raise Released

    async def _requeue(self, message: str) -> None:
        """Queue the job again, because nothing was started; costs no try. Raises `Released`."""
        await in_database(
            jobs.requeue,
            job=self.job,
            delay_seconds=0,
            kind=FailureKind.THROTTLED,
            message=message,
        )
        raise Released

    async def _seconds_lost(self, *, since: datetime) -> float:
        """Return for how many seconds the outcome has been unknown, storing its start once."""
        if self.attempt.lost_at is None:
            log.warning("provider_silent", provider=self.provider.name)
            await in_database(attempts.note_lost, job=self.job, attempt=self.attempt, since=since)
        return (timezone.now() - (self.attempt.lost_at or since)).total_seconds()

    async def _wait(self, work: Work) -> tuple[Ready, bytes]:
        """Poll with back-off until the image is here; raises `Failure` and `Released`."""
        progress, pending_seconds = self.job.progress, 0.0
        while True:
            asked_to_wait = None
            try:
                answer = await self.provider.poll(self.attempt.upstream_ref, work)
                if isinstance(answer, Ready):
                    polling.learn(
                        provider=self.provider.name,
                        pending_seconds=pending_seconds,
                        ready_seconds=self._seconds_since_start(),
                    )
                    return answer, answer.content or await self._download(answer.url)
                pending_seconds = self._seconds_since_start()
                progress = await self._store_progress(answer.progress, stored=progress)
                if self.attempt.lost_at is not None:
                    await in_database(attempts.note_found, job=self.job, attempt=self.attempt)
            except Failure as failure:
                if failure.kind not in PASSING_KINDS:
                    raise
                if failure.kind is not FailureKind.THROTTLED:
                    await self._tolerate(failure)
                asked_to_wait = failure.retry_after_seconds
            await self._give_up_if_overdue()
            await self._sleep(
                asked_to_wait
                or polling.pause(
                    provider=self.provider.name, elapsed_seconds=self._seconds_since_start()
                )
            )

    def _seconds_since_start(self) -> float:
        return (timezone.now() - self.attempt.started_at).total_seconds()

    async def _tolerate(self, failure: Failure) -> None:
        """Keep polling after an unusable answer; raises `Failure` after `SILENT_SECONDS`."""
        if self.attempt.lost_at is None:
            await in_database(circuit_breaker.note_failure, attempt=self.attempt, failure=failure)
        if await self._seconds_lost(since=timezone.now()) > SILENT_SECONDS:
            raise Failure(FailureKind.OUTCOME_UNKNOWN, failure.message, detail=str(failure))

    async def _sleep(self, seconds: float) -> None:
        """Wait for some seconds; raises `Released` when the work cycle ends."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.draining.wait(), seconds)
            raise Released

    async def _store_progress(self, progress: int | None, *, stored: int) -> int:
        """Store the progress if it has moved enough to matter, and return what is stored."""
        if progress is None or progress < stored + PROGRESS_STEP:
            return stored
        await in_database(leases.note_progress, job=self.job, progress=progress)
        return progress

    async def _download(self, url: str) -> bytes:
        """Fetch the result; raises a `Failure` that polls again where that may help."""
        try:
            response = await http.fetch(url=url, policy=http.VENDOR_RESULT)
        except (http.UrlRefused, http.TooLarge, http.TooManyRedirects) as error:
            raise Failure(FailureKind.UNAVAILABLE, UNUSABLE, detail=str(error)) from error
        except http.FetchError as error:
            raise Failure(FailureKind.OUTCOME_UNKNOWN, UNUSABLE, detail=str(error)) from error
        if response.status == 200:
            return response.body
        kind = (
            FailureKind.UNAVAILABLE
            if response.status in GONE_STATUSES
            else FailureKind.OUTCOME_UNKNOWN
        )
        raise Failure(kind, UNUSABLE, detail=f"the result answered with {response.status}")

    async def _give_up_if_overdue(self) -> None:
        """Cancel the work and raise `Failure` once the job's deadline has passed."""
        if not failures.is_overdue(job=self.job):
            return
        if self.attempt.upstream_ref:
            try:
                await self.provider.cancel(self.attempt.upstream_ref)
            except Failure as failure:
                log.warning("not_canceled_upstream", reason=str(failure))
        raise Failure(FailureKind.EXPIRED, "The task took too long and was given up.")


def work_of(*, job: Job, attempt: Attempt) -> Work:
    """Return what a provider needs to know of a job, with its input image."""
    sizes = catalog.load().sizes
    size = sizes[attempt.upstream_size or job.size]
    image = None
    if job.image_file:
        image = Image(
            content=files.read(name=job.image_file),
            mime=mimetypes.guess_type(job.image_file)[0] or "",
            url=files.url_of(job.image_file),
        )
    return Work(
        job_id=job.public_id,
        endpoint=_offer_of(job, attempt).endpoint,
        prompt=job.prompt,
        size=size.name,
        width=size.width,
        height=size.height,
        output_format=job.output_format,
        seed=job.seed,
        image=image,
        webhook_url=webhooks.url_for(provider_name=attempt.provider, token=attempt.token),
        webhook_secret=webhooks.secret_for(token=attempt.token),
        asked_at=attempt.started_at,
    )


def deliver(*, job: Job, attempt: Attempt, prepared: results.Prepared, ready: Ready) -> None:
    """Store the result and finish the job; raises `jobs.AlreadyDone` and `files.StorageAway`.

    Call it in a storage thread: nothing interrupts it half-way, so that no file is left without a
    job.
    """
    file = results.store(prepared=prepared)
    failpoints.hit("store.stored")
    try:
        from_storage(
            jobs.finish,
            job=job,
            prepared=prepared,
            file=file,
            cropped_from=attempt.upstream_size,
            seed=ready.seed,
            cost_usd=ready.cost_usd or _offer_of(job, attempt).cost_usd,
        )
    except (OperationalError, InterfaceError):
        # The commit may have succeeded before the connection broke, so the file has to stay.
        raise
    except Exception:
        with contextlib.suppress(files.StorageAway):
            files.remove(name=file)
        raise
    failpoints.hit("finish.committed")
    from_storage(circuit_breaker.note_success, attempt=attempt)
    log.info("job_finished", bytes=len(prepared.content), provider=attempt.provider)


def _offer_of(job: Job, attempt: Attempt) -> catalog.Offer:
    for offer in catalog.get_model(job.model).offers:
        if offer.provider == attempt.provider:
            return offer
    raise Failure(FailureKind.OUTCOME_UNKNOWN, "The provider no longer makes this model.")
