"""`python -m benchmarks.api`: submits and status polls per second, compared with their ceilings.

A thousand organizations submit over 1, 16 and 64 connections through the production server with
all middleware, rate limits and logs; `pgbench` then runs the same SQL on the same database. Status
polls are compared with a bare Django view on the same kind of server. Client, server and database
share this machine, so the ratios count and the rates are a lower bound.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from typing import Any

from benchmarks import ceilings, load, stand
from benchmarks.stand import HOST, Customer, Stand

BODY = {"model": "flux-kontext-pro", "input": {"prompt": "a red fox in the snow"}}
CONNECTIONS = (1, 16, 64)
SUBMIT_GOAL, STATUS_GOAL = 0.15, 0.35
POLLED = 2000


def main() -> None:
    """Measure and print as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--organizations", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=8.0, help="of each figure")
    asked = parser.parse_args()
    with stand.build(SANDBOX_ENABLED="true") as built:
        customers = stand.customers(asked.organizations)
        stand.vacuum()
        result = measure(built, customers, seconds=asked.seconds)
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


def measure(built: Stand, customers: list[Customer], *, seconds: float) -> dict[str, Any]:
    """Return every figure with its ceiling; the ratio compares the fastest of both."""
    script = ceilings.script_of_a_submit(customer=customers[0], customers=len(customers))
    spread, hot = submits(customers), submits(customers[:1])
    result: dict[str, Any] = {"submit": {}, "pgbench": {}, "status": {}, "bare": {}}
    with built.serving():
        for connections in CONNECTIONS:
            result["submit"][connections] = built.load(
                spread, connections=connections, seconds=seconds
            )
        result["hot_wallet"] = built.load(hot, connections=16, seconds=seconds)
        looks = polls(customers)
        for connections in CONNECTIONS:
            result["status"][connections] = built.load(
                looks, connections=connections, seconds=seconds
            )
    with built.serving("benchmarks.bare", port=stand.BARE_PORT):
        bare = [load.request("GET", "/bare", host="127.0.0.1")]
        for connections in CONNECTIONS:
            result["bare"][connections] = built.load(
                bare, connections=connections, seconds=seconds, port=stand.BARE_PORT
            )
    for connections in CONNECTIONS:
        result["pgbench"][connections] = ceilings.pgbench(
            url=built.url, script=script, connections=connections, seconds=seconds
        )
    result["pgbench_hot_wallet"] = ceilings.pgbench(
        url=built.url,
        script=ceilings.of_one(script),
        connections=16,
        seconds=seconds,
    )
    result["pgbench_simple"] = {
        16: ceilings.pgbench(
            url=built.url, script=script, connections=16, seconds=seconds, protocol="simple"
        )
    }
    result["submit_ratio"] = _ratio(result["submit"], result["pgbench"])
    result["submit_to_simple_ratio"] = _ratio(result["submit"], result["pgbench_simple"])
    result["status_ratio"] = _ratio(result["status"], result["bare"])
    return result


def submits(customers: list[Customer]) -> list[str]:
    """Return one submit request of each customer."""
    path = "/api/generate/submit"
    return [load.request("POST", path, host=HOST, key=each.key, body=BODY) for each in customers]


def polls(customers: list[Customer]) -> list[str]:
    """Return one status request for each of the latest tasks, by its customer."""
    from django.db import connection

    from generation.models import Job

    keys = {customer.organization_id: customer.key for customer in customers}
    # A large table holds other organizations' jobs, too.
    latest = Job.objects.filter(organization_id__in=keys).order_by("-id")
    jobs = list(latest.values_list("public_id", "organization_id")[:POLLED])
    connection.close()
    random.shuffle(jobs)
    return [
        load.request("GET", f"/api/generate/status/{public_id}", host=HOST, key=keys[organization])
        for public_id, organization in jobs
    ]


def _ratio(ours: dict[int, dict[str, Any]], ceiling: dict[int, dict[str, Any]]) -> float:
    best = max(each["per_second"] for each in ours.values())
    return round(best / max(each["per_second"] for each in ceiling.values()), 3)


if __name__ == "__main__":
    main()
