"""Ceilings: what the same machine does without our code, measured in the same run.

`pgbench` sends the very SQL of a submit to the same database; its script is made from the
statements that one submit was seen to send, with other organizations and ids put in.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.stand import FIRST_KEY, FIRST_ORGANIZATION, Customer
from vidgo import embedded

# Of the rate limits: pgbench would take the colon in front of a number for a variable's.
SUBJECTS = re.compile(r"(key|organization):(?=[78]\d{8})")
ORGANIZATIONS = re.compile(r"\b7\d{8}\b")
KEYS = re.compile(r"\b8\d{8}\b")
TASKS = re.compile(r"task_[0-9A-Za-z]+")
BUCKETS = """
INSERT INTO accounts_ratebucket (subject, full_at)
SELECT kind || '_' || number, now()
  FROM (VALUES ('organization', %(organizations)s), ('key', %(keys)s)) AS first (kind, begin),
       LATERAL generate_series(begin, begin + %(count)s - 1) AS number
ON CONFLICT DO NOTHING
"""


def script_of_a_submit(*, customer: Customer, customers: int) -> str:
    """Return pgbench's script of one submit by any of the customers, as our code sends it."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"Authorization": f"Bearer {customer.key}"}, SERVER_NAME="127.0.0.1")
    for _ in range(2):  # The first one makes what later ones find.
        with CaptureQueriesContext(connection) as seen:
            answer = client.post(
                "/api/generate/submit",
                data=json.dumps({"model": "flux-kontext-pro", "input": {"prompt": "a red fox"}}),
                content_type="application/json",
            )
    if answer.status_code != 200:
        raise RuntimeError(answer.content.decode())
    with connection.cursor() as cursor:
        cursor.execute(
            BUCKETS,
            {"organizations": FIRST_ORGANIZATION, "keys": FIRST_KEY, "count": customers},
        )
    lines = [
        f"\\set number random(0, {customers - 1})",
        f"\\set organization {FIRST_ORGANIZATION} + :number",
        f"\\set key {FIRST_KEY} + :number",
        "\\set task random(1, 9000000000000000000)",
    ]
    for query in seen.captured_queries:
        sql = SUBJECTS.sub(r"\1_", query["sql"])
        sql = TASKS.sub("task_:task", KEYS.sub(":key", ORGANIZATIONS.sub(":organization", sql)))
        lines.append(sql.strip().rstrip(";") + ";")
    return "\n".join(lines) + "\n"


def pgbench(*, url: str, script: str, connections: int, seconds: float) -> dict[str, Any]:
    """Return transactions a second and the mean latency in milliseconds of a script."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "script.sql"
        path.write_text(script)
        done = subprocess.run(
            [
                *(embedded.program("pgbench"), "--no-vacuum", "--protocol=simple"),
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
    """Return the script with all submits by one organization."""
    return re.sub(r"random\(0, \d+\)", "0", script, count=1)
