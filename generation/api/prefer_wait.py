"""`Prefer: wait=N` (RFC 7240): answer when the job ends, or after N seconds as it is then."""

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
        description=f"`wait=N`: answer when the task ends, or after N seconds, at most "
        f"{long_polling.LONGEST_SECONDS}.",
    ),
    openapi.header("Preference-Applied", "`wait=N` when the call was ready to wait.", 200),
)


def seconds_of(request: Request) -> int | None:
    """Return how long the caller would wait; what makes no sense is passed over, as the RFC says.

    Of several, the first one counts.
    """
    for preference in request.headers.get("Prefer", "").split(","):
        if match := WAIT.fullmatch(preference.strip()):
            seconds = int(match[1] or match[2])
            return min(seconds, long_polling.LONGEST_SECONDS) or None
    return None


def wait(request: Request, job: Job) -> tuple[Job, dict[str, str]]:
    """Wait as the caller prefers; return the job as it is then, and the header that says so.

    Without a preference, and while too many wait already, the job is returned as it came.
    """
    seconds = seconds_of(request)
    if seconds is None:
        return job, {}
    ended = long_polling.until_end(job=job, seconds=seconds)
    if ended is None:
        return job, {}
    return ended, {"Preference-Applied": f"wait={seconds}"}
