"""Hourly stats: how the jobs of the last day ended, by hour, over all organizations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.utils import timezone

from generation.reporting.service_status import REQUEST_FAULTS

COUNT = 24
# Only this many of the newest jobs are read, so that a busy day costs no more than a quiet one.
MOST = 50_000

QUERY = """
WITH latest AS (
    SELECT status, failure_kind, price_credits, created_at
      FROM generation_job ORDER BY id DESC LIMIT %(most)s
)
SELECT date_trunc('hour', created_at, 'UTC'),
       count(*) FILTER (WHERE status = 'finished'),
       count(*) FILTER (WHERE status = 'failed' AND failure_kind <> ALL(%(own)s)),
       count(*) FILTER (WHERE status = 'failed' AND failure_kind = ANY(%(own)s)),
       count(*) FILTER (WHERE status IN ('queued', 'running')),
       coalesce(sum(price_credits) FILTER (WHERE status <> 'failed'), 0)
  FROM latest WHERE created_at >= %(since)s
 GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Hour:
    """The jobs submitted in an hour; `refused` ones failed through a fault of the request."""

    begins_at: datetime
    finished: int = 0
    failed: int = 0
    refused: int = 0
    not_over: int = 0
    charged_credits: int = 0

    @property
    def jobs(self) -> int:
        """Return the number of jobs."""
        return self.finished + self.failed + self.refused + self.not_over


def read() -> list[Hour]:
    """Return the last 24 hours, the oldest first, from the newest `MOST` jobs; one query."""
    this_hour = timezone.now().astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    begins = [this_hour - timedelta(hours=ago) for ago in reversed(range(COUNT))]
    with connection.cursor() as cursor:
        cursor.execute(
            QUERY,
            {
                "most": MOST,
                "own": [kind.value for kind in REQUEST_FAULTS],
                "since": begins[0],
            },
        )
        by_begin = {row[0]: Hour(*row) for row in cursor.fetchall()}
    return [by_begin.get(begin, Hour(begin)) for begin in begins]
