"""Background tasks, called by dotted path. Each looks at rows, so a repeated call is harmless."""

import time
from collections.abc import Callable
from datetime import timedelta

import structlog
from django.conf import settings
from django.utils import timezone

from accounts import invitations, rate_limits
from accounts.sign_in import second_factors, sessions
from billing.stripe import events
from generation import jobs
from generation.callbacks import emails, outbox, signing_secrets
from generation.engine import worker
from generation.jobs import idempotency
from generation.models import CallbackEndpoint
from generation.providers import circuit_breaker, registry
from generation.providers.base import Failure
from generation.reporting import daily_usage, margins
from generation.storage import drafts, files, inputs, results, uploads
from vidgo.kernel import http, queue

log = structlog.get_logger(__name__)

# Task, name of its schedule, minutes between two runs.
SCHEDULES = (
    ("generation.tasks.notify_jobs", "drive", 1),
    ("generation.tasks.notify_callbacks", "callbacks", 1),
    ("generation.tasks.reap", "reap", 1),
    ("generation.tasks.sweep", "sweep", 60),
    ("generation.tasks.ask_balances", "balances", 15),
    ("generation.tasks.write_daily_totals", "daily totals", 60),
)
# Well below the queue's timeout; the worker process does nothing else in this time.
SWEEP_SECONDS = 60.0


def drive() -> None:
    """Run one work cycle: drive jobs and deliver webhooks.

    Either wake-up starts both: many jobs must not delay webhooks, nor slow receivers delay jobs.
    """
    worker.run_cycle()


def deliver_callbacks() -> None:
    """Run one work cycle; this is the wake-up for a webhook that is due."""
    drive()


def notify_jobs() -> None:
    """Make up for a lost wake-up; to drive here would delay other tasks by a work cycle."""
    queue.notify(jobs.WAKE_UP)


def notify_callbacks() -> None:
    """Make up for a lost wake-up of webhooks."""
    queue.notify(outbox.WAKE_UP)


def send_callback_notice(endpoint_id: int) -> None:
    """E-mail an organization that one of its webhook endpoints was paused."""
    emails.send_paused(
        endpoint=CallbackEndpoint.objects.select_related("organization").get(pk=endpoint_id)
    )


def reap() -> None:
    """Fail the jobs that were queued past their deadline."""
    if expired := jobs.expire_overdue():
        log.warning("jobs_expired", jobs=expired)


def sweep() -> None:
    """Delete files and rows past their retention; what is left for lack of time is queued again."""
    until = time.monotonic() + SWEEP_SECONDS
    try:
        log.info(
            "files_removed",
            results=_exhaust(results.remove_expired, until=until),
            inputs=_exhaust(inputs.remove_expired, until=until),
            uploads=_exhaust(uploads.remove_expired, until=until),
            drafts=drafts.remove_expired(),
        )
    except files.StorageAway:
        log.warning("files_not_removed")
    log.info(
        "requests_forgotten",
        idempotency_keys=idempotency.remove_expired(),
        rate_buckets=rate_limits.remove_full(),
    )
    log.info(
        "sign_ins_swept",
        ended_sessions=sessions.remove_expired(),
        resealed=second_factors.reseal(),
    )
    log.info(
        "webhooks_swept",
        removed=outbox.remove_old(),
        resealed=signing_secrets.reseal(),
    )
    before = timezone.now() - timedelta(days=settings.RECORD_RETENTION_DAYS)
    log.info(
        "records_forgotten",
        stripe_events=events.delete_processed(before=before),
        failed_tasks=queue.forget_failures(before=before),
        invitations=invitations.remove_ended(before=before),
        uploads=uploads.forget_removed(before=before),
    )
    if time.monotonic() > until:
        queue.enqueue("generation.tasks.sweep")


def _exhaust(remove: Callable[[], int], *, until: float) -> int:
    """Call a function that removes some rows until none is left or time is up; return the sum."""
    total = 0
    while time.monotonic() < until and (removed := remove()):
        total += removed
    return total


def write_daily_totals() -> None:
    """Write the daily totals of ended days: usage for customers, margins for operators."""
    log.info(
        "daily_totals_written",
        usage=daily_usage.write_daily_totals(),
        margins=margins.write_daily_totals(),
    )


def ask_balances() -> None:
    """Store the balance of our account at each provider, and alarm if it is low."""
    for name, provider in registry.providers().items():
        try:
            balance = http.run(provider.balance())
        except Failure as failure:
            log.warning("balance_unknown", provider=name, reason=str(failure))
            continue
        if balance is None:
            continue
        circuit_breaker.note_balance(provider=name, balance=balance)
        if balance.amount < settings.PROVIDER_LOW_BALANCE:
            log.error(
                "provider_balance_low", provider=name, left=str(balance.amount), unit=balance.unit
            )


def schedule_all() -> None:
    """Store the schedules; runs after each migration."""
    for task, name, minutes in SCHEDULES:
        queue.schedule(task, name=name, minutes=minutes)
