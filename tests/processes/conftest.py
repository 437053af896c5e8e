"""Fixtures and helpers for tests of processes."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from vidgo.dev.process_groups import ProcessGroup

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def processes() -> Iterator[ProcessGroup]:
    """Yield a process group that is closed after the test, with everything in it."""
    with ProcessGroup() as processes:
        yield processes


def wait_until(condition: Callable[[], object], *, seconds: float) -> bool:
    """Poll a condition; return whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def is_running(pid: int) -> bool:
    """Return whether a process is running; a zombie is not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def run_python(source: str, *words: str, **variables: str) -> subprocess.Popen[str]:
    """Start a Python program in the project's folder, its output in a pipe."""
    return subprocess.Popen(
        [sys.executable, "-c", source, *words],
        cwd=ROOT,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        text=True,
    )
