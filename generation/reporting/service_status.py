"""Service status for customers: do tasks start, do they finish, and how fast.

Only shares and times leave this module, never the number of tasks or the names of providers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.db import DatabaseError, connection
from django.utils import timezone

from generation import catalog
from generation.models import ProviderState
from generation.providers import registry
from generation.providers.base import FailureKind

log = structlog.get_logger(__name__)

# How long a process caches the status, and how long an outage of the database.
KEPT_SECONDS = 15.0
OUTAGE_KEPT_SECONDS = 5.0
# No share is given for fewer tasks than this.
FEWEST = 5
# Only this many of the newest tasks are read, so that a busy day costs no more than a quiet one.
MOST = 20_000
# A task that waits longer is reported as a delay.
WAIT_IS_LONG_SECONDS = 60.0
SHARE_IS_LOW = 0.95
# Failures through a fault of the request, which say nothing about the service.
REQUEST_FAULTS = (FailureKind.MODERATED, FailureKind.INVALID_INPUT, FailureKind.CANCELED)

ENDED = """
WITH latest AS (
    SELECT status, failure_kind, created_at, ended_at
      FROM generation_job ORDER BY id DESC LIMIT %(most)s
), ended AS (
    SELECT status, ended_at, extract(epoch FROM ended_at - created_at)::float AS seconds
      FROM latest
     WHERE status = 'finished' OR status = 'failed' AND failure_kind <> ALL(%(own)s)
)
SELECT spans.name,
       count(ended.status),
       count(ended.status) FILTER (WHERE ended.status = 'finished'),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds)
           FILTER (WHERE ended.status = 'finished'),
       percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds)
           FILTER (WHERE ended.status = 'finished')
  FROM (VALUES ('hour', interval '1 hour'), ('day', interval '1 day')) AS spans(name, length)
  LEFT JOIN ended ON ended.ended_at > statement_timestamp() - spans.length
 GROUP BY spans.name
"""
WAITING = """
SELECT extract(epoch FROM statement_timestamp() - min(created_at))::float
  FROM generation_job WHERE status = 'queued'
"""


@dataclass(frozen=True, slots=True)
class Span:
    """How tasks ended in a span of time; None if too few did."""

    share_finished: float | None = None
    median_seconds: float | None = None
    slow_seconds: float | None = None

    @property
    def percent(self) -> str:
        """Return the share in percent, rounded down: 99.99 is not 100."""
        if self.share_finished is None:
            return ""
        return f"{int(self.share_finished * 1000) / 10:g} %"


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """The status of the service at a moment."""

    read_at: datetime
    # How long the oldest queued task has waited; None if none is queued.
    longest_wait_seconds: float | None
    hour: Span
    day: Span
    # The state of each model: "healthy", "reduced" or "down".
    models: Mapping[str, str]

    @property
    def is_delayed(self) -> bool:
        """Return whether a task has waited for too long."""
        return (self.longest_wait_seconds or 0.0) > WAIT_IS_LONG_SECONDS

    @property
    def is_failing(self) -> bool:
        """Return whether too many tasks failed in the last hour."""
        share = self.hour.share_finished
        return share is not None and share < SHARE_IS_LOW

    @property
    def worst(self) -> str:
        """Return the overall state: "healthy", "reduced" or "down"."""
        states = set(self.models.values())
        if states == {"down"}:
            return "down"
        return (
            "reduced" if states != {"healthy"} or self.is_delayed or self.is_failing else "healthy"
        )


class _Kept:
    """What this process read last, and until when it is valid."""

    lock = threading.Lock()
    status: ServiceStatus | None = None
    until = 0.0


def read() -> ServiceStatus | None:
    """Return the service status, at most `KEPT_SECONDS` old; None without a database.

    In an outage only one request every `OUTAGE_KEPT_SECONDS` waits for the database.
    """
    with _Kept.lock:
        if time.monotonic() >= _Kept.until:
            try:
                _Kept.status, kept_seconds = measure(), KEPT_SECONDS
            except DatabaseError:
                log.exception("status_unknown")
                _Kept.status, kept_seconds = None, OUTAGE_KEPT_SECONDS
            _Kept.until = time.monotonic() + kept_seconds
        return _Kept.status


def measure() -> ServiceStatus:
    """Return the service status now, in three queries."""
    with connection.cursor() as cursor:
        cursor.execute(ENDED, {"most": MOST, "own": [kind.value for kind in REQUEST_FAULTS]})
        spans = {name: _span(*values) for name, *values in cursor.fetchall()}
        cursor.execute(WAITING)
        (waited,) = cursor.fetchone() or (None,)
    return ServiceStatus(
        read_at=timezone.now(),
        longest_wait_seconds=waited,
        hour=spans["hour"],
        day=spans["day"],
        models=_models(),
    )


def _span(ended: int, finished: int, median: Any, slow: Any) -> Span:
    if ended < FEWEST:
        return Span()
    return Span(share_finished=finished / ended, median_seconds=median, slow_seconds=slow)


def _models() -> dict[str, str]:
    """Return the state of each model, by the health of its providers."""
    now = timezone.now()
    troubled = {
        state.name
        for state in ProviderState.objects.all()
        if (state.open_until and state.open_until > now)
        or (state.paused_until and state.paused_until > now)
    }
    return {
        model_id: _state(registry.names_of(model_id), troubled)
        for model_id in catalog.load().models
    }


def _state(names: list[str], troubled: set[str]) -> str:
    working = [name for name in names if name not in troubled]
    if not working:
        return "down"
    return "healthy" if len(working) == len(names) else "reduced"
