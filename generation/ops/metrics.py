"""Prometheus metrics of generation: tasks, attempts, providers and webhooks.

Every query is bounded: by an index of only the unfinished rows, or by the newest rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.db.models import Count
from django.utils import timezone

from generation.models import Attempt, CallbackEndpoint, ProviderState
from generation.providers import circuit_breaker, registry
from generation.reporting import queue_depth
from generation.reporting.queue_depth import QueueDepth
from vidgo.kernel.ops.metrics import Reading, readings

# What ended within five minutes, of the newest rows: enough for 60 tasks a second.
MOST = 20_000
BOUNDS = {"most": MOST, "seconds": 300}

ENDED_JOBS = """
WITH latest AS (
    SELECT status, failure_kind, ended_at FROM generation_job ORDER BY id DESC LIMIT %(most)s
)
SELECT status, failure_kind, count(*) FROM latest
 WHERE ended_at > statement_timestamp() - make_interval(secs => %(seconds)s)
 GROUP BY 1, 2 ORDER BY 1, 2
"""
ENDED_ATTEMPTS = """
WITH latest AS (
    SELECT provider, failure_kind, started_at, ended_at
      FROM generation_attempt ORDER BY id DESC LIMIT %(most)s
)
SELECT provider, failure_kind, count(*),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM ended_at - started_at))
  FROM latest
 WHERE ended_at > statement_timestamp() - make_interval(secs => %(seconds)s)
 GROUP BY 1, 2 ORDER BY 1, 2
"""
ENDED_CALLBACKS = """
SELECT state, count(*) FROM generation_callback
 WHERE ended_at > statement_timestamp() - make_interval(secs => %(seconds)s)
 GROUP BY 1 ORDER BY 1
"""
SENDING = "SELECT count(*) FROM generation_callback WHERE state = 'sending'"
# The states of `health.state_of`; exactly one of them is 1.
STATES = ("healthy", "probing", "throttled", "open", "paused", "unused")


@readings("work")
def read_work() -> Iterator[Reading]:
    """Read what waits and runs, and how it ended recently."""
    now = queue_depth.read()
    yield from _tasks(now)
    yield from _webhooks(now)


def _tasks(now: QueueDepth) -> Iterator[Reading]:
    help = "Tasks that have not ended; postponed ones are queued, too, and lost ones running."
    for state in ("queued", "postponed", "running", "lost"):
        yield Reading("vidgo_tasks", help, getattr(now, state), {"state": state})
    yield Reading(
        "vidgo_tasks_oldest_queued_seconds",
        "How long the oldest queued task has waited.",
        queue_depth.seconds_since(now.oldest_at),
    )
    yield Reading("vidgo_task_drivers", "Worker processes that drive tasks.", now.drivers)
    help = "Tasks that ended within five minutes, of the newest 20,000."
    for status, kind, count in _rows(ENDED_JOBS):
        labels = {"status": status, "failure_kind": kind}
        yield Reading("vidgo_tasks_ended", help, count, labels)


def _webhooks(now: QueueDepth) -> Iterator[Reading]:
    ((sending,),) = _rows(SENDING)
    help = "Webhooks that have not ended; held ones wait for a paused endpoint."
    for state, count in (
        ("due", now.callbacks_due),
        ("held", now.callbacks_held),
        ("sending", sending),
    ):
        yield Reading("vidgo_webhooks", help, count, {"state": state})
    yield Reading(
        "vidgo_webhooks_oldest_due_seconds",
        "How long the oldest webhook has been due.",
        queue_depth.seconds_since(now.callbacks_oldest_at),
    )
    for state, count in _rows(ENDED_CALLBACKS):
        help = "Webhooks that ended within five minutes."
        yield Reading("vidgo_webhooks_ended", help, count, {"state": state})
    paused = CallbackEndpoint.objects.exclude(paused_at=None).count()
    yield Reading("vidgo_webhook_endpoints_paused", "Paused endpoints of customers.", paused)


@readings("providers")
def read_providers() -> Iterator[Reading]:
    """Read each provider's state, load and recent attempts."""
    rows = {row.name: row for row in ProviderState.objects.all()}
    open_attempts = Attempt.objects.filter(ended_at=None).values_list("provider")
    busy = dict(open_attempts.annotate(count=Count("pk")).order_by())
    now = timezone.now()
    for name, provider in registry.providers().items():
        row = rows.get(name)
        label = {"provider": name}
        current, _, _ = circuit_breaker.state_of(row, now=now)
        for state in STATES:
            labels = {**label, "state": state}
            yield Reading("vidgo_provider_state", "1 for its state.", state == current, labels)
        used = busy.get(name, 0)
        yield Reading("vidgo_provider_slots_used", "Attempts in progress.", used, label)
        yield Reading(
            "vidgo_provider_slots", "The most attempts at once.", provider.concurrency, label
        )
        if row is not None and row.balance is not None:
            help = "The balance of our account, in the provider's unit."
            yield Reading("vidgo_provider_balance", help, float(row.balance), label)
    help = "Attempts that ended within five minutes, of the newest 20,000."
    for name, kind, count, seconds in _rows(ENDED_ATTEMPTS):
        labels = {"provider": name, "failure_kind": kind}
        yield Reading("vidgo_attempts_ended", help, count, labels)
        yield Reading("vidgo_attempt_median_seconds", "Median time of those.", seconds, labels)


def _rows(query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, BOUNDS)
        return cursor.fetchall()
