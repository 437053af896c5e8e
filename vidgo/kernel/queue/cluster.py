"""The heartbeat and the name of a cluster, shared by a supervisor with all its processes."""

from __future__ import annotations

import ctypes
import mmap
import os
import secrets
import time


class Heartbeat:
    """Memory shared by a supervisor and the processes forked below it.

    It tells the tasks that the cluster is stopping, and the supervisor when a task last made
    progress. There is no lock: a killed process could hold it forever.
    """

    class _Layout(ctypes.Structure):
        _fields_ = (("stopping", ctypes.c_bool), ("beat", ctypes.c_double), ("forks", ctypes.c_int))

    def __init__(self) -> None:
        self._shared = self._Layout.from_buffer(mmap.mmap(-1, ctypes.sizeof(self._Layout)))
        self.beat()

    def beat(self) -> None:
        """Record that a task has begun or made progress."""
        # The monotonic clock is the same for all processes of the system.
        self._shared.beat = time.monotonic()

    def stop(self) -> None:
        """Tell the tasks to end early."""
        self._shared.stopping = True

    def count_fork(self) -> None:
        """Count a fork of the cluster; forks never overlap."""
        self._shared.forks += 1

    def reset(self) -> None:
        """Start over for a new cluster."""
        self.beat()
        self._shared.forks = 0

    @property
    def is_stopping(self) -> bool:
        """Return whether the tasks should end early."""
        return bool(self._shared.stopping)

    @property
    def seconds_since_beat(self) -> float:
        """Return the seconds since a task last made progress."""
        return time.monotonic() - float(self._shared.beat)

    @property
    def forks(self) -> int:
        """Return how many processes the cluster has forked."""
        return int(self._shared.forks)


# Shared by forks of the supervisor; in other processes nothing reads or stops it.
heartbeat = Heartbeat()
# Names the cluster in leases, so that a supervisor can release those of processes it has killed.
# The random part tells apart containers with the same host name and process id.
cluster_name = f"{os.uname().nodename[:40]}.{os.getpid()}.{secrets.token_hex(4)}"
