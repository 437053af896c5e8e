"""`python -m tests.chaos`: kill processes while customers submit jobs, then check everything.

`--seed` decides what is killed when; `--jobs` how many jobs are submitted. Exits with status 1 if a
check fails.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import requests

from sandbox.vendors import bfl, fal, replicate
from sandbox.vendors.server import Vendors
from tests.chaos.customers import Customers
from tests.chaos.fleet import Fleet
from vidgo.dev.process_groups import ProcessGroup

KILL_EVERY_SECONDS = 0.5
DATABASE_RESTARTS_AT = (8.0, 18.0, 28.0)
FIRE_SECONDS = 40.0
# The longest recovery after the last fault, and how long to wait to measure a longer one.
PROMISE_SECONDS = 60.0
PATIENCE_SECONDS = 180.0
# Shares of calls: one start in ten fails, one in twenty-five is accepted but not answered.
FAULTS = {"crash": 0.05, "fail": 0.05, "drop_after": 0.04, "poll_drop": 0.02, "poll_crash": 0.02}


def main() -> int:
    """Run the chaos and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vidgo-chaos-") as folder:
        return _run(data=Path(folder) / "data", seed=asked.seed, jobs=asked.jobs)


def _run(*, data: Path, seed: int, jobs: int) -> int:
    data.mkdir(mode=0o700)
    with Vendors() as vendors, ProcessGroup() as processes:
        switches = {"work_seconds": 2.0, "scale": 0.15, **FAULTS}
        requests.post(f"{vendors.url}/_switch", json={"all": switches}, timeout=10)
        fleet = Fleet(data=data, processes=processes, settings=_settings(vendors.url))
        os.environ.update(fleet.environment)
        fleet.start()
        _set_up_django(jobs)
        from tests.chaos import checks  # it needs Django

        key = json.loads((data / "demo.json").read_text())["api_key"]
        customers = Customers(
            address=fleet.address, api_key=key, deadline_seconds=FIRE_SECONDS + 300
        )
        submitted: dict[int, str] = {}
        submitting = threading.Thread(
            target=lambda: submitted.update(customers.submit(jobs=jobs)), name="customers"
        )
        submitting.start()
        _fire(fleet, submitting, chance=random.Random(seed))
        calm = time.monotonic()
        requests.post(f"{vendors.url}/_switch", json={"all": dict.fromkeys(FAULTS, 0.0)}, timeout=9)
        while _unfinished(checks) and time.monotonic() - calm < PATIENCE_SECONDS:
            time.sleep(0.5)
        seconds = time.monotonic() - calm
        fleet.close()
        bought = requests.get(f"{vendors.url}/_bought", timeout=30).json()
        broken = checks.violations(submitted=submitted, bought=bought)
        if seconds > PROMISE_SECONDS:
            broken.append(f"the last job ended {seconds:.0f} s after the last fault")
        result = {
            "seed": seed,
            "submitted": len(submitted),
            "killed": dict(fleet.killed),
            "answers": dict(customers.answers),
            "seconds_after_last_fault": round(seconds, 1),
            **checks.report(bought=bought),
            "violations": broken,
        }
        if broken:
            kept = Path(tempfile.gettempdir()) / f"vidgo-chaos-{seed}.log"
            kept.write_bytes(fleet.log.read_bytes())
            result["log"] = str(kept)
        sys.stdout.write(json.dumps(result, indent=2) + "\n")
        return 1 if broken else 0


def _settings(vendors: str) -> dict[str, str]:
    return {
        "BFL_API_KEY": bfl.KEY,
        "BFL_BASE_URL": f"{vendors}/bfl",
        "FAL_KEY": fal.KEY,
        "FAL_BASE_URL": f"{vendors}/fal",
        "FAL_JWKS_URL": f"{vendors}/fal/.well-known/jwks.json",
        "REPLICATE_API_TOKEN": replicate.KEY,
        "REPLICATE_BASE_URL": f"{vendors}/replicate",
        "VIDGO_ALLOW_LOOPBACK_URLS": "true",
        "RATE_LIMIT_ENABLED": "false",
    }


def _set_up_django(jobs: int) -> None:
    """Connect to the fleet's database, and grant the demo organization the jobs' price."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "vidgo.settings"
    import django

    django.setup()
    from accounts import audit
    from accounts.models import Organization
    from billing import grants

    grants.give(
        organization=Organization.objects.get(),
        amount_credits=20 * jobs,
        reason="Chaos",
        actor=audit.SYSTEM,
    )


def _fire(fleet: Fleet, submitting: threading.Thread, *, chance: random.Random) -> None:
    """Kill a process every half second until time is up, then wait for all submits."""
    began = time.monotonic()
    restarts = list(DATABASE_RESTARTS_AT)
    while time.monotonic() - began < FIRE_SECONDS:
        time.sleep(KILL_EVERY_SECONDS)
        if restarts and time.monotonic() - began > restarts[0]:
            restarts.pop(0)
            fleet.restart_database()
        else:
            fleet.kill_one(chance=chance)
    submitting.join(300)


def _unfinished(checks: Any) -> int:
    from django import db

    try:
        return int(checks.count_unfinished())
    except db.Error:
        db.connections.close_all()
        return 1


if __name__ == "__main__":
    sys.exit(main())
