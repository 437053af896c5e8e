"""The heartbeat: a few bytes that a supervisor shares with every process of its cluster."""

from __future__ import annotations

import ctypes
import mmap
import os
import secrets
import time


class Heartbeat:
    """A few bytes shared by a supervisor and every process forked below it.

    It tells the tasks that the cluster is to stop, and the supervisor when one last stirred.
    Plain memory without a lock: a lock could die in the hands of a killed process.
    """

    class _Layout(ctypes.Structure):
        _fields_ = (("stopping", ctypes.c_bool), ("beat", ctypes.c_double), ("forks", ctypes.c_int))

    def __init__(self) -> None:
        self._shared = self._Layout.from_buffer(mmap.mmap(-1, ctypes.sizeof(self._Layout)))
        self.beat()

    def beat(self) -> None:
        """Note that a task has begun or goes on, in system-wide monotonic seconds."""
        self._shared.beat = time.monotonic()

    def stop(self) -> None:
        """Tell the tasks to end early."""
        self._shared.stopping = True

    def count_fork(self) -> None:
        """Note that the cluster makes a process; its processes do so one after another."""
        self._shared.forks += 1

    def reset(self) -> None:
        """Forget what was noted about a cluster that is gone."""
        self.beat()
        self._shared.forks = 0

    @property
    def is_stopping(self) -> bool:
        """Return whether the tasks should end early."""
        return bool(self._shared.stopping)

    @property
    def seconds_since_beat(self) -> float:
        """Return how long ago a task last stirred."""
        return time.monotonic() - float(self._shared.beat)

    @property
    def forks(self) -> int:
        """Return how many processes the cluster has made."""
        return int(self._shared.forks)


# Replaced by the supervisor before it forks; outside a worker it just never stops anything.
heartbeat = Heartbeat()
# Names the cluster in leases, so that a supervisor can void those of processes it has killed. The
# random part tells containers apart whose host name and process number are the same.
cluster_name = f"{os.uname().nodename[:40]}.{os.getpid()}.{secrets.token_hex(4)}"
