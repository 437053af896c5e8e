"""`python -m benchmarks`: all measurements, one after another, as a table and as JSON.

Each runs in its own process with its own database. All of them take about 15 minutes; the table
printed last is the one in docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.tables import table

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
SECTIONS = ("api", "engine", "callbacks", "rest", "growth", "hostile")


def main() -> int:
    """Measure, write the result and print the table; return 1 if a section failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=SECTIONS, default=SECTIONS)
    asked = parser.parse_args()
    began = time.monotonic()
    result: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
    }
    failed = []
    for section in asked.only:
        sys.stderr.write(f"{section} …\n")
        done = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{section}"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            check=False,
        )
        # A section that misses its goal still counts.
        try:
            result[section] = json.loads(done.stdout)
        except json.JSONDecodeError:
            failed.append(section)
    result["minutes"] = round((time.monotonic() - began) / 60, 1)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{result['at'].replace(':', '')}.json"
    path.write_text(json.dumps(result, indent=2) + "\n")
    sys.stdout.write(f"{table(result)}\n{path.relative_to(ROOT)}\n")
    for section in failed:
        sys.stderr.write(f"{section} could not be measured\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
