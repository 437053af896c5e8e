"""The Retry-After header: how long a server asks to wait before the next call (RFC 9110)."""

from __future__ import annotations

import re
import time

from django.utils.http import parse_http_date_safe

MAX_SECONDS = 24 * 3600.0
# The RFC knows whole seconds only; some servers send fractions.
SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")


def parse_retry_after(header: str | None) -> float | None:
    """Return the seconds a header asks for, from 0 to `MAX_SECONDS`; None if it says neither.

    It holds seconds or an HTTP date; a date that has passed asks for 0.
    """
    text = (header or "").strip(" \t")
    if SECONDS.fullmatch(text):
        return min(float(text), MAX_SECONDS)
    moment = parse_http_date_safe(text)
    return None if moment is None else min(max(moment - time.time(), 0.0), MAX_SECONDS)
