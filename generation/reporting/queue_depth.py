"""Queue depth: how many jobs and webhooks wait, since when, and how many workers are active."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from vidgo.kernel import queue
from vidgo.kernel.queue import QueueStatus

# Schedules are due each minute, so a running worker has taken one well before this.
SILENT_SECONDS = 150.0

# Each part reads a partial index of only the queued or running jobs.
JOBS = """
SELECT count(*) FILTER (WHERE status = 'queued') AS queued,
       count(*) FILTER (WHERE status = 'queued' AND due_at > statement_timestamp()) AS postponed,
       min(created_at) FILTER (WHERE status = 'queued') AS oldest_at,
       count(*) FILTER (WHERE status = 'running') AS running,
       count(*) FILTER (WHERE status = 'running' AND leased_until < statement_timestamp()) AS lost,
       count(DISTINCT lease_owner)
         FILTER (WHERE status = 'running' AND leased_until >= statement_timestamp()) AS drivers,
       count(DISTINCT split_part(lease_owner, '/', 1))
         FILTER (WHERE status = 'running' AND leased_until >= statement_timestamp()) AS workers
  FROM (SELECT status, due_at, created_at, leased_until, lease_owner
          FROM generation_job WHERE status = 'queued'
         UNION ALL
        SELECT status, due_at, created_at, leased_until, lease_owner
          FROM generation_job WHERE status = 'running') unended
"""

CALLBACKS = """
SELECT count(*) FILTER (WHERE c.due_at <= statement_timestamp() AND e.paused_at IS NULL) AS due,
       count(*) FILTER (WHERE e.paused_at IS NOT NULL) AS held,
       min(c.due_at) FILTER (WHERE c.due_at <= statement_timestamp() AND e.paused_at IS NULL)
         AS oldest_at
  FROM generation_callback c JOIN generation_callbackendpoint e ON e.id = c.endpoint_id
 WHERE c.state = 'waiting'
"""

WAITING = """
SELECT o.name, o.public_id, count(*) AS waiting, min(j.created_at) AS oldest_at,
       (SELECT count(*) FROM generation_job r
         WHERE r.status = 'running' AND r.organization_id = o.id) AS running,
       o.concurrency_limit
  FROM generation_job j JOIN accounts_organization o ON o.id = j.organization_id
 WHERE j.status = 'queued'
 GROUP BY o.id ORDER BY waiting DESC, o.id LIMIT 20
"""


@dataclass(frozen=True, kw_only=True)
class QueueDepth:
    """What waits and runs at this moment."""

    queued: int
    postponed: int
    oldest_at: datetime | None
    running: int
    lost: int
    drivers: int
    workers: int
    callbacks_due: int
    callbacks_held: int
    callbacks_oldest_at: datetime | None
    background: QueueStatus

    @property
    def is_silent(self) -> bool:
        """Return whether no worker seems to be running: nobody takes the schedules."""
        return self.background.overdue_seconds > SILENT_SECONDS


def read() -> QueueDepth:
    """Return the queue depth, in a fixed number of queries."""
    jobs, callbacks = _row(JOBS), _row(CALLBACKS)
    return QueueDepth(
        **jobs,
        callbacks_due=callbacks["due"],
        callbacks_held=callbacks["held"],
        callbacks_oldest_at=callbacks["oldest_at"],
        background=queue.read_status(),
    )


def list_waiting() -> list[dict[str, Any]]:
    """Return the organizations with the most queued jobs."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def seconds_since(moment: datetime | None) -> float:
    """Return how many seconds ago a moment was, 0 for None."""
    return max((timezone.now() - moment).total_seconds(), 0.0) if moment else 0.0


def _row(query: str) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        names = [column.name for column in cursor.description or ()]
        row = cursor.fetchone()
    return dict(zip(names, row or (), strict=True))
