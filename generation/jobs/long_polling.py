"""Waiting for the end of jobs, many at once, for little.

A waiting request keeps a thread, which costs next to nothing, and neither a connection nor a query
of its own: while anybody waits, one thread of the process asks by primary key for all their jobs
together, seven times a second. LISTEN and NOTIFY would save those few queries, but would make every
commit that notifies take turns with the others, and work through no pooler in transaction mode.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from generation.models import ENDS, Job
from vidgo.kernel.db.transactions import give_back_connection

log = structlog.get_logger(__name__)

LONGEST_SECONDS = 30
LOOK_SECONDS = 0.15


class Watcher:
    """Looks for the ends of all jobs that requests of this process wait for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[int, list[threading.Event]] = {}
        self._count = 0
        self._thread: threading.Thread | None = None
        self._closed = False

    def wait(self, *, job_id: int, seconds: float) -> bool:
        """Return True after the job's end or the time given, False at once when too many wait."""
        ended = threading.Event()
        with self._changed:
            if self._closed or self._count >= settings.WEB_WAITS:
                return False
            self._count += 1
            self._waiting.setdefault(job_id, []).append(ended)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._watch, name="waiting", daemon=True)
                self._thread.start()
        try:
            ended.wait(seconds)
        finally:
            with self._changed:
                self._count -= 1
                others = self._waiting.get(job_id, [])
                if ended in others:
                    others.remove(ended)
                if not others:
                    self._waiting.pop(job_id, None)
                self._changed.notify()
        return True

    def close(self) -> None:
        """Answer all who wait, and let nobody wait any more: the process is to end."""
        # No lock is taken, as this is called by a signal's handler; the watcher sees it in time.
        self._closed = True

    def count(self) -> int:
        """Return how many requests wait."""
        return self._count

    def _watch(self) -> None:
        """Look until nobody waits."""
        try:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: not self._waiting, timeout=LOOK_SECONDS)
                    if not self._waiting:
                        self._thread = None
                        return
                    wanted = list(self._waiting)
                self._wake(wanted if self._closed else _ended_of(wanted))
        finally:
            connection.close()

    def _wake(self, job_ids: Collection[int]) -> None:
        with self._changed:
            for job_id in job_ids:
                for ended in self._waiting.pop(job_id, ()):
                    ended.set()


def _ended_of(job_ids: Collection[int]) -> list[int]:
    """Return those of the jobs that have ended; none while the database is away."""
    try:
        return list(
            Job.objects.filter(pk__in=job_ids, status__in=ENDS).values_list("pk", flat=True)
        )
    except (OperationalError, InterfaceError) as error:
        log.warning("database_away", error=str(error).strip())
        connection.close()
        return []


watcher = Watcher()


def until_end(*, job: Job, seconds: float) -> Job | None:
    """Return the job as it is when it ends, or after `seconds`; None at once when too many wait.

    Gives this thread's connection back meanwhile: call it outside transactions.
    """
    began = time.monotonic()
    if not job.is_over:
        give_back_connection()
        if not watcher.wait(job_id=job.pk, seconds=seconds):
            return None
    ended = Job.objects.select_related("asset").get(pk=job.pk)
    log.info("waited", job=job.public_id, seconds=round(time.monotonic() - began, 2))
    return ended
