"""Failpoints: places where a test can have a process die.

`FAILPOINT=step@/path/of/a/marker` kills the first process that reaches the step and creates the
marker file. Without the setting, and always in production, a failpoint does nothing.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

from django.conf import settings


def hit(step: str) -> None:
    """Kill this process with SIGKILL if FAILPOINT names this step."""
    if not settings.FAILPOINT:
        return
    chosen, _, marker = settings.FAILPOINT.partition("@")
    if chosen != step:
        return
    try:
        Path(marker).touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
