"""Long polling: requests that wait for their job to end, cheap for many at once.

A waiting request holds a thread, but no database connection and no query of its own: while any
request waits, one thread of the process looks up all their jobs by primary key, seven times a
second. LISTEN and NOTIFY would save those few queries, but would serialize all commits that notify
and don't work through a pooler in transaction mode.
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
    """Watches all jobs that requests of this process wait for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[int, list[threading.Event]] = {}
        self._count = 0
        self._thread: threading.Thread | None = None
        self._closed = False

    def wait(self, *, job_id: int, seconds: float) -> bool:
        """Return True after the job's end or `seconds`, False at once if too many wait."""
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
        """Answer all waiting requests and refuse new ones: the process is about to end."""
        # Takes no lock, because a signal handler calls this; the watcher sees the flag in time.
        self._closed = True

    def count(self) -> int:
        """Return how many requests are waiting."""
        return self._count

    def _watch(self) -> None:
        """Poll until no request waits."""
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
    """Return which of the jobs have ended; none while the database is down."""
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
    """Return the job once it has ended or after `seconds`; None at once if too many wait.

    Gives back this thread's database connection while it waits: call it outside transactions.
    """
    began = time.monotonic()
    if not job.is_over:
        give_back_connection()
        if not watcher.wait(job_id=job.pk, seconds=seconds):
            return None
    ended = Job.objects.select_related("asset").get(pk=job.pk)
    log.info("waited", job=job.public_id, seconds=round(time.monotonic() - began, 2))
    return ended
