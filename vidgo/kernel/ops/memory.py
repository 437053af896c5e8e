"""Memory: keep processes that handle many images from growing.

An image takes a few blocks of megabytes that are soon freed. glibc first maps each such block
separately, but after the first ones are freed it allocates them on its heap instead, where small
blocks between them keep memory from being returned: under load a worker grew by some megabytes per
minute while its usage stayed the same.
"""

from __future__ import annotations

import ctypes

# The parameter's number and its initial value, see mallopt(3).
M_MMAP_THRESHOLD = -3
THRESHOLD_BYTES = 128 * 1024


def give_back_large_blocks() -> bool:
    """Return large blocks to the system when freed, in this process and its future children.

    Return whether the C library supports it; other libraries than glibc do not.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(M_MMAP_THRESHOLD, THRESHOLD_BYTES) == 1
