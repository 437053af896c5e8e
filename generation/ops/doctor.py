"""Doctor checks of generation: providers, workers, tasks, webhooks and connections."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from billing import tasks as billing_tasks
from generation import catalog, tasks
from generation.engine import thread_pools
from generation.models import ProviderState
from generation.providers import circuit_breaker, registry
from generation.providers.base import Failure, FailureKind, Provider
from generation.reporting import queue_depth
from vidgo.kernel import http, queue
from vidgo.kernel.ops.doctor import Finding, check, fault, ok

# Customers should not wait longer than this.
WAIT_IS_LONG_SECONDS = 120.0
CALLBACK_IS_LATE_SECONDS = 300.0
FAILED_TASKS_COUNT_FOR = timedelta(days=1)
# The worker's supervisor, and the three processes of its cluster that run no tasks.
CONNECTIONS_BESIDE_TASKS = 4
# For psql, a backup and this doctor when all others are in use.
SPARE_CONNECTIONS = 5

CONNECTIONS = """
SELECT current_setting('max_connections')::int
       - current_setting('superuser_reserved_connections')::int,
       (SELECT sum(numbackends) FROM pg_stat_database)::int
"""


@check(name="connections", place=22)
def check_connections() -> Iterator[Finding]:
    """Compare the connections of one web server and one worker with those PostgreSQL allows."""
    with connection.cursor() as cursor:
        cursor.execute(CONNECTIONS)
        allowed, used = cursor.fetchone() or (0, 0)
    web = settings.WEB_PROCESSES * (settings.WEB_THREADS + 1)
    worker = (
        settings.WORKER_PROCESSES * (thread_pools.DATABASE_THREADS + 1) + CONNECTIONS_BESIDE_TASKS
    )
    says = f"{used} of {allowed} in use; a web server may open {web}, a worker {worker}"
    if web + worker + SPARE_CONNECTIONS > allowed:
        yield fault(
            says,
            to_do="raise PostgreSQL's max_connections, or lower WEB_THREADS or WORKER_PROCESSES",
        )
    elif used + SPARE_CONNECTIONS > allowed:
        yield fault(says, to_do="raise PostgreSQL's max_connections, or put a pooler in front")
    else:
        yield ok(says)


@check(name="provider", place=70, seconds=60)
def check_providers() -> Iterator[Finding]:
    """Check each provider's health and balance."""
    configured = registry.providers()
    rows = {row.name: row for row in ProviderState.objects.all()}
    for name, provider in configured.items():
        yield _check_provider(provider, rows.get(name))
    without = [model for model in catalog.load().models if not registry.names_of(model)]
    if without:
        yield fault(
            f"nobody makes {', '.join(without)}",
            to_do="set the key of a provider that makes them; see docs/providers.md",
            about="routes",
        )


def _check_provider(provider: Provider, row: ProviderState | None) -> Finding:
    name = provider.name
    if name == "sandbox" and settings.PRODUCTION:
        return fault(
            "customers pay for sandbox images", to_do="set SANDBOX_ENABLED=false", about=name
        )
    state, until, reason = circuit_breaker.state_of(row, now=timezone.now())
    if state == "paused":
        ends = f"until {until:%Y-%m-%d %H:%M} UTC" if until else "until somebody resumes it"
        return fault(
            f"paused {ends}: {reason}",
            to_do="top up the account or correct the key, then Resume it in the admin, Providers",
            about=name,
        )
    if state == "open":
        return fault(
            f"failed {circuit_breaker.FAILURES_UNTIL_OPEN} times in a row: {reason}",
            to_do="see its status page; tasks use other providers, and it is retried automatically",
            about=name,
        )
    try:
        balance = http.run(provider.balance())
    except Failure as failure:
        if failure.kind in (FailureKind.UNAUTHORIZED, FailureKind.NO_CREDIT):
            return fault(
                f"refuses us: {failure}",
                to_do="correct its key or top up the account",
                about=name,
            )
        return fault(
            f"does not answer: {failure}",
            to_do="check the network and its status page",
            about=name,
        )
    if balance is not None and balance.amount < settings.PROVIDER_LOW_BALANCE:
        return fault(
            f"{balance.amount:,} {balance.unit} left, below PROVIDER_LOW_BALANCE",
            to_do="top up the account",
            about=name,
        )
    holds = f"{balance.amount:,} {balance.unit} left" if balance else "reports no balance"
    return ok(f"{state}, {holds}", about=name)


@check(name="workers", place=80)
def check_workers() -> Iterator[Finding]:
    """Check that all schedules exist and that a worker takes them."""
    wanted = {name for _, name, _ in (*tasks.SCHEDULES, *billing_tasks.SCHEDULES)}
    missing = wanted - queue.list_scheduled()
    if missing:
        yield fault(f"not scheduled: {', '.join(sorted(missing))}", to_do="run `manage.py migrate`")
        return
    overdue = queue.read_status().overdue_seconds
    if overdue > queue_depth.SILENT_SECONDS:
        yield fault(
            f"no worker has taken anything for {overdue / 60:.0f} minutes",
            to_do="start `manage.py worker`, or read in its log why it ended",
        )
    else:
        yield ok("running")


@check(name="tasks", place=82)
def check_tasks() -> Iterator[Finding]:
    """Check how long customers' tasks wait, and which background tasks failed."""
    waited = queue_depth.seconds_since(queue_depth.read().oldest_at)
    failed = queue.count_failures(since=timezone.now() - FAILED_TASKS_COUNT_FOR)
    if waited > WAIT_IS_LONG_SECONDS:
        yield fault(
            f"the oldest has waited for {waited / 60:.0f} minutes",
            to_do="see Queue in the admin: add workers, or fix the providers",
        )
    for name, count in sorted(failed.items()):
        yield fault(
            f"{name} failed {count} times within a day",
            to_do="search the worker's log for “Failed”; see docs/runbook.md, Failed tasks",
        )
    if waited <= WAIT_IS_LONG_SECONDS and not failed:
        yield ok(f"the oldest has waited for {waited:.0f} s" if waited else "none waits")


@check(name="callbacks", place=84)
def check_callbacks() -> Iterator[Finding]:
    """Check how late webhooks are."""
    now = queue_depth.read()
    late = queue_depth.seconds_since(now.callbacks_oldest_at)
    if late > CALLBACK_IS_LATE_SECONDS:
        yield fault(
            f"{now.callbacks_due} are due, the oldest for {late / 60:.0f} minutes",
            to_do="see Webhook endpoints in the admin: many slow ones need more workers",
        )
    else:
        yield ok(f"{now.callbacks_due} due, {now.callbacks_held} held for paused endpoints")
