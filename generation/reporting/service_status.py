"""How the service is doing, as customers would ask: do tasks begin, do they end well, how soon.

Only shares and times leave this module, never how many tasks there are nor who makes the images.
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

# What one process found out is told to everybody for so long; that there is no database, for less.
KEPT_SECONDS = 15.0
OUTAGE_KEPT_SECONDS = 5.0
# Fewer tasks than this tell nothing about a share.
FEWEST = 5
# The newest tasks that are looked at, so that a busy day costs no more than a quiet one.
MOST = 20_000
# A task that waits longer is a delay worth telling.
WAIT_IS_LONG_SECONDS = 60.0
SHARE_IS_LOW = 0.95
# The order itself caused these, so they say nothing about the service.
CUSTOMERS_OWN = (FailureKind.MODERATED, FailureKind.INVALID_INPUT, FailureKind.CANCELED)

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
    """How the tasks of a span of time ended; None where too few did."""

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
    """How the service is doing at a moment."""

    read_at: datetime
    # How long the oldest task has waited to begin; None when none waits.
    longest_wait_seconds: float | None
    hour: Span
    day: Span
    # For each model "healthy", "reduced" or "down".
    models: Mapping[str, str]

    @property
    def is_delayed(self) -> bool:
        """Return whether a task waits for longer than it should."""
        return (self.longest_wait_seconds or 0.0) > WAIT_IS_LONG_SECONDS

    @property
    def is_failing(self) -> bool:
        """Return whether more tasks than usual failed in the last hour."""
        share = self.hour.share_finished
        return share is not None and share < SHARE_IS_LOW

    @property
    def worst(self) -> str:
        """Return the state of the whole: "healthy", "reduced" or "down"."""
        states = set(self.models.values())
        if states == {"down"}:
            return "down"
        return (
            "reduced" if states != {"healthy"} or self.is_delayed or self.is_failing else "healthy"
        )


class _Kept:
    """What this process read last, and until when it is good enough."""

    lock = threading.Lock()
    status: ServiceStatus | None = None
    until = 0.0


def read() -> ServiceStatus | None:
    """Return how the service is doing, at most `KEPT_SECONDS` old; None without a database.

    In an outage one request waits for the database every `OUTAGE_KEPT_SECONDS`, not each of them.
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
    """Return how the service is doing now, in three queries."""
    with connection.cursor() as cursor:
        cursor.execute(ENDED, {"most": MOST, "own": [kind.value for kind in CUSTOMERS_OWN]})
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
    """Return how each model is doing, by the providers of its route."""
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
