"""`python -m benchmarks`: every measurement, one after another, as a table and as JSON.

Each runs in a process of its own with a database of its own. The whole takes about a quarter of an
hour; what is printed last is the table of docs/performance.md.
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
    """Measure, write the result and print the table; return 1 when a section could not be run."""
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
        # What was measured counts also when it misses its goal.
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
