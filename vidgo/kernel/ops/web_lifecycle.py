"""What the processes of one web server share: a folder, and whether they are about to end."""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import shutil
import tempfile
import time
from pathlib import Path

FOLDER_PREFIX = "vidgo-metrics-"
# A folder younger than this may not be locked yet by the server that has just made it. Seconds.
FOLDER_IS_NEW_SECONDS = 60.0

# One byte that every process forked later shares with this one.
_ending = mmap.mmap(-1, 1)


def begin_to_end() -> None:
    """Note that this server is about to end; load balancers read it at /readyz."""
    _ending[0] = 1


def is_ending() -> bool:
    """Return whether this server is about to end."""
    return _ending[0] == 1


def make_folder(*, parent: Path) -> Path:
    """Make a folder that is this server's until its last process is gone, and return it.

    Those that killed servers have left in `parent` are removed.
    """
    for left in parent.glob(f"{FOLDER_PREFIX}*"):
        # Another server may do the same now, or the folder may be another user's.
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > FOLDER_IS_NEW_SECONDS:
                os.close(_lock(left))
                shutil.rmtree(left)
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX, dir=parent))
    # Never closed: the lock ends with the last process that was forked from this one.
    _lock(folder)
    return folder


def _lock(folder: Path) -> int:
    """Lock a folder and return what holds the lock; raises OSError when somebody else does."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
