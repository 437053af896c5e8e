"""The supervisor above a django-q2 cluster: `manage.py worker`.

django-q2 restarts a worker that dies, but a hard kill of an idle process can leave the lock of a
shared pipe held for ever, and then nothing moves and nothing stops. The supervisor therefore
replaces the whole cluster when any of its processes disappears, or when work is due and no driver
stirs. That is always safe: what is to be done stands in the job rows, not in the cluster.
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
# A busy cluster gives a sign of life with each look for work, an idle one answers the bell.
SILENCE_SECONDS = 20.0
# A little more than a slice needs to drain, a little less than `manage.py up` grants the worker.
STOP_SECONDS = 10.0
RESTART_PAUSE_SECONDS = 1.0
PR_SET_PDEATHSIG = 1
# Of a cluster, besides its workers and its first process: sentinel, monitor and pusher.
OTHER_PROCESSES = 3
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class WorkSource:
    """What the cluster is for: how to see that work is due, to ring for it, and to let go of it."""

    is_due: Callable[[], bool]
    notify: Callable[[], None]
    release: Callable[[str], int]


class Supervisor:
    """Runs one cluster until it is told to stop."""

    def __init__(self, *, work_source: WorkSource) -> None:
        self.work_source = work_source
        self.stopping = False
        self.cluster: ForkProcess | None = None
        self.family: set[psutil.Process] = set()
        self.due_since: float | None = None

    def run(self) -> None:
        """Start the cluster and look after it until SIGTERM or SIGINT."""
        for signal_number in STOP_SIGNALS:
            signal.signal(signal_number, self._told_to_stop)
        pre_execute.connect(_beat, dispatch_uid="vidgo-pulse")
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

    def _told_to_stop(self, signal_number: int, frame: Any) -> None:
        self.stopping = True

    def _wait(self, seconds: float) -> None:
        """Sleep, but wake early when told to stop."""
        until = time.monotonic() + seconds
        while not self.stopping and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))

    def _start(self) -> None:
        # A connection shared across a fork would be two writers on one socket.
        db.connections.close_all()
        queue.heartbeat.reset()
        self.family = set()
        self.due_since = None
        self.cluster = multiprocessing.get_context("fork").Process(target=_run_cluster)
        # The new process is told nothing before it can listen: it unblocks the signals itself.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        self.cluster.start()
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if self.cluster.pid is not None:
            # Both sides make the group, as either may come first to need it.
            with suppress(ProcessLookupError):
                os.setpgid(self.cluster.pid, self.cluster.pid)
        log.info("cluster_started", pid=self.cluster.pid)

    def _lost_process(self) -> str:
        """Return why the cluster must go when one of its processes is gone, else nothing."""
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
        if self.family - living:
            return "a process ended"
        self.family |= living
        # One that came and went between two looks was seen by nobody, but its successor counts.
        if queue.heartbeat.forks > settings.WORKER_PROCESSES + OTHER_PROCESSES:
            return "a process was replaced"
        return ""

    def _silence(self) -> str:
        """Ring for due work; return why the cluster must go when it does not answer."""
        try:
            if not self.work_source.is_due():
                self.due_since = None
                return ""
            if queue.is_idle():
                self.work_source.notify()
        except db.Error as error:
            # The database is away: nothing can be done, and nothing is the cluster's fault.
            log.warning("database_away", error=str(error).strip())
            db.connections.close_all()
            self.due_since = None
            return ""
        now = time.monotonic()
        self.due_since = self.due_since or now
        waited = min(now - self.due_since, queue.heartbeat.seconds_since_beat)
        return "bells go unanswered" if waited > SILENCE_SECONDS else ""

    def _stop(self) -> None:
        """End the cluster: let the slices release their jobs, then insist."""
        if self.cluster is None:
            return
        queue.heartbeat.stop()
        if self.cluster.pid is not None and self.cluster.is_alive():
            os.kill(self.cluster.pid, signal.SIGTERM)
        self.cluster.join(STOP_SECONDS)
        self._kill()
        log.info("cluster_stopped")

    def _kill(self) -> None:
        """End every process of the cluster at once and void what they had leased."""
        if self.cluster is None or self.cluster.pid is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.cluster.pid, signal.SIGKILL)
        self.cluster.join(5)
        try:
            released = self.work_source.release(queue.cluster_name)
        except db.Error as error:
            # The leases run out by themselves; this only saves the wait.
            log.warning("leases_not_released", error=str(error).strip())
            db.connections.close_all()
        else:
            if released:
                log.warning("leases_released", jobs=released)


def _beat(**_: Any) -> None:
    queue.heartbeat.beat()


def _run_cluster() -> None:
    """Be the cluster's first process, in a process group of its own."""
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
    """Have the kernel kill this process when its parent dies, so that no orphan keeps a lease.

    Linux only; elsewhere an orphan ends with its database connection or keeps working, which
    the leases allow.
    """
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
