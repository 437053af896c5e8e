"""Whether this process is alive, and whether it can serve: for load balancers and supervisors."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from vidgo.kernel.ops import web_lifecycle

log = structlog.get_logger(__name__)


class NotReady(Exception):
    """A check found something that keeps this process from serving."""


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _migrations() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise NotReady("there are unapplied migrations")


# Not the storage: all servers share it, and without it they still take orders and show pages. It
# has an alarm, `storage_away`, and the doctor's look.
CHECKS: dict[str, Callable[[], None]] = {"database": _database, "migrations": _migrations}

# Anybody may ask: so often the checks run and no more.
KEPT_SECONDS = 1.0


class _Kept:
    """What this process found out last, and until when that is good enough."""

    lock = threading.Lock()
    results: dict[str, bool] = {}
    until = 0.0


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer that the process is alive; asks nobody else."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when every check passes, else 503; each check is named.

    A server that is about to end serves on for WEB_DRAIN_SECONDS, but wants nothing new.
    """
    if web_lifecycle.is_ending():
        return _unready({"status": "ending", "checks": {}})
    told = {name: "ok" if passed else "failing" for name, passed in _look().items()}
    if "failing" in told.values():
        return _unready({"status": "failing", "checks": told})
    return JsonResponse({"status": "ok", "checks": told})


def _look() -> dict[str, bool]:
    """Return which checks pass, as this process found out less than `KEPT_SECONDS` ago."""
    with _Kept.lock:
        if time.monotonic() >= _Kept.until:
            _Kept.results = {name: _passes(name, check) for name, check in CHECKS.items()}
            _Kept.until = time.monotonic() + KEPT_SECONDS
        return _Kept.results


def _unready(told: dict[str, Any]) -> JsonResponse:
    response = JsonResponse(told, status=503)
    # Django would log an error for each 503, also for a server that ends as it should; what fails
    # is logged once, by `_passes`.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _passes(name: str, check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception:
        # Whatever went wrong is what the check is there to tell; the details go to the log only.
        log.exception("not_ready", check=name)
        return False
    return True


urlpatterns = [path("healthz", healthz, name="healthz"), path("readyz", readyz, name="readyz")]
