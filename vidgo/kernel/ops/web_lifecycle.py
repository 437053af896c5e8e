"""State shared by the processes of one web server: a folder, and whether it is shutting down."""

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
# A younger folder may not be locked yet by the server that has just created it.
FOLDER_IS_NEW_SECONDS = 60.0

# One byte shared with every process forked later.
_ending = mmap.mmap(-1, 1)


def begin_to_end() -> None:
    """Mark this server as shutting down, for load balancers that read /readyz."""
    _ending[0] = 1


def is_ending() -> bool:
    """Return whether this server is shutting down."""
    return _ending[0] == 1


def make_folder(*, parent: Path) -> Path:
    """Create a folder for this server, locked until its last process is gone, and return it.

    Remove the folders that killed servers have left in `parent`.
    """
    for old in parent.glob(f"{FOLDER_PREFIX}*"):
        # Another server may be doing the same, or the folder may belong to another user.
        with contextlib.suppress(OSError):
            if time.time() - old.stat().st_mtime > FOLDER_IS_NEW_SECONDS:
                os.close(_lock(old))
                shutil.rmtree(old)
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX, dir=parent))
    # Never closed: the lock lasts until the last process forked from this one is gone.
    _lock(folder)
    return folder


def _lock(folder: Path) -> int:
    """Lock a folder and return the file descriptor; raises OSError if it is locked."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
