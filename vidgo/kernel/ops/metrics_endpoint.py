"""The /metrics endpoint, and the kernel's own readings."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from vidgo.kernel import queue
from vidgo.kernel.ops import metrics
from vidgo.kernel.ops.metrics import Reading, readings

CONNECTIONS = """
SELECT (SELECT sum(numbackends) FROM pg_stat_database)::int,
       current_setting('max_connections')::int
       - current_setting('superuser_reserved_connections')::int
"""
FAILURES_COUNT_FOR = timedelta(hours=1)


@never_cache
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Return all metrics to clients with METRICS_TOKEN; without one only in development."""
    if not settings.METRICS_TOKEN and settings.PRODUCTION:
        raise Http404
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
    if settings.METRICS_TOKEN and not secrets.compare_digest(
        given, settings.METRICS_TOKEN.encode()
    ):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(metrics.render(), content_type=CONTENT_TYPE_LATEST)


@readings("database")
def read_database() -> Iterator[Reading]:
    """Read how many database connections are in use."""
    with connection.cursor() as cursor:
        cursor.execute(CONNECTIONS)
        used, allowed = cursor.fetchone() or (0, 0)
    yield Reading("vidgo_database_connections", "Connections to the database server.", used)
    yield Reading("vidgo_database_connections_allowed", "The limit of connections.", allowed)


@readings("queue")
def read_queue() -> Iterator[Reading]:
    """Read the state of the queue; its tasks are our own, not customers'."""
    now = queue.read_status()
    yield Reading("vidgo_background_tasks", "Waiting background tasks.", now.waiting)
    help = "How long the oldest waiting background task has waited."
    yield Reading("vidgo_background_tasks_oldest_seconds", help, now.oldest_seconds)
    yield Reading(
        "vidgo_schedules_overdue_seconds",
        "How long the earliest schedule has been due: above 150, no worker is alive.",
        now.overdue_seconds,
    )
    failed = queue.count_failures(since=timezone.now() - FAILURES_COUNT_FOR)
    help = "Background tasks that failed in the last hour; send_… are e-mails."
    yield Reading("vidgo_background_tasks_failed", help, failed.total(), {"task": "all"})
    for task, count in sorted(failed.items()):
        yield Reading("vidgo_background_tasks_failed", help, count, {"task": task})


urlpatterns = [path("metrics", show, name="metrics")]
