"""Real processes of this project, started on the database of the test that runs."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote, urlencode

import psutil
import requests
from django.db import connection

from vidgo.dev.process_groups import ProcessGroup

ROOT = Path(__file__).resolve().parents[1]


def database_url() -> str:
    """Return the address of the test's database, as DATABASE_URL takes it."""
    given = connection.settings_dict
    user = ":".join(
        quote(str(given[part]), safe="") for part in ("USER", "PASSWORD") if given[part]
    )
    options = {"host": given["HOST"], "port": given["PORT"], **given["OPTIONS"]}
    further = urlencode({name: value for name, value in options.items() if value})
    return f"postgresql://{user}@/{quote(str(given['NAME']), safe='')}?{further}"


def environment(**changes: str) -> dict[str, str]:
    """Return the environment of a process that works on the test's database."""
    return {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "vidgo.settings",
        "LOG_FORMAT": "json",
        **changes,
    }


def wait_for(condition: Callable[[], object], *, seconds: float, what: str) -> float:
    """Wait until a condition holds and return how long that took; fail after `seconds`."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"no {what} within {seconds} s")
        time.sleep(0.05)
    return time.monotonic() - began


class Worker:
    """`manage.py worker` and every process below it."""

    def __init__(
        self,
        *,
        group: ProcessGroup,
        log: Path,
        processes: int = 2,
        command: Sequence[str],
        settings: Mapping[str, str],
    ) -> None:
        self.log = log
        self.processes = processes
        with log.open("ab") as output:
            self.process: subprocess.Popen[bytes] = group.start(
                command=[sys.executable, *command],
                cwd=ROOT,
                env=environment(WORKER_PROCESSES=str(processes), **settings),
                output=output,
            )

    def roles(self) -> dict[str, psutil.Process]:
        """Return the processes by what they do, as many as there are by now.

        django-q2 starts them in this order, and names none of them.
        """
        found = {}
        with contextlib.suppress(psutil.NoSuchProcess):
            supervisor = psutil.Process(self.process.pid)
            found["supervisor"] = supervisor
            for first in supervisor.children():
                found["first"] = first
                for sentinel in first.children():
                    found["sentinel"] = sentinel
                    below = sorted(sentinel.children(), key=lambda each: each.pid)
                    names = [f"worker {n}" for n in range(self.processes)] + ["monitor", "pusher"]
                    found.update(zip(names, below, strict=False))
        return found

    def wait_until_complete(self, *, seconds: float = 30) -> dict[str, psutil.Process]:
        """Wait until all its processes are there and return them by role."""
        wait_for(
            lambda: len(self.roles()) == self.processes + 5, seconds=seconds, what="whole cluster"
        )
        return self.roles()

    def stop(self, *, seconds: float = 15) -> float:
        """Send SIGTERM and return how long the end took; fail when anything is left."""
        members = list(self.roles().values())
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=seconds)
        wait_for(lambda: not living(members), seconds=1, what="end of every process")
        return time.monotonic() - began


def living(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Return those that still run, not counting what merely nobody has waited for."""
    return [each for each in processes if _is_living(each)]


def _is_living(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextlib.contextmanager
def web(*, log: Path, **settings: str) -> Iterator[str]:
    """Run the web server for the length of a block; yield its address once it answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "gunicorn", "-c", "python:vidgo.gunicorn", "vidgo.wsgi"]
    with ProcessGroup() as group, log.open("ab") as output:
        group.start(
            command=command,
            cwd=ROOT,
            env=environment(PORT=str(port), VIDGO_PUBLIC_URL=address, **settings),
            output=output,
        )
        wait_for(lambda: _answers(address), seconds=30, what="answer of the web server")
        yield address


def _answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/healthz", timeout=2).ok
    except requests.RequestException:
        # Gunicorn listens before it has loaded what shall answer.
        return False


@contextlib.contextmanager
def worker(
    *, log: Path, command: Sequence[str] = ("manage.py", "worker"), **settings: str
) -> Iterator[Worker]:
    """Run a worker for the length of a block; whatever happens, nothing of it stays."""
    with ProcessGroup() as group:
        yield Worker(group=group, log=log, command=command, settings=settings)
