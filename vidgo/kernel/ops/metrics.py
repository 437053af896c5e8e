"""Metrics for Prometheus: the requests of this web server, and readings from the database.

Requests are counted in this process or, with PROMETHEUS_MULTIPROC_DIR (set in `vidgo/gunicorn.py`),
in files that all processes of the server read. Everything else is read from the database during a
scrape: each app registers its readings in `ops/metrics.py`. So workers need no port, and every web
server gives the same answer. See `docs/decisions/0018-read-metrics-from-the-database.md`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import autodiscover_modules
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from vidgo.kernel.db.transactions import is_unavailable

log = structlog.get_logger(__name__)

# From a lookup by key to the longest `Prefer: wait`.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# All unknown paths share one label, so that clients cannot create labels without end.
UNKNOWN_ROUTE = "unknown"
STATIC_ROUTE = "static"

# Prometheus needs no series with the creation time of each counter.
disable_created_metrics()
_counted = CollectorRegistry()
REQUESTS = Counter(
    "vidgo_requests",
    "Requests answered, by the name of the route.",
    ["route", "method", "status"],
    registry=_counted,
)
REQUEST_SECONDS = Histogram(
    "vidgo_request_seconds",
    "Seconds until the answer began.",
    ["route", "method"],
    buckets=BUCKETS,
    registry=_counted,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A current value; readings with the same name have the same labels."""

    name: str
    help: str
    value: float
    labels: dict[str, str] = field(default_factory=dict)


_groups: dict[str, Callable[[], Iterable[Reading]]] = {}


def readings(
    group: str,
) -> Callable[[Callable[[], Iterable[Reading]]], Callable[[], Iterable[Reading]]]:
    """Register the decorated function as the reader of a group of metrics."""

    def register(read: Callable[[], Iterable[Reading]]) -> Callable[[], Iterable[Reading]]:
        _groups[group] = read
        return read

    return register


class Readings(Collector):
    """The readings of all groups."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield every metric, and whether each group could be read."""
        autodiscover_modules("ops.metrics")
        up = GaugeMetricFamily("vidgo_metrics_up", "1 if the group was read.", labels=["group"])
        is_away = False
        for group, read in _groups.items():
            found: list[Reading] | None = None
            try:
                # During an outage each group would wait as long as the first one did.
                found = None if is_away else list(read())
            except Exception as error:
                # A broken group must hide neither the others nor the counters of this process.
                is_away = is_unavailable(error)
                if is_away:
                    log.warning("database_away", error=str(error).strip())
                else:
                    log.exception("metrics_missing", group=group)
            up.add_metric([group], found is not None)
            yield from _gauges(found or ())
        yield up


def _gauges(found: Iterable[Reading]) -> Iterable[GaugeMetricFamily]:
    gauges: dict[str, GaugeMetricFamily] = {}
    for each in found:
        if each.name not in gauges:
            gauges[each.name] = GaugeMetricFamily(each.name, each.help, labels=list(each.labels))
        gauges[each.name].add_metric(list(each.labels.values()), each.value)
    return gauges.values()


def render() -> bytes:
    """Return all metrics in Prometheus's text format 0.0.4."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)
        counted = generate_latest(registry)
    else:
        counted = generate_latest(_counted)
    read = CollectorRegistry()
    read.register(Readings())
    return counted + generate_latest(read)


class MetricsMiddleware:
    """Count and time each request by its route."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - began
        route = route_of(request)
        method = str(request.method) if request.method in METHODS else "other"
        REQUESTS.labels(route, method, response.status_code).inc()
        REQUEST_SECONDS.labels(route, method).observe(seconds)
        return response


def route_of(request: HttpRequest) -> str:
    """Return the name of the route that answered, never a part of the path itself."""
    match = request.resolver_match
    if match is not None:
        return match.view_name
    return STATIC_ROUTE if request.path.startswith(settings.STATIC_URL) else UNKNOWN_ROUTE
