"""`python -m benchmarks.growth`: what a large database costs, for each page and API call.

The same figures are measured on an almost empty database and on one with a million jobs and three
million ledger entries. The goal is that no median grows by more than the factor below.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from typing import Any

from benchmarks import stand
from benchmarks.stand import ROOT, Stand

GOAL = 1.3
SMALL, LARGE = 60, 500_000
LARGE_ENTRIES = 3_000_000
CUSTOMERS = 100
CONNECTIONS = 8

# Pairs of +1 and -1 credit, up to the wanted number of entries.
ENTRIES = """
WITH last AS (
    SELECT organization_id, balance_after_credits AS balance FROM billing_ledgerentry
     WHERE organization_id = %(organization)s ORDER BY id DESC LIMIT 1
)
INSERT INTO billing_ledgerentry
       (organization_id, kind, amount_credits, reference, balance_after_credits, actor, reason,
        created_at)
SELECT organization_id, 'adjustment', CASE WHEN n %% 2 = 1 THEN 1 ELSE -1 END, 'growth_' || n,
       balance + n %% 2, 'system', 'Benchmark', clock_timestamp()
  FROM last, generate_series(1, %(count)s) n
"""


def main() -> None:
    """Measure one size, or compare both; print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, help="measure one database with twice as many jobs")
    parser.add_argument("--seconds", type=float, default=4.0, help="for each figure of the API")
    parser.add_argument("--times", type=int, default=9, help="requests per page")
    asked = parser.parse_args()
    if asked.jobs:
        result = measure(jobs=asked.jobs, seconds=asked.seconds, times=asked.times)
    else:
        result = compare(seconds=asked.seconds, times=asked.times)
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


def compare(*, seconds: float, times: int) -> dict[str, Any]:
    """Return the medians of both sizes in milliseconds, and their growth."""
    small, large = (
        json.loads(
            subprocess.run(  # a process each, because Django connects to one database
                [
                    *(sys.executable, "-m", "benchmarks.growth", "--jobs", str(jobs)),
                    *("--seconds", str(seconds), "--times", str(times)),
                ],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                check=True,
            ).stdout
        )
        for jobs in (SMALL, LARGE)
    )
    lines = {
        name: {
            "small_ms": before,
            "large_ms": large["lines"][name],
            "growth": round(large["lines"][name] / before, 2),
        }
        for name, before in small["lines"].items()
    }
    return {
        "goal": GOAL,
        "jobs": large["jobs"],
        "entries": large["entries"],
        "median_growth": round(statistics.median(each["growth"] for each in lines.values()), 2),
        "above_goal": {
            name: each["growth"] for name, each in lines.items() if each["growth"] > GOAL
        },
        "lines": lines,
    }


def measure(*, jobs: int, seconds: float, times: int) -> dict[str, Any]:
    """Return the median of each page and call on a database of one size, in milliseconds."""
    with stand.build(SANDBOX_ENABLED="true") as built:
        customers = stand.customers(CUSTOMERS)
        places = _fill(jobs)
        from generation.models import Job

        pages = _pages(places, times=times)
        # Before the API calls add rows.
        counts = {"jobs": Job.objects.count(), "entries": _entries()}
        calls = _calls(built, customers, seconds=seconds)
        return {**counts, "lines": {**calls, **pages}}


def _fill(jobs: int) -> dict[str, str]:
    import logging

    from django.db import connection

    from accounts.models import Organization
    from benchmarks import page_rows

    logging.disable(logging.INFO)
    with connection.cursor() as cursor:
        # These rows are correct by construction, so skip the triggers.
        cursor.execute("SET session_replication_role = replica; SET synchronous_commit = off")
    places = page_rows.seed(jobs=jobs, days=90)
    if jobs == LARGE:
        with connection.cursor() as cursor:
            cursor.execute(
                ENTRIES,
                {
                    "organization": Organization.objects.get(name="Other 0").pk,
                    "count": LARGE_ENTRIES - _entries(),
                },
            )
    with connection.cursor() as cursor:
        cursor.execute("RESET session_replication_role; RESET synchronous_commit")
    stand.vacuum()
    return places


def _entries() -> int:
    from billing.models import LedgerEntry

    return LedgerEntry.objects.count()


def _pages(places: dict[str, str], *, times: int) -> dict[str, float]:
    from benchmarks import pages

    return {
        f"page: {name}": row["p50_ms"]
        for name, row in pages.measure(places, times=times)["pages"].items()
    }


def _calls(built: Stand, customers: list[stand.Customer], *, seconds: float) -> dict[str, float]:
    from benchmarks import api

    with built.serving():
        asked = {
            "submit": api.submits(customers),
            "submit, one wallet": api.submits(customers[:1]),
            # After the submits, because it polls their jobs.
            "status": None,
        }
        return {
            f"API: {name}": built.load(
                messages or api.polls(customers), connections=CONNECTIONS, seconds=seconds
            )["p50_ms"]
            for name, messages in asked.items()
        }


if __name__ == "__main__":
    main()
