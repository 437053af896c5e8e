"""The test stand for measurements: a durable database, customers, and web servers."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from benchmarks import load
from vidgo.dev import embedded_postgres
from vidgo.dev.process_groups import ProcessGroup

ROOT = Path(__file__).resolve().parents[1]
PORT = 9190
BARE_PORT = 9191
HOST = f"127.0.0.1:{PORT}"
CREDITS = 100_000_000
# The first ids of customers, so that they differ from all other numbers in a query.
FIRST_ORGANIZATION = 700_000_001
FIRST_KEY = 800_000_001


@dataclass(frozen=True, slots=True)
class Customer:
    """An organization and one of its keys."""

    organization_id: int
    api_key_id: int
    key: str


@dataclass(slots=True)
class Stand:
    """A running database, and what is needed to measure with it."""

    processes: ProcessGroup
    data: Path
    url: str
    log: Path

    def load(
        self, messages: list[str], *, connections: int, seconds: float, port: int = PORT
    ) -> dict[str, Any]:
        """Send requests from a separate process and return its figures."""
        plan = load.Plan(port=port, requests=messages, connections=connections, seconds=seconds)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.load"],
            cwd=ROOT,
            input=load.as_json(plan),
            capture_output=True,
            text=True,
            check=True,
        )
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    @contextmanager
    def serving(self, application: str = "vidgo.wsgi", *, port: int = PORT) -> Iterator[int]:
        """Run our web server as in production, or a bare one, and yield its process id."""
        options = ["--config", "python:vidgo.gunicorn"]
        path = "/readyz"
        if application != "vidgo.wsgi":
            from django.conf import settings

            options = ["--workers", str(settings.WEB_PROCESSES), "--worker-class", "gthread"]
            options += ["--threads", str(settings.WEB_THREADS), "--bind", f"127.0.0.1:{port}"]
            options += ["--keep-alive", "5", "--preload", "--no-control-socket"]
            path = "/bare"
        with self.log.open("ab") as output:
            server = self.processes.start(
                command=[sys.executable, "-m", "gunicorn", *options, application],
                cwd=ROOT,
                env={**os.environ, "PORT": str(port), "VIDGO_PUBLIC_URL": f"http://{HOST}"},
                output=output,
            )
        try:
            _wait(f"http://127.0.0.1:{port}{path}", server)
            yield server.pid
        finally:
            self.processes.end(server, patience_seconds=15)


@contextmanager
def build(**settings: str) -> Generator[Stand]:
    """Start and migrate a database and set up Django; `settings` go into the environment."""
    with tempfile.TemporaryDirectory(prefix="vidgo-bench-") as folder, ProcessGroup() as processes:
        data = Path(folder) / "data"
        data.mkdir(mode=0o700)
        server = embedded_postgres.start(data=data, processes=processes)
        os.environ.update(
            DATABASE_URL=server.url,
            DJANGO_SETTINGS_MODULE="vidgo.settings",
            VIDGO_ENVIRONMENT="development",
            VIDGO_DATA=str(data),
            LOG_FORMAT="json",
            # Enabled but never reached, because only their cost is measured.
            RATE_LIMIT_KEY_PER_MINUTE="10000000",
            RATE_LIMIT_ORGANIZATION_PER_MINUTE="10000000",
            **settings,
        )
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        yield Stand(processes=processes, data=data, url=server.url, log=data / "web.log")


def customers(count: int) -> list[Customer]:
    """Create organizations with credits and a key each."""
    from django.db import connection

    from accounts import api_keys, audit, organizations
    from accounts.models import User
    from billing import grants

    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        for table, first in (("organization", FIRST_ORGANIZATION), ("apikey", FIRST_KEY)):
            cursor.execute(f"ALTER SEQUENCE accounts_{table}_id_seq RESTART WITH {first}")
    owner = User.objects.create(email="bench@example.com")
    made = []
    for number in range(count):
        organization = organizations.create(name=f"Customer {number}", owner=owner)
        issued = api_keys.issue(organization=organization, name="Bench", actor=audit.SYSTEM)
        grants.give(
            organization=organization,
            amount_credits=CREDITS,
            reason="Benchmark",
            actor=audit.SYSTEM,
        )
        made.append(Customer(organization.pk, issued.api_key.pk, issued.plaintext))
    connection.close()
    return made


def vacuum() -> None:
    """Update the planner's statistics, as a database does after some time."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError("The web server ended during its start.")
        with contextlib.suppress(requests.RequestException):
            if requests.get(url, timeout=5).status_code == 200:
                return
        time.sleep(0.1)
    raise TimeoutError(f"{url} does not answer.")
