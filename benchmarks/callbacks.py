"""`python -m benchmarks.callbacks`: webhooks per second of one worker process.

Two thousand webhooks are due, of ten organizations with two receivers each, which answer at once.
Everything shares this machine, so the figure is a lower bound.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from benchmarks import stand
from benchmarks.stand import ROOT

ORGANIZATIONS, RECEIVERS = 10, 2


class Receiver(BaseHTTPRequestHandler):
    """Accepts everything."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Read the webhook and accept it."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--callbacks", type=int, default=2000)
    asked = parser.parse_args()
    settings = {"VIDGO_ALLOW_LOOPBACK_URLS": "true", "WORKER_PROCESSES": "1"}
    with stand.build(SANDBOX_ENABLED="true", **settings) as built:
        servers = [ThreadingHTTPServer(("127.0.0.1", 0), Receiver) for _ in range(RECEIVERS)]
        for server in servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()
        _announce(asked.callbacks, ports=[server.server_port for server in servers])
        began = time.monotonic()
        with built.log.open("ab") as output:
            worker = built.processes.start(
                command=[sys.executable, "manage.py", "worker"],
                cwd=ROOT,
                env=dict(os.environ),
                output=output,
            )
        first, seconds = _watch(began)
        built.processes.end(worker, patience_seconds=15)
        for server in servers:
            server.shutdown()
    result = {
        "callbacks": asked.callbacks,
        "first_after_seconds": round(first - began, 1),
        "per_second": round(asked.callbacks / seconds, 1),
    }
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


def _announce(count: int, *, ports: list[int]) -> None:
    """Store ended jobs and their webhooks."""
    from django.db import connection, transaction
    from django.utils import timezone

    from accounts.models import Organization
    from generation.callbacks import outbox
    from generation.models import Job

    customers = stand.customers(ORGANIZATIONS)
    organizations = {each.pk: each for each in Organization.objects.all()}
    now = timezone.now()
    for number in range(count):
        customer = customers[number % len(customers)]
        job = Job(
            organization=organizations[customer.organization_id],
            model="flux-kontext-pro",
            prompt=f"benchmark {number}",
            size="1:1",
            output_format="png",
            seed=number,
            callback_url=f"http://127.0.0.1:{ports[number % len(ports)]}/hook",
            price_credits=10,
            status="failed",
            failure_kind="expired",
            error_message="Benchmark",
            ended_at=now,
            deadline_at=now,
        )
        with transaction.atomic():
            job.save()
            outbox.announce(job=job)
    connection.close()


def _watch(began: float) -> tuple[float, float]:
    """Return when the first webhook was delivered, and how many seconds the rest took."""
    from generation.models import Callback

    waiting = Callback.objects.exclude(state="delivered")
    total, first = waiting.count(), 0.0
    while (left := waiting.count()) and time.monotonic() - began < 120:
        if not first and left < total:
            first = time.monotonic()
        time.sleep(0.1)
    if left:
        raise TimeoutError(f"{left} of {total} webhooks were not delivered.")
    return first, time.monotonic() - first


if __name__ == "__main__":
    main()
