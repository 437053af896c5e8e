"""`python -m benchmarks.soak`: an hour at half load, during which nothing may grow.

Customers submit and poll over HTTP at half the rate that one worker process sustains, against a
local vendor. Every few seconds it measures the memory of web and worker, database connections,
queued jobs and queue rows; the last quarter of the time must not have more than the second one.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from typing import Any

import psutil
import requests

from benchmarks import api, engine, stand
from benchmarks.stand import HOST, ROOT, Customer

CUSTOMERS = 20
CALLERS = 8
EVERY_SECONDS = 5.0
# The last quarter counts as growth if it exceeds the second by this factor and by this amount.
TOLERANCE = 1.1
SLACK = {"web_mb": 10, "worker_mb": 10, "connections": 3, "waiting_jobs": 20, "queue_rows": 20}


def main() -> int:
    """Run, print the figures as JSON, and return 1 if anything grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=25.0, help="jobs a second")
    asked = parser.parse_args()
    settings = engine.settings_of_vendor()
    with stand.build(**settings) as built:
        customers = stand.customers(CUSTOMERS)
        with built.log.open("ab") as output:
            for command in (
                ["-m", "sandbox.vendors", "--port", str(engine.VENDOR_PORT)],
                ["manage.py", "worker"],
            ):
                started = built.processes.start(
                    command=[sys.executable, *command],
                    cwd=ROOT,
                    env=dict(os.environ),
                    output=output,
                )
        engine.switch_vendor()
        with built.serving() as web:
            result = _run(customers, web, started, minutes=asked.minutes, rate=asked.rate)
        built.processes.end(started, patience_seconds=15)
    sys.stdout.write(json.dumps(result, indent=2) + "\n")
    return 1 if result["grew"] or result["refused"] else 0


def _run(
    customers: list[Customer],
    web: int,
    worker: subprocess.Popen[bytes],
    *,
    minutes: float,
    rate: float,
) -> dict[str, Any]:
    until = time.monotonic() + minutes * 60
    counts = {"submitted": 0, "polled": 0}
    refused: list[str] = []
    callers = [
        threading.Thread(
            target=_call, args=(customers[number::CALLERS], until, CALLERS / rate, counts, refused)
        )
        for number in range(CALLERS)
    ]
    for caller in callers:
        caller.start()
    samples = []
    while time.monotonic() < until:
        time.sleep(EVERY_SECONDS)
        samples.append(_look(web, worker.pid))
    for caller in callers:
        caller.join()
    quarter = max(len(samples) // 4, 1)
    quarters = {
        name: {
            "second": round(statistics.mean(each[name] for each in samples[quarter : 2 * quarter])),
            "last": round(statistics.mean(each[name] for each in samples[-quarter:])),
        }
        for name in SLACK
    }
    return {
        "minutes": minutes,
        "jobs_per_second": round(counts["submitted"] / (minutes * 60), 1),
        **counts,
        "refused": refused[:20],
        "quarters": quarters,
        "grew": [
            name
            for name, seen in quarters.items()
            if seen["last"] > seen["second"] * TOLERANCE
            and seen["last"] > seen["second"] + SLACK[name]
        ],
        "unfinished": samples[-1]["waiting_jobs"],
    }


def _call(
    customers: list[Customer],
    until: float,
    pause: float,
    counts: dict[str, int],
    refused: list[str],
) -> None:
    """Submit at an even rate, and poll each task once."""
    session, number = requests.Session(), 0
    following = time.monotonic()
    while (following := following + pause) < until:
        time.sleep(max(following - time.monotonic(), 0))
        customer = customers[number % len(customers)]
        number += 1
        headers = {"Authorization": f"Bearer {customer.key}"}
        url = f"http://{HOST}/api/generate"
        try:
            answer = session.post(f"{url}/submit", json=api.BODY, headers=headers, timeout=30)
            answer.raise_for_status()
            counts["submitted"] += 1
            task = answer.json()["data"]["task_id"]
            session.get(f"{url}/status/{task}", headers=headers, timeout=30).raise_for_status()
            counts["polled"] += 1
        except requests.RequestException as error:
            refused.append(f"{type(error).__name__}: {error}"[:200])


def _look(web: int, worker: int) -> dict[str, int]:
    """Return the present figures."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()),"
            " (SELECT count(*) FROM generation_job WHERE status = 'queued'),"
            " (SELECT count(*) FROM django_q_ormq)"
        )
        connections, waiting, rows = cursor.fetchone()
    return {
        "web_mb": _megabytes(web),
        "worker_mb": _megabytes(worker),
        "connections": connections,
        "waiting_jobs": waiting,
        "queue_rows": rows,
    }


def _megabytes(pid: int) -> int:
    held = 0
    process = psutil.Process(pid)
    for each in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            held += each.memory_full_info().pss
    return held // 1_000_000


if __name__ == "__main__":
    sys.exit(main())
