"""The engine: one slice of driving many jobs at once.

A slice claims jobs, runs each as one coroutine that reads from top to bottom, and after about ten
seconds lets go of what is unfinished; a later slice, here or on another machine, resumes it from
the stored upstream reference. Database and files are touched in threads, the network in the loop.
"""

from __future__ import annotations

import asyncio
import contextvars
import mimetypes
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, transaction

from generation import assets, attempts, catalog, files, jobs, leases
from generation.models import Attempt, Job
from generation.providers import registry
from generation.providers.base import (
    FINAL_KINDS,
    Failure,
    FailureKind,
    Image,
    Pending,
    Provider,
    Ready,
    Work,
)
from vidgo.kernel import http, queue

P = ParamSpec("P")
R = TypeVar("R")

log = structlog.get_logger(__name__)

DATABASE_THREADS = 4
CPU_THREADS = 2
LOOK_SECONDS = 0.1
POLL_FIRST_SECONDS = 0.25
POLL_LONGEST_SECONDS = 3.0
DRAIN_SECONDS = 6.0
TRIES_PER_PROVIDER = 3
RETRY_SECONDS = 2.0
UNKNOWN_OUTCOME_SECONDS = 60.0

# One pool of each for the life of the process: the threads keep their database connections.
_database = ThreadPoolExecutor(DATABASE_THREADS, thread_name_prefix="database")
_cpu = ThreadPoolExecutor(CPU_THREADS, thread_name_prefix="cpu")


class Draining(Exception):
    """The slice is over; the job is let go of where it stands."""


def drive() -> int:
    """Run one slice and return how many jobs it drove."""
    return asyncio.run(Slice().run())


async def in_database(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a function that uses the database in one of the database threads."""

    def call() -> R:
        close_old_connections()
        return function(*args, **kwargs)

    return await _in_pool(_database, call)


async def in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a CPU-bound function, or one that touches files, in one of the other threads."""
    return await _in_pool(_cpu, lambda: function(*args, **kwargs))


async def _in_pool(pool: ThreadPoolExecutor, call: Callable[[], R]) -> R:
    """Run a call in a pool, with the facts that the log lines of this job carry."""
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(pool, context.run, call)


class Slice:
    """One claim-and-drive round of about SLICE_SECONDS."""

    def __init__(self) -> None:
        self.owner = f"{queue.cluster_name}/{secrets.token_hex(6)}"
        self.running: dict[asyncio.Task[None], int] = {}
        self.draining = asyncio.Event()
        self.ends_at = time.monotonic() + settings.SLICE_SECONDS
        self.renew_at = time.monotonic() + settings.LEASE_SECONDS / 3
        self.driven = 0

    async def run(self) -> int:
        """Drive jobs until there are none or the slice is over."""
        try:
            while not self._is_over():
                queue.pulse.beat()
                await self._claim()
                if not self.running:
                    break
                await asyncio.wait(
                    self.running, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                await self._renew()
            await self._drain()
        finally:
            # Empty after a drain; full when the slice ends by an error.
            await self._cut_off()
            await http.close()
            released = await in_database(self._release)
        if released:
            log.info("slice_released", jobs=released, owner=self.owner)
        return self.driven

    def _is_over(self) -> bool:
        return queue.pulse.is_stopping or time.monotonic() >= self.ends_at

    async def _claim(self) -> None:
        free = settings.JOBS_IN_FLIGHT_PER_PROCESS - len(self.running)
        if free <= 0:
            return
        for job in await in_database(jobs.claim, owner=self.owner, limit=free):
            task = asyncio.create_task(self._drive(job))
            self.running[task] = job.pk
            task.add_done_callback(self.running.pop)
            self.driven += 1

    async def _renew(self) -> None:
        """Prolong the leases in time; stop driving what another driver has taken over."""
        if time.monotonic() < self.renew_at or not self.running:
            return
        self.renew_at = time.monotonic() + settings.LEASE_SECONDS / 3
        held = set(self.running.values())
        ours = await in_database(leases.renew, owner=self.owner, job_ids=held)
        for task, job_id in list(self.running.items()):
            if job_id in held and job_id not in ours:
                task.cancel()

    async def _drain(self) -> None:
        """Let calls in flight return, then cut off what still hangs."""
        self.draining.set()
        patient_until = time.monotonic() + DRAIN_SECONDS
        while self.running and time.monotonic() < patient_until:
            queue.pulse.beat()
            await asyncio.wait(self.running, timeout=LOOK_SECONDS)
            await self._renew()
        await self._cut_off()

    async def _cut_off(self) -> None:
        hanging = list(self.running)
        for task in hanging:
            task.cancel()
        if hanging:
            await asyncio.wait(hanging)

    def _release(self) -> int:
        released = leases.release(owner=self.owner)
        if released:
            queue.enqueue(jobs.BELL)
        return released

    async def _drive(self, job: Job) -> None:
        """Drive one job and see to it that whatever happens to it is written down."""
        structlog.contextvars.bind_contextvars(job=job.public_id)
        try:
            await Drive(job=job, draining=self.draining).run()
        except Draining:
            return
        except (jobs.AlreadyDone, attempts.LeaseLost):
            log.info("job_taken_over")
        except (OperationalError, InterfaceError) as error:
            # The database is away; the lease runs out and another slice resumes the job.
            log.warning("database_away", error=str(error).strip())
        except asyncio.CancelledError:
            log.warning("job_let_go")
        except Exception:
            log.exception("job_crashed")
            await self._retry_crashed(job)

    async def _retry_crashed(self, job: Job) -> None:
        """Count a mistake in our own code as a failed attempt, so that it cannot loop for ever."""
        failure = Failure(FailureKind.UNAVAILABLE, "Something went wrong on our side.")
        try:
            await in_database(settle, job=job, failure=failure)
        except (jobs.AlreadyDone, OperationalError, InterfaceError) as error:
            log.warning("crashed_job_not_settled", error=str(error).strip())


class Drive:
    """One claimed job on its way: attempt, start, poll, check, store, finish."""

    def __init__(self, *, job: Job, draining: asyncio.Event) -> None:
        self.job = job
        self.draining = draining

    async def run(self) -> None:
        """Bring the job as far as this slice allows.

        Raises `Draining`, `jobs.AlreadyDone` and `attempts.LeaseLost`.
        """
        if self.draining.is_set():
            # Before an attempt is opened: an open one without a reference is an unknown outcome.
            raise Draining
        try:
            provider, attempt = await in_database(begin, job=self.job)
            if is_overdue(job=self.job):
                await self._cancel(provider, attempt)
                raise Failure(FailureKind.EXPIRED, "The task took too long and was given up.")
            work = await in_thread(work_of, job=self.job)
            reference = attempt.upstream_ref or await self._start(provider, attempt, work)
            ready = await self._wait(provider, reference, work)
            content = ready.content or await self._download(ready.url)
            prepared = await in_thread(
                assets.prepare,
                content=content,
                size=catalog.load().sizes[self.job.size],
                output_format=self.job.output_format,
            )
            await in_database(deliver, job=self.job, prepared=prepared)
        except Failure as failure:
            await in_database(settle, job=self.job, failure=failure)

    async def _start(self, provider: Provider, attempt: Attempt, work: Work) -> str:
        """Ask the provider, and store where it keeps the work before anything else."""
        started = await provider.start(work)
        await in_database(
            attempts.note_started,
            job=self.job,
            attempt=attempt,
            upstream_ref=started.upstream_ref,
        )
        return started.upstream_ref

    async def _wait(self, provider: Provider, reference: str, work: Work) -> Ready:
        """Poll with back-off until the provider is done; raises `Failure` and `Draining`."""
        pause = POLL_FIRST_SECONDS
        shown = self.job.progress
        while True:
            answer = await provider.poll(reference, work)
            if isinstance(answer, Ready):
                return answer
            shown = await self._show(answer, shown)
            if is_overdue(job=self.job):
                await provider.cancel(reference)
                raise Failure(FailureKind.EXPIRED, "The task took too long and was given up.")
            try:
                await asyncio.wait_for(self.draining.wait(), pause)
            except TimeoutError:
                pause = min(pause * 1.3, POLL_LONGEST_SECONDS)
            else:
                raise Draining

    async def _show(self, answer: Pending, shown: int) -> int:
        """Store the progress when it has moved enough for a person to notice."""
        if answer.progress is None or answer.progress < shown + 20:
            return shown
        await in_database(leases.note_progress, job=self.job, progress=answer.progress)
        return answer.progress

    async def _download(self, url: str) -> bytes:
        try:
            response = await http.fetch(url=url, policy=http.VENDOR_RESULT)
        except http.FetchError as error:
            raise Failure(FailureKind.UNAVAILABLE, f"The result was lost: {error}") from error
        if response.status != 200:
            raise Failure(FailureKind.UNAVAILABLE, "The provider's result could not be fetched.")
        return response.body

    async def _cancel(self, provider: Provider, attempt: Attempt) -> None:
        if attempt.upstream_ref:
            await provider.cancel(attempt.upstream_ref)


def begin(*, job: Job) -> tuple[Provider, Attempt]:
    """Return the attempt to go on with, the open one or a new one at the next provider.

    An open attempt without a reference is a start whose outcome nobody knows: it is repeated
    only where that costs nothing. Raises `Failure` and `attempts.LeaseLost`.
    """
    try:
        route = registry.route_of(catalog.get_model(job.model))
    except (registry.NoProvider, catalog.UnknownModel) as error:
        raise Failure(FailureKind.UNAVAILABLE, error.message) from None
    known = {provider.name: provider for provider in route}
    attempt = attempts.find_open(job=job)
    if attempt is not None:
        provider = known.get(attempt.provider)
        if provider is None:
            raise Failure(FailureKind.UNAVAILABLE, "The provider is no longer configured.")
        if not attempt.upstream_ref and not provider.may_start_again:
            raise Failure(FailureKind.OUTCOME_UNKNOWN, "The provider's answer was lost.")
        return provider, attempt
    tried = attempts.count_ended(job=job)
    for provider in route:
        if tried.get(provider.name, 0) < TRIES_PER_PROVIDER:
            with transaction.atomic():
                return provider, attempts.open_one(job=job, provider=provider.name)
    raise Failure(FailureKind.UNAVAILABLE, "No provider could make this image.")


def deliver(*, job: Job, prepared: assets.Prepared) -> None:
    """Store the result and end the job with it; raises `jobs.AlreadyDone`.

    One call that nothing interrupts half-way, so a file that no job took does not stay behind.
    """
    file = assets.store(prepared=prepared)
    try:
        jobs.finish(job=job, prepared=prepared, file=file)
    except (OperationalError, InterfaceError):
        # The commit may have happened before the connection broke: the file has to stay.
        raise
    except Exception:
        files.remove(name=file)
        raise
    log.info("job_finished", bytes=len(prepared.content))


def settle(*, job: Job, failure: Failure) -> None:
    """Write down what a failure means for the job: over, or back to the queue for another try.

    Raises `jobs.AlreadyDone`.
    """
    tries = sum(attempts.count_ended(job=job).values())
    most = TRIES_PER_PROVIDER * max(len(registry.names_of(job.model)), 1)
    log.info("attempt_failed", kind=failure.kind.value, message=failure.message, tries=tries + 1)
    # A throttling provider only asked to wait; the deadline bounds how long that may go on.
    spent = tries + 1 >= most and failure.kind is not FailureKind.THROTTLED
    if failure.kind in FINAL_KINDS or spent or is_overdue(job=job):
        jobs.fail(job=job, kind=failure.kind, message=failure.message)
        return
    match failure.kind:
        case FailureKind.OUTCOME_UNKNOWN:
            delay = UNKNOWN_OUTCOME_SECONDS
        case _:
            delay = failure.retry_after_seconds or RETRY_SECONDS * 2**tries
    jobs.put_back(job=job, delay_seconds=delay, kind=failure.kind, message=failure.message)


def is_overdue(*, job: Job) -> bool:
    """Tell whether the job's deadline has passed, by this machine's clock."""
    return time.time() > job.deadline_at.timestamp()


def work_of(*, job: Job) -> Work:
    """Return the provider's view of a job, with the image it starts from."""
    size = catalog.load().sizes[job.size]
    image = None
    if job.image_file:
        image = Image(
            content=files.read(name=job.image_file),
            mime=mimetypes.guess_type(job.image_file)[0] or "",
            url=files.url_of(job.image_file),
        )
    return Work(
        job_id=job.public_id,
        endpoint=job.model,
        prompt=job.prompt,
        size=job.size,
        width=size.width,
        height=size.height,
        output_format=job.output_format,
        seed=job.seed,
        image=image,
    )
