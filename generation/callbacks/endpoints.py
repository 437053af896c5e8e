"""Endpoints: the servers callbacks go to. One that keeps failing is paused, so it delays nobody.

An endpoint is an organization's scheme, host and port: what a receiver shares when it is down.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone
from yarl import URL

from accounts import audit
from accounts.audit import Actor
from accounts.models import Organization
from generation.callbacks import retry_schedule
from generation.models import CallbackEndpoint
from vidgo.kernel import errors, queue
from vidgo.kernel.db.transactions import requires_transaction

WAKE_UP = "generation.tasks.deliver_callbacks"
NOTICE = "generation.tasks.send_callback_notice"
# A success is noted at most this often: a busy endpoint's row would be rewritten for each one.
NOTE_EVERY = timedelta(seconds=10)


class UnknownEndpoint(errors.NotFound):
    default_message = "There is no such callback endpoint."


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address that was checked, the default port left out."""
    return str(URL(url).origin())


@requires_transaction
def ensure(*, organization_id: int, url: str) -> CallbackEndpoint:
    """Return the endpoint an address belongs to, stored at its first use."""
    key = {"organization_id": organization_id, "origin": origin_of(url)}
    found = CallbackEndpoint.objects.filter(**key).first()
    if found is None:
        # Whoever comes second waits for the first one's commit, and then finds its row.
        CallbackEndpoint.objects.bulk_create([CallbackEndpoint(**key)], ignore_conflicts=True)
        found = CallbackEndpoint.objects.get(**key)
    return found


def get_endpoint(*, organization: Organization, public_id: str) -> CallbackEndpoint:
    """Return an organization's endpoint; raises `UnknownEndpoint`, also for a foreign one."""
    found = (
        CallbackEndpoint.objects.for_organization(organization).filter(public_id=public_id).first()
    )
    if found is None:
        raise UnknownEndpoint
    return found


@requires_transaction
def pause(*, endpoint: CallbackEndpoint, actor: Actor) -> None:
    """Send nothing more there until somebody resumes it; what waits keeps waiting."""
    if _pause(endpoint.pk, CallbackEndpoint.Pause.BY_HAND):
        audit.record(
            organization=endpoint.organization,
            actor=actor,
            action="callback_endpoint.paused",
            target=endpoint.origin,
        )


@requires_transaction
def resume(*, endpoint: CallbackEndpoint, actor: Actor) -> None:
    """Send there again, beginning with what has waited."""
    if CallbackEndpoint.objects.filter(pk=endpoint.pk).update(**_RESUMED):
        audit.record(
            organization=endpoint.organization,
            actor=actor,
            action="callback_endpoint.resumed",
            target=endpoint.origin,
        )
        queue.notify(WAKE_UP)


_RESUMED: Mapping[str, Any] = {
    "failures_in_a_row": 0,
    "failing_since": None,
    "paused_at": None,
    "pause_reason": "",
}


@requires_transaction
def note_success(*, endpoint_id: int, by_test: bool) -> None:
    """Note that the endpoint accepted one; a test that it accepts resumes it."""
    now = timezone.now()
    stale = Q(last_success_at=None) | Q(last_success_at__lt=now - NOTE_EVERY)
    rows = CallbackEndpoint.objects.filter(pk=endpoint_id)
    rows.filter(stale | Q(failures_in_a_row__gt=0)).update(
        last_success_at=now, failures_in_a_row=0, failing_since=None
    )
    if by_test and rows.filter(paused_at__isnull=False).update(**_RESUMED):
        queue.notify(WAKE_UP)


@requires_transaction
def note_failure(*, endpoint_id: int, gone: bool) -> None:
    """Count a failed try; pause the endpoint when it is gone or has failed for too long.

    The organization is told once, by e-mail. It is paused for failing after a whole schedule of
    failures and CALLBACK_PAUSE_AFTER_HOURS without a single success.
    """
    now = timezone.now()
    rows = CallbackEndpoint.objects.filter(pk=endpoint_id)
    rows.update(failures_in_a_row=F("failures_in_a_row") + 1, last_failure_at=now)
    rows.filter(failing_since=None).update(failing_since=now)
    reason = ""
    if gone:
        reason = CallbackEndpoint.Pause.GONE
    elif rows.filter(
        failures_in_a_row__gte=len(retry_schedule.OFFSETS_SECONDS),
        failing_since__lte=_patience(now),
    ).exists():
        reason = CallbackEndpoint.Pause.FAILING
    if reason and _pause(endpoint_id, reason):
        queue.enqueue(NOTICE, endpoint_id)


def _patience(now: datetime) -> datetime:
    return now - timedelta(hours=settings.CALLBACK_PAUSE_AFTER_HOURS)


def _pause(endpoint_id: int, reason: str) -> bool:
    return bool(
        CallbackEndpoint.objects.filter(pk=endpoint_id, paused_at=None).update(
            paused_at=timezone.now(), pause_reason=reason
        )
    )
