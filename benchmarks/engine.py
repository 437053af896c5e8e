"""`python -m benchmarks.engine`: one worker process against a vendor that takes five seconds.

Steady: jobs arrive at a fixed rate; measured is the time above the vendor's, after a warm-up.
Burst: all jobs arrive at once; measured is how many are in flight together, and the memory. Vendor
and database share this machine, so the figures are a lower bound.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any

import psutil
import requests

from benchmarks import stand
from benchmarks.stand import ROOT, Stand

VENDOR_SECONDS = 5.0
VENDOR_PORT = 9180
WARM_UP_RATE, WARM_UP_SECONDS = 5.0, 12.0


def main() -> None:
    """Run both and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rates", type=float, nargs="*", default=[1.0, 50.0], help="jobs a second")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each rate")
    parser.add_argument("--bursts", type=int, nargs="*", default=[100, 500, 1000], help="jobs")
    asked = parser.parse_args()
    with stand.build(**settings_of_vendor()) as built:
        _prepare()
        _start(built, ["-m", "sandbox.vendors", "--port", str(VENDOR_PORT)])
        switch_vendor()
        worker = _start(built, ["manage.py", "worker"])
        _arrive(rate=WARM_UP_RATE, seconds=WARM_UP_SECONDS)
        _wait(worker, first=0)
        result = {
            "vendor_seconds": VENDOR_SECONDS,
            "steady": {
                rate: _steady(worker, rate=rate, seconds=asked.seconds) for rate in asked.rates
            },
            "burst": {jobs: _burst(worker, jobs=jobs) for jobs in asked.bursts},
        }
        sys.stdout.write(json.dumps(result, indent=2) + "\n")
        built.processes.end(worker, patience_seconds=15)


def settings_of_vendor() -> dict[str, str]:
    """Return the settings of a worker with one process and only the local vendor."""
    return {
        "VIDGO_ALLOW_LOOPBACK_URLS": "true",
        "REPLICATE_API_TOKEN": "r8_local",
        "REPLICATE_BASE_URL": f"http://127.0.0.1:{VENDOR_PORT}/replicate",
        "REPLICATE_CONCURRENCY": "1000",
        "ORGANIZATION_CONCURRENCY": "1000",
        "JOBS_IN_FLIGHT_PER_PROCESS": "1000",
        "WORKER_PROCESSES": "1",
        "SANDBOX_ENABLED": "false",
    }


def _prepare() -> None:
    """Create an organization with credits."""
    from django.core.management import call_command

    call_command("seed_demo")
    from accounts import audit
    from accounts.models import Organization
    from billing import grants

    grants.give(
        organization=Organization.objects.get(),
        amount_credits=10_000_000,
        reason="Benchmark",
        actor=audit.SYSTEM,
    )


def _start(built: Stand, arguments: list[str]) -> subprocess.Popen[bytes]:
    with built.log.open("ab") as output:
        return built.processes.start(
            command=[sys.executable, *arguments], cwd=ROOT, env=dict(os.environ), output=output
        )


def switch_vendor() -> None:
    """Wait for the local vendor, and set how long it takes."""
    deadline = time.monotonic() + 30
    switches = {"replicate": {"work_seconds": VENDOR_SECONDS, "webhooks": False}}
    while time.monotonic() < deadline:
        with contextlib.suppress(requests.RequestException):
            url = f"http://127.0.0.1:{VENDOR_PORT}/_switch"
            requests.post(url, json=switches, timeout=5).raise_for_status()
            return
        time.sleep(0.2)
    raise TimeoutError("The vendor does not answer.")


def _submit(number: int) -> None:
    from accounts.models import Organization
    from generation import jobs
    from generation.jobs import generation_request

    wanted = generation_request.parse(
        model="flux-kontext-pro",
        input={"prompt": f"benchmark {number}", "output_format": "jpg"},
    )
    jobs.submit(organization=Organization.objects.get(), request=wanted)


def _arrive(*, rate: float, seconds: float) -> None:
    """Submit jobs at an even rate."""
    began = time.monotonic()
    for number in range(int(rate * seconds)):
        time.sleep(max(began + number / rate - time.monotonic(), 0))
        _submit(number)


def _steady(worker: subprocess.Popen[bytes], *, rate: float, seconds: float) -> dict[str, Any]:
    from generation.models import Job

    first = Job.objects.latest("id").pk
    began = time.monotonic()
    _arrive(rate=rate, seconds=seconds)
    offered = int(rate * seconds) / (time.monotonic() - began)
    return {"jobs_per_second_offered": round(offered, 1), **_wait(worker, first=first)}


def _burst(worker: subprocess.Popen[bytes], *, jobs: int) -> dict[str, Any]:
    from generation.models import Job

    first = Job.objects.latest("id").pk
    for number in range(jobs):
        _submit(number)
    return _wait(worker, first=first)


def _wait(worker: subprocess.Popen[bytes], *, first: int) -> dict[str, Any]:
    """Wait until all jobs after `first` have ended, and return the figures."""
    from generation.models import Attempt, Job

    mine = Job.objects.filter(pk__gt=first)
    most = memory = 0
    while mine.exclude(status__in=["finished", "failed"]).exists():
        most = max(most, Attempt.objects.filter(ended_at=None).exclude(upstream_ref="").count())
        memory = max(memory, _megabytes(worker))
        time.sleep(0.25)
    rows = list(mine.values_list("status", "created_at", "ended_at"))
    over = sorted((ended - created).total_seconds() - VENDOR_SECONDS for _, created, ended in rows)
    cuts = statistics.quantiles(over, n=100)
    span = (max(row[2] for row in rows) - min(row[1] for row in rows)).total_seconds()
    return {
        "jobs": len(rows),
        "finished": sum(status == "finished" for status, _, _ in rows),
        "jobs_per_second": round(len(rows) / (span - VENDOR_SECONDS), 1),
        "most_in_flight": most,
        "overhead_p50_ms": round(cuts[49] * 1000),
        "overhead_p95_ms": round(cuts[94] * 1000),
        "overhead_p50_to_vendor_time": round(cuts[49] / VENDOR_SECONDS, 3),
        "worker_process_mb": memory,
    }


def _megabytes(worker: subprocess.Popen[bytes]) -> int:
    """Return the memory of the worker's largest process, which drives the jobs."""
    sizes = [0]
    for process in psutil.Process(worker.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            sizes.append(process.memory_info().rss)
    return max(sizes) // 1_000_000


if __name__ == "__main__":
    main()
