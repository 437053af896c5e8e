"""`Prefer: wait=N` (RFC 7240): hold the answer until the job ends, at most N seconds."""

from __future__ import annotations

import re

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from generation.jobs import long_polling
from generation.models import Job
from vidgo.kernel.api import openapi

WAIT = re.compile(r'wait\s*=\s*(?:"(\d{1,9})"|(\d{1,9}))\s*(?:;.*)?', re.IGNORECASE | re.ASCII)

PARAMETERS = (
    OpenApiParameter(
        "Prefer",
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        description=f"`wait=N`: answer when the task ends or after N seconds, at most "
        f"{long_polling.LONGEST_SECONDS}.",
    ),
    openapi.header("Preference-Applied", "`wait=N` if the preference was applied.", 200),
)


def seconds_of(request: Request) -> int | None:
    """Return how many seconds the client wants to wait, None without a valid preference.

    The first of several counts; the RFC says to ignore invalid ones.
    """
    for preference in request.headers.get("Prefer", "").split(","):
        if match := WAIT.fullmatch(preference.strip()):
            seconds = int(match[1] or match[2])
            return min(seconds, long_polling.LONGEST_SECONDS) or None
    return None


def wait(request: Request, job: Job) -> tuple[Job, dict[str, str]]:
    """Wait as the client prefers; return the job afterwards, and the header that confirms it.

    Without a preference, or if too many requests are waiting already, return the job unchanged.
    """
    seconds = seconds_of(request)
    if seconds is None:
        return job, {}
    ended = long_polling.until_end(job=job, seconds=seconds)
    if ended is None:
        return job, {}
    return ended, {"Preference-Applied": f"wait={seconds}"}
