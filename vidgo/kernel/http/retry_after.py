"""The Retry-After header (RFC 9110)."""

from __future__ import annotations

import re
import time

from django.utils.http import parse_http_date_safe

MAX_SECONDS = 24 * 3600.0
# The RFC allows whole seconds only; some servers send fractions.
SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")


def parse_retry_after(header: str | None) -> float | None:
    """Return the seconds to wait, from 0 to `MAX_SECONDS`; None if the header is not valid.

    The header is a number of seconds or an HTTP date; a past date means 0.
    """
    text = (header or "").strip(" \t")
    if SECONDS.fullmatch(text):
        return min(float(text), MAX_SECONDS)
    moment = parse_http_date_safe(text)
    return None if moment is None else min(max(moment - time.time(), 0.0), MAX_SECONDS)
