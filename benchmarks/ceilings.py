"""Ceilings: what the same machine does without our code, measured in the same run.

`pgbench` sends the SQL of a submit to the same database, prepared as ours is. Its script consists
of the statements captured from one submit, with variables for organizations and ids.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.stand import FIRST_KEY, FIRST_ORGANIZATION, Customer
from vidgo.dev import embedded_postgres
from vidgo.kernel.db import row_level_security

ORGANIZATIONS = re.compile(r"\b7\d{8}\b")
KEYS = re.compile(r"\b8\d{8}\b")
# A colon in the signature of a queued task, which pgbench would read as a variable.
COLON = re.compile(r"(?<!:):(?=[A-Za-z])")
# The key in the request, which the script replaces with its row id.
SENT_KEY = re.compile(r"k\.key_id = '\w+'")
TASKS = re.compile(r"task_[0-9A-Za-z]+")


def script_of_a_submit(*, customer: Customer, customers: int) -> str:
    """Return a pgbench script of one submit by a random customer, as our code sends it."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"Authorization": f"Bearer {customer.key}"}, SERVER_NAME="127.0.0.1")
    for _ in range(2):  # The first one fills caches.
        with CaptureQueriesContext(connection) as seen:
            answer = client.post(
                "/api/generate/submit",
                data=json.dumps({"model": "flux-kontext-pro", "input": {"prompt": "a red fox"}}),
                content_type="application/json",
            )
    if answer.status_code != 200:
        raise RuntimeError(answer.content.decode())
    lines = [
        f"\\set number random(0, {customers - 1})",
        f"\\set organization {FIRST_ORGANIZATION} + :number",
        f"\\set key {FIRST_KEY} + :number",
        "\\set task random(1, 9000000000000000000)",
    ]
    for query in seen.captured_queries:
        sql = SENT_KEY.sub("k.id = :key", COLON.sub("_", query["sql"]))
        sql = KEYS.sub(":key", ORGANIZATIONS.sub(":organization", sql))
        sql = TASKS.sub("task_' || :task || '", sql)
        lines.append(sql.strip().rstrip(";") + ";")
    # Sent by the driver when the next request takes the connection.
    lines.append(f"{row_level_security.RESET};")
    return "\n".join(lines) + "\n"


def pgbench(
    *, url: str, script: str, connections: int, seconds: float, protocol: str = "prepared"
) -> dict[str, Any]:
    """Return a script's transactions per second and mean latency in milliseconds.

    `protocol` is pgbench's; `simple`, its default, plans each statement every time.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "script.sql"
        path.write_text(script)
        done = subprocess.run(
            [
                *(embedded_postgres.program("pgbench"), "--no-vacuum", f"--protocol={protocol}"),
                *("--client", str(connections), "--jobs", str(min(connections, 2))),
                *("--time", str(int(seconds)), "--file", str(path), url),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    rate = re.search(r"tps = ([\d.]+)", done.stdout)
    latency = re.search(r"latency average = ([\d.]+)", done.stdout)
    failed = re.search(r"number of failed transactions: (\d+)", done.stdout)
    if done.returncode or not rate or not latency or (failed and failed[1] != "0"):
        raise RuntimeError(done.stderr + done.stdout)
    return {"per_second": float(rate[1]), "mean_ms": float(latency[1])}


def of_one(script: str) -> str:
    """Return the script with one organization for all submits."""
    return re.sub(r"random\(0, \d+\)", "0", script, count=1)
