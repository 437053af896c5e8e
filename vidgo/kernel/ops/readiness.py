"""Health checks for load balancers and supervisors: /healthz and /readyz."""

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
    """This process cannot serve requests."""


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _migrations() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise NotReady("there are unapplied migrations")


# Not the storage: all servers share it, and without it they still accept tasks and serve pages. It
# has an alarm, `storage_away`, and a check of the doctor.
CHECKS: dict[str, Callable[[], None]] = {"database": _database, "migrations": _migrations}

# The endpoints are public, so the checks run at most this often.
KEPT_SECONDS = 1.0


class _Kept:
    lock = threading.Lock()
    results: dict[str, bool] = {}
    until = 0.0


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200: this process is alive."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 if every check passes, else 503, with the result of each check.

    A server that is shutting down still serves for WEB_DRAIN_SECONDS but accepts nothing new.
    """
    if web_lifecycle.is_ending():
        return _unready({"status": "ending", "checks": {}})
    checks = {name: "ok" if passed else "failing" for name, passed in _run_checks().items()}
    if "failing" in checks.values():
        return _unready({"status": "failing", "checks": checks})
    return JsonResponse({"status": "ok", "checks": checks})


def _run_checks() -> dict[str, bool]:
    """Return which checks pass, at most `KEPT_SECONDS` old."""
    with _Kept.lock:
        if time.monotonic() >= _Kept.until:
            _Kept.results = {name: _passes(name, check) for name, check in CHECKS.items()}
            _Kept.until = time.monotonic() + KEPT_SECONDS
        return _Kept.results


def _unready(body: dict[str, Any]) -> JsonResponse:
    response = JsonResponse(body, status=503)
    # Django would log an error for each 503, even in a normal shutdown; `_passes` logs failures.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _passes(name: str, check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception:
        # Any failure means not ready; the details go to the log only.
        log.exception("not_ready", check=name)
        return False
    return True


urlpatterns = [path("healthz", healthz, name="healthz"), path("readyz", readyz, name="readyz")]
