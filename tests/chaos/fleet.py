"""The fleet under fire: a database, a web server and two workers that an init system restarts."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import psutil
import requests

from vidgo.dev import embedded_postgres
from vidgo.dev.process_groups import ProcessGroup

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 2
RESPAWN_SECONDS = 0.5


class Fleet:
    """The processes of a production machine, each restarted when it dies."""

    def __init__(self, *, data: Path, processes: ProcessGroup, settings: dict[str, str]) -> None:
        self.data = data
        self.processes = processes
        self.server = embedded_postgres.start(data=data, processes=processes)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        self.environment = {
            **os.environ,
            **settings,
            "DATABASE_URL": embedded_postgres.database_url(data=data),
            "VIDGO_DATA": str(data),
            "MEDIA_ROOT": str(data / "media"),
            "VIDGO_ENVIRONMENT": "development",
            "VIDGO_PUBLIC_URL": self.address,
            "PORT": str(port),
            "WEB_PROCESSES": "2",
            "WORKER_PROCESSES": "2",
            "LOG_FORMAT": "json",
        }
        self.log = data / "log"
        web = [sys.executable, "-m", "gunicorn", "-c", "python:vidgo.gunicorn", "vidgo.wsgi"]
        worker = [sys.executable, "manage.py", "worker"]
        self.commands = [web, *([worker] * WORKERS)]
        self.members: list[subprocess.Popen[bytes]] = []
        self.killed: Counter[str] = Counter()
        self.stopping = threading.Event()
        self.keeper = threading.Thread(target=self._keep, daemon=True)

    def start(self) -> None:
        """Prepare the database, start every process, and wait for the first answer."""
        for command in (["migrate", "--verbosity", "0"], ["seed_demo"]):
            subprocess.run(
                [sys.executable, "manage.py", *command],
                cwd=ROOT,
                env=self.environment,
                check=True,
                timeout=120,
            )
        self.members = [self._spawn(command) for command in self.commands]
        self.keeper.start()
        deadline = time.monotonic() + 60
        while not self.answers():
            if time.monotonic() > deadline:
                raise TimeoutError("The web server does not answer.")
            time.sleep(0.2)

    def answers(self) -> bool:
        """Return whether the web server is ready."""
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"{self.address}/readyz", timeout=2).ok
        return False

    def kill_one(self, *, chance: random.Random) -> None:
        """Kill a random process, as a machine short of memory would.

        A parent takes seconds to come back, so its children are killed three times as often.
        """
        targets: list[tuple[str, psutil.Process]] = []
        for number, member in enumerate(self.members):
            name = "web" if number == 0 else "worker"
            with contextlib.suppress(psutil.NoSuchProcess):
                top = psutil.Process(member.pid)
                targets.append((f"{name} top", top))
                targets += [(f"{name} below", each) for each in top.children(recursive=True)]
        below = [target for target in targets if target[0].endswith("below")]
        if below and chance.random() < 0.75:
            targets = below
        if not targets:
            return
        name, victim = chance.choice(targets)
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.kill()
            self.killed[name] += 1

    def restart_database(self) -> None:
        """Shut the database down at once, and start it again."""
        self.server.process.send_signal(signal.SIGQUIT)
        self.server.process.wait(timeout=30)
        self.server = embedded_postgres.start(data=self.data, processes=self.processes)
        self.killed["database"] += 1

    def close(self) -> None:
        """Stop restarting, and end the processes as an operator would."""
        self.stopping.set()
        self.keeper.join(5)
        self.processes.end(*self.members, patience_seconds=15)

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as output:
            return self.processes.start(
                command=command, cwd=ROOT, env=self.environment, output=output
            )

    def _keep(self) -> None:
        """Restart processes that have ended, as systemd does."""
        while not self.stopping.wait(RESPAWN_SECONDS):
            for number, member in enumerate(self.members):
                if member.poll() is not None:
                    self.processes.kill(member)
                    self.members[number] = self._spawn(self.commands[number])
