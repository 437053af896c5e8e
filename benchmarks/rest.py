"""`python -m benchmarks.rest`: how long `make run` takes to answer, and its memory at rest.

The first start creates the database, the second one finds it. Memory is the proportional set size
(PSS) of all processes, ten seconds after the start.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import requests

from benchmarks.stand import ROOT
from vidgo.dev.process_groups import ProcessGroup

PORT = 9192
QUIET_SECONDS = 10.0


def main() -> None:
    """Measure and print JSON."""
    with tempfile.TemporaryDirectory(prefix="vidgo-bench-") as folder, ProcessGroup() as processes:
        data = Path(folder) / "data"
        first = _start(processes, data)
        memory = _memory(first["server"])
        processes.end(first["server"], patience_seconds=20)
        second = _start(processes, data)
        processes.end(second["server"], patience_seconds=20)
    result = {
        "first_start_seconds": first["seconds"],
        "next_start_seconds": second["seconds"],
        "memory_mb": memory,
    }
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


def _start(processes: ProcessGroup, data: Path) -> dict[str, Any]:
    environment = {
        name: value for name, value in os.environ.items() if name not in {"DATABASE_URL"}
    } | {"VIDGO_DATA": str(data), "PORT": str(PORT)}
    began = time.monotonic()
    with (data.parent / "log").open("ab") as output:
        server = processes.start(
            command=[sys.executable, "manage.py", "up"], cwd=ROOT, env=environment, output=output
        )
    while time.monotonic() - began < 120:
        with contextlib.suppress(requests.RequestException):
            if requests.get(f"http://127.0.0.1:{PORT}/readyz", timeout=5).status_code == 200:
                return {"server": server, "seconds": round(time.monotonic() - began, 1)}
        time.sleep(0.05)
    raise TimeoutError("The server does not answer.")


def _memory(server: subprocess.Popen[bytes]) -> dict[str, int]:
    """Return the memory of each service in megabytes."""
    time.sleep(QUIET_SECONDS)
    services: dict[str, int] = {}
    for child in psutil.Process(server.pid).children():
        words = " ".join(child.cmdline())
        name = next((name for name in ("gunicorn", "worker", "postgres") if name in words), "other")
        for process in (child, *child.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                services[name] = services.get(name, 0) + process.memory_full_info().pss
    return {name: held // 1_000_000 for name, held in services.items()}


if __name__ == "__main__":
    main()
