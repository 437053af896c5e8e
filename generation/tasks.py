"""What the queue may call, by dotted path. Each looks at rows; a repeated call is harmless."""

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
from generation.providers import health, registry
from generation.providers.base import Failure
from generation.reporting import margins, usage
from generation.storage import drafts, files, inputs, results, uploads
from vidgo.kernel import http, queue

log = structlog.get_logger(__name__)

# Task, name of its schedule, minutes between two runs.
SCHEDULES = (
    ("generation.tasks.ring_for_jobs", "drive", 1),
    ("generation.tasks.ring_for_callbacks", "callbacks", 1),
    ("generation.tasks.reap", "reap", 1),
    ("generation.tasks.sweep", "sweep", 60),
    ("generation.tasks.ask_balances", "balances", 15),
    ("generation.tasks.write_usage", "usage", 60),
)
# Well below the queue's timeout; a worker process does nothing else meanwhile.
SWEEP_SECONDS = 60.0


def drive() -> None:
    """Run one work cycle: drive jobs and deliver webhooks.

    Either wake-up starts both: many jobs must not hold up webhooks, nor hanging receivers jobs.
    """
    worker.run_cycle()


def deliver_callbacks() -> None:
    """Run one work cycle, woken up by a webhook that waits."""
    drive()


def ring_for_jobs() -> None:
    """Make up for a lost bell; to drive here would take a slice's time before other tasks."""
    queue.notify(jobs.WAKE_UP)


def ring_for_callbacks() -> None:
    """Make up for a lost bell of callbacks."""
    queue.notify(outbox.WAKE_UP)


def send_callback_notice(endpoint_id: int) -> None:
    """Tell an organization by e-mail that one of its endpoints was paused."""
    emails.send_paused(
        endpoint=CallbackEndpoint.objects.select_related("organization").get(pk=endpoint_id)
    )


def reap() -> None:
    """End what waited past its deadline."""
    if expired := jobs.expire_overdue():
        log.warning("jobs_expired", jobs=expired)


def sweep() -> None:
    """Remove what is kept no longer: files, and rows that stood for something for a while.

    What it has no time for it leaves to the next one, which it rings for.
    """
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
        "callbacks_swept",
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
    """Call a verb that removes some rows until it finds none or the time is over; return the sum.

    An hour may bring more files to their end than one call removes.
    """
    total = 0
    while time.monotonic() < until and (removed := remove()):
        total += removed
    return total


def write_usage() -> None:
    """Write down what the days that are over came to: usage for customers, margins for the desk."""
    log.info("usage_written", lines=usage.write_days(), margin_lines=margins.write_days())


def ask_balances() -> None:
    """Ask the providers what the operator's accounts hold, and alarm when that is little."""
    for name, provider in registry.providers().items():
        try:
            balance = http.run(provider.balance())
        except Failure as failure:
            log.warning("balance_unknown", provider=name, reason=str(failure))
            continue
        if balance is None:
            continue
        health.note_balance(provider=name, balance=balance)
        if balance.amount < settings.PROVIDER_LOW_BALANCE:
            log.error(
                "provider_balance_low", provider=name, left=str(balance.amount), unit=balance.unit
            )


def schedule_all() -> None:
    """Store the schedules; called after each migration."""
    for task, name, minutes in SCHEDULES:
        queue.schedule(task, name=name, minutes=minutes)
