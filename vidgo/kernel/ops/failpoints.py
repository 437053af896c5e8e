"""Crash points: a process that dies exactly here, when a test asks for it.

`FAILPOINT=step@/path/of/a/marker` kills the first process that reaches the step: whoever manages to
create the marker. Without the setting, and always in production, a point does nothing.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

from django.conf import settings


def hit(step: str) -> None:
    """Die as by `kill -9` when this step is the one asked for; no cleanup, no goodbye."""
    if not settings.FAILPOINT:
        return
    asked, _, marker = settings.FAILPOINT.partition("@")
    if asked != step:
        return
    try:
        Path(marker).touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
