"""The job loop: one work cycle that drives many jobs at once.

A work cycle claims jobs, drives each in one coroutine, and releases what is unfinished after
WORK_CYCLE_SECONDS. A later cycle, here or on another machine, resumes it from the stored upstream
reference. Database and storage calls run in threads, network calls on the event loop.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
import time

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError

from generation import jobs
from generation.engine import claims, driver, failures, leases
from generation.engine.thread_pools import in_database
from generation.jobs import attempts
from generation.models import Job
from generation.providers.base import Failure, FailureKind
from generation.storage import files
from vidgo.kernel import http, queue
from vidgo.kernel.db.transactions import is_lock_timeout
from vidgo.kernel.ops import failpoints

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.07
DRAIN_SECONDS = 6.0
# How long a thread may hold the GIL. With Python's default of 5 ms, each small step of a database
# call waits for the event loop and the image threads: 40 jobs a second saturated four threads.
SWITCH_SECONDS = 0.0005


def drive() -> int:
    """Run one work cycle and return how many jobs it drove."""
    sys.setswitchinterval(SWITCH_SECONDS)
    return asyncio.run(WorkCycle().run())


class WorkCycle:
    """One claim-and-drive round of about WORK_CYCLE_SECONDS."""

    def __init__(self) -> None:
        self.owner = f"{queue.cluster_name}/{secrets.token_hex(6)}"
        self.running: dict[asyncio.Task[None], int] = {}
        self.draining = asyncio.Event()
        self.ends_at = time.monotonic() + settings.WORK_CYCLE_SECONDS
        self.renew_at = time.monotonic() + settings.LEASE_SECONDS / 3
        self.driven = 0

    async def run(self) -> int:
        """Drive jobs until there are none or the cycle is over."""
        try:
            while not self._is_over():
                queue.heartbeat.beat()
                is_answered = await self._claim()
                if not self.running:
                    if is_answered:
                        break
                    continue
                await asyncio.wait(self.running, timeout=LOOK_SECONDS)
                await self._renew()
            await self._drain()
        finally:
            # Nothing is left to cancel after a drain, but there may be after an error.
            await self._cancel_running()
            await http.close()
            released = await in_database(self._release)
        if released:
            log.info("work_cycle_released", jobs=released, owner=self.owner)
        return self.driven

    def _is_over(self) -> bool:
        return queue.heartbeat.is_stopping or time.monotonic() >= self.ends_at

    async def _claim(self) -> bool:
        """Claim jobs and start them; return False if the turn to claim did not come in time."""
        free = settings.JOBS_IN_FLIGHT_PER_PROCESS - len(self.running)
        if files.is_away():
            # Buy no images that can't be stored; one job at a time checks the storage.
            free = 0 if self.running else 1
        if free <= 0:
            return True
        try:
            claimed = await in_database(claims.claim, owner=self.owner, limit=free)
        except OperationalError as error:
            if not is_lock_timeout(error):
                raise
            log.warning("claim_timed_out")
            return False
        if claimed:
            failpoints.hit("claim.done")
        for job in claimed:
            task = asyncio.create_task(self._drive(job))
            self.running[task] = job.pk
            task.add_done_callback(self.running.pop)
            self.driven += 1
        return True

    async def _renew(self) -> None:
        """Renew the leases in time, and stop driving jobs that another driver has taken over."""
        if time.monotonic() < self.renew_at or not self.running:
            return
        self.renew_at = time.monotonic() + settings.LEASE_SECONDS / 3
        held = set(self.running.values())
        ours = await in_database(leases.renew, owner=self.owner, job_ids=held)
        for task, job_id in list(self.running.items()):
            if job_id in held and job_id not in ours:
                task.cancel()

    async def _drain(self) -> None:
        """Let calls in flight return, then cancel the rest."""
        self.draining.set()
        patient_until = time.monotonic() + DRAIN_SECONDS
        while self.running and time.monotonic() < patient_until:
            queue.heartbeat.beat()
            await asyncio.wait(self.running, timeout=LOOK_SECONDS)
            await self._renew()
        await self._cancel_running()

    async def _cancel_running(self) -> None:
        hanging = list(self.running)
        for task in hanging:
            task.cancel()
        if hanging:
            await asyncio.wait(hanging)

    def _release(self) -> int:
        released = leases.release(owner=self.owner)
        if released:
            queue.notify(jobs.WAKE_UP)
        return released

    async def _drive(self, job: Job) -> None:
        """Drive one job, and record how that ends."""
        structlog.contextvars.bind_contextvars(job=job.public_id)
        try:
            await driver.drive(job=job, draining=self.draining)
        except driver.Released:
            return
        except (jobs.AlreadyDone, attempts.LeaseLost):
            log.info("job_taken_over")
        except (OperationalError, InterfaceError) as error:
            # The lease runs out, and another work cycle resumes the job.
            log.warning("database_away", error=str(error).strip())
        except asyncio.CancelledError:
            log.warning("job_released")
        except Exception:
            log.exception("job_crashed")
            await self._retry_crashed(job)

    async def _retry_crashed(self, job: Job) -> None:
        """Count a bug in our own code as a failed attempt, so that the job cannot loop forever."""
        failure = Failure(FailureKind.UNAVAILABLE, "Something went wrong on our side.")
        try:
            await in_database(failures.settle, job=job, failure=failure)
        except (jobs.AlreadyDone, OperationalError, InterfaceError) as error:
            log.warning("crashed_job_not_settled", error=str(error).strip())
