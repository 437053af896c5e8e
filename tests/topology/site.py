"""The processes of one production site on this machine, and how an operator restarts them."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import requests

from sandbox.vendors import bfl
from sandbox.vendors.server import Vendors
from tests.object_storage import ObjectStorage
from tests.running import environment, wait_for
from tests.topology.balancer import Balancer
from vidgo.dev.process_groups import ProcessGroup

ROOT = Path(__file__).resolve().parents[2]
WEB = [sys.executable, "-m", "gunicorn", "-c", "python:vidgo.gunicorn"]
WORKER = [sys.executable, "manage.py", "worker"]
# The protocol of socket units: descriptors from 3 on, and only for this process id.
ACTIVATION = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])
"""
# Longer than the balancer needs to notice that a web server is ending.
DRAIN_SECONDS = 1
START_SECONDS = 60
STOP_SECONDS = 30


class Member:
    """A web server or a worker that can be started and stopped."""

    def __init__(
        self,
        *,
        name: str,
        processes: ProcessGroup,
        folder: Path,
        command: list[str],
        settings: Mapping[str, str],
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self.starts = 0
        self._processes = processes
        self._command = command
        self._settings = settings
        self._descriptors: tuple[int, ...] = ()
        self.process: subprocess.Popen[bytes] | None = None

    def hold(self, listener: socket.socket) -> None:
        """Give it a socket that outlives it, as systemd does."""
        self._descriptors = (listener.fileno(),)
        handing_on = [sys.executable, "-c", ACTIVATION, str(listener.fileno())]
        self._command = [*handing_on, *self._command]

    def start(self) -> None:
        """Start the process; it is not ready yet."""
        self.starts += 1
        with self.log.open("ab") as output:
            self.process = self._processes.start(
                command=self._command,
                cwd=ROOT,
                env=environment(**self._settings),
                output=output,
                pass_fds=self._descriptors,
            )

    def end(self) -> None:
        """Send SIGTERM, wait for the end, and check that it was clean."""
        assert self.process is not None
        self._processes.end(self.process, patience_seconds=STOP_SECONDS)
        assert self.process.returncode == 0, self.name

    def count(self, event: str) -> int:
        """Return how often an event is in its log."""
        return self.log.read_text().count(f'"{event}"')


class Site:
    """Two webs, three workers, an object storage and the balancer that customers call."""

    def __init__(
        self,
        *,
        processes: ProcessGroup,
        folder: Path,
        storage: ObjectStorage,
        vendors: Vendors,
        held: bool,
    ) -> None:
        self._processes = processes
        self.storage = storage
        self.vendors = vendors
        ports = _free_ports(3)
        self.address = f"http://127.0.0.1:{ports[0]}"
        shared = {
            **storage.settings,
            "BFL_API_KEY": bfl.KEY,
            "BFL_BASE_URL": f"{vendors.url}/bfl",
            "VIDGO_ALLOW_LOOPBACK_URLS": "true",
            "VIDGO_PUBLIC_URL": self.address,
            "WEB_PROCESSES": "1",
            "WORKER_PROCESSES": "1",
            "WEB_DRAIN_SECONDS": "0" if held else str(DRAIN_SECONDS),
        }

        def member(name: str, command: list[str], **settings: str) -> Member:
            merged = {**shared, **settings}
            return Member(
                name=name, processes=processes, folder=folder, command=command, settings=merged
            )

        self.webs = [
            member(f"web-{n}", [*WEB, "vidgo.wsgi"], PORT=str(port))
            for n, port in enumerate(ports[1:])
        ]
        self.workers = [member(f"worker-{n}", WORKER) for n in range(3)]
        self._listeners: list[socket.socket] = []
        if held:
            for web, port in zip(self.webs, ports[1:], strict=True):
                listener = socket.create_server(("127.0.0.1", port), backlog=512)
                self._listeners.append(listener)
                web.hold(listener)
        self.balancer = Balancer(port=ports[0], webs=ports[1:], looks=not held)

    @property
    def members(self) -> Sequence[Member]:
        """Return every process that an operator restarts, in the order of a deploy."""
        return [*self.webs, *self.workers]

    def start(self) -> None:
        """Start everything and wait until web servers and workers are ready."""
        for member in self.members:
            member.start()
        for member in self.members:
            self.wait_until_ready(member)

    def restart(self, member: Member) -> float:
        """Restart one member and return how long it was away, in seconds."""
        began = time.monotonic()
        member.end()
        member.start()
        self.wait_until_ready(member)
        return time.monotonic() - began

    def wait_until_ready(self, member: Member) -> None:
        """Wait until a web server says that it is ready, or a worker that its cluster runs."""
        what = f"start of {member.name}"
        if member in self.workers:
            wait_for(
                lambda: member.count("cluster_started") >= member.starts,
                seconds=START_SECONDS,
                what=what,
            )
            return
        port = self.balancer.webs[self.webs.index(member)]
        wait_for(lambda: _is_ready(port), seconds=START_SECONDS, what=what)

    def close(self) -> None:
        """Stop everything and close the sockets."""
        members = [member.process for member in self.members if member.process is not None]
        self._processes.end(*members, patience_seconds=STOP_SECONDS)
        self.storage.stop()
        for listener in self._listeners:
            listener.close()


@contextlib.contextmanager
def running(*, folder: Path, held: bool = False) -> Iterator[Site]:
    """Run a site during a block. `held`: its sockets outlive its web servers."""
    with ProcessGroup() as processes, Vendors() as vendors:
        for shop in vendors.shops.values():
            shop.set({"work_seconds": 1.0, "scale": 0.1})
        storage = ObjectStorage(processes=processes, folder=folder)
        storage.start()
        site = Site(processes=processes, folder=folder, storage=storage, vendors=vendors, held=held)
        with site.balancer, contextlib.closing(site):
            site.start()
            yield site


def _is_ready(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/readyz", timeout=10).ok
    except requests.RequestException:
        # Not listening yet, or listening without answering.
        return False


def _free_ports(many: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(many)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports
