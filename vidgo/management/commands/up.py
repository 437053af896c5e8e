"""One process tree for a laptop: database, migrations, demo data, web and worker."""

import contextlib
import errno
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection

from vidgo.dev import embedded_postgres, process_groups

# How long to wait for the watchdog of a killed copy to stop what is left of it.
LOCK_SECONDS = 20.0
READY_SECONDS = 60.0
# Everything together stops within fifteen seconds.
STOP_SECONDS = 11.0
HARD_STOP_SECONDS = 14
# A service that ends is restarted after 1, 2, 4 … seconds; after 1 again once it ran steadily.
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0
TICK_SECONDS = 0.1
# `make` forwards SIGTERM, so one request to stop may arrive twice.
ECHO_SECONDS = 1.0
LARGEST_PORT = 65_535


class Stopped(Exception):
    """A stop was requested before everything had started."""


@dataclass(kw_only=True)
class Service:
    """A process that is kept running."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    again_at: float = 0.0
    pause_seconds: float = 1.0

    def run(self) -> None:
        """Start the process."""
        self.started_at = time.monotonic()
        self.process = self.start()

    def has_ended(self) -> bool:
        """Return whether the process was started and has ended."""
        return self.process is not None and self.process.poll() is not None

    def retire(self) -> float:
        """Schedule the next start, and return the seconds until then."""
        now = time.monotonic()
        if now - self.started_at > STEADY_SECONDS:
            self.pause_seconds = 1.0
        pause = self.pause_seconds
        self.process = None
        self.again_at = now + pause
        self.pause_seconds = min(pause * 2, LONGEST_PAUSE_SECONDS)
        return pause


class Command(BaseCommand):
    """Start Vidgo with everything it needs, and stop it all on Ctrl-C or SIGTERM."""

    help = __doc__ or ""
    # Checked later, so that a taken folder or port is reported first.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--with-make`, for `make run`."""
        parser.add_argument(
            "--with-make",
            action="store_true",
            help="also stop when the make that started this process stops",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Lock the folder, open the port, then run until stopped."""
        self.make = os.getppid() if options["with_make"] else None
        self.stop_requested_at: float | None = None
        self.processes: process_groups.ProcessGroup | None = None
        self.server: embedded_postgres.Server | None = None
        self.services: list[Service] = []
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
            signal.signal(number, self._on_signal)
        data = embedded_postgres.open_folder(data=settings.VIDGO_DATA)
        # Children run in the project's folder, where a relative path would be a different one.
        os.environ["VIDGO_DATA"] = str(data)
        try:
            lock = process_groups.hold(path=data / "up.lock", patience_seconds=LOCK_SECONDS)
        except process_groups.AlreadyHeld as error:
            raise CommandError(f"another copy is running on VIDGO_DATA={data}: {error}") from None
        with listen(host=settings.HOST, port=settings.PORT) as listener:
            self.check()
            self.processes = process_groups.ProcessGroup(keep=[lock])
            try:
                self._start_all(self.processes, listener)
                self._supervise(self.processes)
            except embedded_postgres.ServerError as error:
                raise CommandError(str(error)) from None
            except Stopped:
                pass
            finally:
                self._stop_all(self.processes)

    # Starting ------------------------------------------------------------------------------------

    def _start_all(self, processes: process_groups.ProcessGroup, listener: socket.socket) -> None:
        if not settings.DATABASE_URL:
            self._say("Starting PostgreSQL …")
            self._add("postgres", lambda: self._start_postgres(processes))
        self._say("Preparing the database …")
        prepare_database()
        self._check_stop()
        web = self._add("web", lambda: _start_web(processes, listener))
        self._add(
            "worker", lambda: processes.start(command=_manage("worker"), cwd=settings.BASE_DIR)
        )
        deadline = time.monotonic() + READY_SECONDS
        while not is_healthy():
            self._check_stop()
            if web.has_ended():
                raise CommandError("the web server failed to start; the reason is above")
            if time.monotonic() > deadline:
                raise CommandError(f"the web server did not answer within {READY_SECONDS:.0f} s")
            time.sleep(TICK_SECONDS)
        self._say(banner())

    def _add(self, name: str, start: Callable[[], subprocess.Popen[bytes]]) -> Service:
        service = Service(name=name, start=start)
        service.run()
        self.services.append(service)
        self._check_stop()
        return service

    def _start_postgres(self, processes: process_groups.ProcessGroup) -> subprocess.Popen[bytes]:
        self.server = embedded_postgres.start(data=settings.VIDGO_DATA, processes=processes)
        return self.server.process

    def _check_stop(self) -> None:
        if self._should_stop():
            raise Stopped

    # Running -------------------------------------------------------------------------------------

    def _supervise(self, processes: process_groups.ProcessGroup) -> None:
        while not self._should_stop():
            for service in self.services:
                if service.process is not None and service.has_ended():
                    status = service.process.returncode
                    processes.kill(service.process)
                    self._schedule(service, f"ended with status {status}")
                elif service.process is None and time.monotonic() >= service.again_at:
                    try:
                        service.run()
                    except embedded_postgres.ServerError as error:
                        self._schedule(service, f"does not start: {error}")
            time.sleep(TICK_SECONDS)

    def _schedule(self, service: Service, problem: str) -> None:
        self._say(f"{service.name} {problem}; starting it again in {service.retire():.0f} s")

    # Stopping ------------------------------------------------------------------------------------

    def _should_stop(self) -> bool:
        if self.make is not None and (os.getppid() != self.make or only_waits(make=self.make)):
            return True
        return self.stop_requested_at is not None

    def _on_signal(self, number: int, frame: object) -> None:
        now = time.monotonic()
        requested_at = self.stop_requested_at
        if number == signal.SIGALRM or (
            requested_at is not None and now - requested_at > ECHO_SECONDS
        ):
            if self.processes is not None:
                self.processes.kill_at_once()
            os._exit(1)
        if requested_at is None:
            self.stop_requested_at = now
            signal.alarm(HARD_STOP_SECONDS)

    def _stop_all(self, processes: process_groups.ProcessGroup) -> None:
        signal.alarm(HARD_STOP_SECONDS)
        self._say("Stopping …")
        others = [s.process for s in self.services if s.process and s.name != "postgres"]
        processes.end(*others, patience_seconds=STOP_SECONDS)
        if self.server is not None:
            self.server.stop()
        processes.close()
        signal.alarm(0)
        self._say("Stopped.")

    def _say(self, text: str) -> None:
        # The terminal may be closed, which must not prevent the stop.
        with contextlib.suppress(OSError):
            self.stdout.write(text)
            self.stdout.flush()


def only_waits(*, make: int) -> bool:
    """Return whether a make process got a signal and only waits for its child to end.

    GNU make forwards SIGTERM; at a SIGINT or SIGHUP sent to it alone, it removes its handler and
    waits. Linux lists another process's handlers in /proc; on other systems such a make waits until
    its child gets a signal too.
    """
    try:
        status = Path(f"/proc/{make}/status").read_text()
    except FileNotFoundError:
        return False
    masks = re.findall(r"^Sig(?:Ign|Cgt):\t(\w+)$", status, flags=re.MULTILINE)
    handled = reduce(or_, (int(mask, 16) for mask in masks), 0)
    return not all(handled >> (number - 1) & 1 for number in (signal.SIGINT, signal.SIGHUP))


def listen(*, host: str, port: int) -> socket.socket:
    """Open the socket of the web server; raises CommandError if the port is taken.

    It is opened here so that it survives restarts of the web server.
    """
    # Some systems silently truncate a larger number.
    if port > LARGEST_PORT:
        raise CommandError(f"PORT={port} is not valid: the largest port is {LARGEST_PORT}")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        return socket.create_server(found[0][4][:2], family=found[0][0], backlog=2048)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CommandError(
                f"port {port} on {host} is taken: choose another one, as in PORT={port + 1}"
            ) from None
        raise CommandError(f"cannot listen on HOST={host} PORT={port}: {error.strerror}") from None


def prepare_database() -> None:
    """Migrate, and seed a development copy; raises CommandError if the database is down."""
    try:
        connection.ensure_connection()
    except OperationalError as error:
        reason = " ".join(str(error).split())
        raise CommandError(f"the database does not answer: {reason}") from None
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    if not settings.PRODUCTION:
        call_command("seed_demo", verbosity=0)
    connection.close()


def is_healthy() -> bool:
    """Return whether the web server answers."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.HOST, settings.HOST)  # noqa: S104
    client = http.client.HTTPConnection(host, settings.PORT, timeout=2)
    try:
        client.request(
            "GET", "/healthz", headers={"Host": urlsplit(settings.VIDGO_PUBLIC_URL).netloc}
        )
        return client.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        client.close()


def banner() -> str:
    """Return the welcome text: the URL, the demo account, and a command to paste."""
    lines = ["", f"{settings.VIDGO_NAME} is ready at {settings.VIDGO_PUBLIC_URL}"]
    demo = settings.VIDGO_DATA / "demo.json"
    if not settings.PRODUCTION and demo.exists():
        account = json.loads(demo.read_text())
        body = json.dumps({"model": "flux-kontext-pro", "input": {"prompt": "a red fox at dawn"}})
        lines += [
            f"  Sign in   {account['email']}  {account['password']}",
            f"  API key   {account['api_key']}",
            "",
            "Make an image:",
            f"  curl -s {account['base_url']}/api/generate/submit"
            f" -H 'Authorization: Bearer {account['api_key']}'"
            f" -H 'Content-Type: application/json' -d '{body}'",
        ]
    return "\n".join([*lines, "", "Press Ctrl-C to stop.", ""])


def _start_web(
    processes: process_groups.ProcessGroup, listener: socket.socket
) -> subprocess.Popen[bytes]:
    return processes.start(
        command=[
            *(sys.executable, "-m", "gunicorn", "--config", "python:vidgo.gunicorn"),
            *("--bind", f"fd://{listener.fileno()}", "vidgo.wsgi"),
        ],
        cwd=settings.BASE_DIR,
        pass_fds=[listener.fileno()],
    )


def _manage(command: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), command]
