"""Memory: what a process that handles many images keeps of it.

An image is a few blocks of megabytes that are soon freed. glibc takes them from the system each by
itself at first, and learns from the first ones freed to cut them from its heap instead, where small
blocks in between keep the room from ever going back: a worker grew by some megabytes every minute
under load, while what it used stayed the same.
"""

from __future__ import annotations

import ctypes

# glibc's number of the setting and its own value before it learns, see mallopt(3).
M_MMAP_THRESHOLD = -3
THRESHOLD_BYTES = 128 * 1024


def give_back_large_blocks() -> bool:
    """Let this process and its children hand back each large block as soon as it is freed.

    Returns whether the C library knows of that; on others than glibc nothing is done.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(M_MMAP_THRESHOLD, THRESHOLD_BYTES) == 1
