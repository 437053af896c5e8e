"""The supervisor above a django-q2 cluster: `manage.py worker`.

django-q2 restarts a worker that dies, but a killed idle process can leave the lock of a shared
pipe held forever, which blocks all the others. The supervisor therefore replaces the whole cluster
when any of its processes disappears, or when work is due and no task makes progress. That is
always safe: the work to do is in the job rows, not in the cluster.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.context import ForkProcess
from typing import Any

import psutil
import structlog
from django import db
from django.conf import settings
from django_q.cluster import Cluster
from django_q.signals import pre_execute

from vidgo.kernel import queue

log = structlog.get_logger(__name__)

TICK_SECONDS = 0.5
# A busy cluster beats each time it looks for work, an idle one when it receives a wake-up.
SILENCE_SECONDS = 20.0
# A little more than a work cycle needs to end, a little less than `manage.py up` gives the worker.
STOP_SECONDS = 10.0
RESTART_PAUSE_SECONDS = 1.0
PR_SET_PDEATHSIG = 1
# Of a cluster, besides its first process and its workers: sentinel, monitor and pusher.
OTHER_PROCESSES = 3
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class WorkSource:
    """What the cluster works on."""

    is_due: Callable[[], bool]
    # Sends wake-ups for due work.
    notify: Callable[[], None]
    # Releases the leases of a cluster by name and returns how many there were.
    release: Callable[[str], int]


class Supervisor:
    """Run one cluster until a signal stops it."""

    def __init__(self, *, work_source: WorkSource) -> None:
        self.work_source = work_source
        self.stopping = False
        self.cluster: ForkProcess | None = None
        self.processes: set[psutil.Process] = set()
        self.due_since: float | None = None

    def run(self) -> None:
        """Start the cluster and supervise it until SIGTERM, SIGINT or SIGHUP."""
        for signal_number in STOP_SIGNALS:
            signal.signal(signal_number, self._on_stop_signal)
        pre_execute.connect(_beat, dispatch_uid="vidgo-heartbeat")
        self._start()
        while not self.stopping:
            self._wait(TICK_SECONDS)
            if self.stopping:
                break
            reason = self._lost_process() or self._silence()
            if reason:
                log.error("cluster_restarted", reason=reason)
                self._kill()
                self._wait(RESTART_PAUSE_SECONDS)
                self._start()
        self._stop()

    def _on_stop_signal(self, signal_number: int, frame: Any) -> None:
        self.stopping = True

    def _wait(self, seconds: float) -> None:
        """Sleep, but return early when stopping."""
        until = time.monotonic() + seconds
        while not self.stopping and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))

    def _start(self) -> None:
        # A connection shared across a fork would be two writers on one socket.
        db.connections.close_all()
        queue.heartbeat.reset()
        self.processes = set()
        self.due_since = None
        self.cluster = multiprocessing.get_context("fork").Process(target=_run_cluster)
        # The new process unblocks the signals itself, once it handles them.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        self.cluster.start()
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if self.cluster.pid is not None:
            # Both processes create the group, as either may need it first.
            with suppress(ProcessLookupError):
                os.setpgid(self.cluster.pid, self.cluster.pid)
        log.info("cluster_started", pid=self.cluster.pid)

    def _lost_process(self) -> str:
        """Return why to replace the cluster if one of its processes is gone, else nothing."""
        if self.cluster is None or not self.cluster.is_alive():
            return "the cluster ended"
        try:
            living = {
                child
                for child in psutil.Process(self.cluster.pid).children(recursive=True)
                if child.status() != psutil.STATUS_ZOMBIE
            }
        except psutil.NoSuchProcess:
            return "a process ended"
        if self.processes - living:
            return "a process ended"
        self.processes |= living
        # A process that came and went between two checks was not seen, but its successor counts.
        if queue.heartbeat.forks > settings.WORKER_PROCESSES + OTHER_PROCESSES:
            return "a process was replaced"
        return ""

    def _silence(self) -> str:
        """Notify the cluster of due work; return why to replace it if it makes no progress."""
        try:
            if not self.work_source.is_due():
                self.due_since = None
                return ""
            if queue.is_idle():
                self.work_source.notify()
        except db.Error as error:
            # During a database outage there is nothing to do, and the cluster is not at fault.
            log.warning("database_away", error=str(error).strip())
            db.connections.close_all()
            self.due_since = None
            return ""
        now = time.monotonic()
        self.due_since = self.due_since or now
        waited = min(now - self.due_since, queue.heartbeat.seconds_since_beat)
        return "wake-ups go unanswered" if waited > SILENCE_SECONDS else ""

    def _stop(self) -> None:
        """Stop the cluster: let its work cycles release their jobs, then kill what is left."""
        if self.cluster is None:
            return
        queue.heartbeat.stop()
        if self.cluster.pid is not None and self.cluster.is_alive():
            os.kill(self.cluster.pid, signal.SIGTERM)
        self.cluster.join(STOP_SECONDS)
        self._kill()
        log.info("cluster_stopped")

    def _kill(self) -> None:
        """Kill every process of the cluster and release its leases."""
        if self.cluster is None or self.cluster.pid is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.cluster.pid, signal.SIGKILL)
        self.cluster.join(5)
        try:
            released = self.work_source.release(queue.cluster_name)
        except db.Error as error:
            # The leases expire by themselves; releasing them only saves the wait.
            log.warning("leases_not_released", error=str(error).strip())
            db.connections.close_all()
        else:
            if released:
                log.warning("leases_released", jobs=released)


def _beat(**_: Any) -> None:
    queue.heartbeat.beat()


def _run_cluster() -> None:
    """Run as the cluster's first process, in a process group of its own."""
    os.setpgid(0, 0)
    for signal_number in STOP_SIGNALS:
        signal.signal(signal_number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    _end_with_parent(parent=os.getppid())
    forked_by = [os.getpid()]

    def before_fork() -> None:
        forked_by[0] = os.getpid()
        queue.heartbeat.count_fork()

    os.register_at_fork(
        before=before_fork, after_in_child=lambda: _end_with_parent(parent=forked_by[0])
    )
    cluster = Cluster()
    cluster.start()
    if cluster.sentinel is not None:
        cluster.sentinel.join()
    sys.exit(0)


def _end_with_parent(*, parent: int) -> None:
    """Have the operating system kill this process when its parent dies, so that no orphan stays.

    Linux only; elsewhere an orphan ends with its database connection or keeps working, which the
    leases allow.
    """
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
