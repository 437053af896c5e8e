"""Webhook endpoints: the servers webhooks go to. One that keeps failing is paused.

An endpoint is one organization's scheme, host and port: URLs that go down together.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone
from yarl import URL

from accounts import audit
from accounts.audit import Actor
from accounts.models import Organization
from generation.callbacks import retry_schedule
from generation.models import CallbackEndpoint
from vidgo.kernel import errors, http, queue
from vidgo.kernel.db.transactions import requires_transaction

log = structlog.get_logger(__name__)

WAKE_UP = "generation.tasks.deliver_callbacks"
NOTICE = "generation.tasks.send_callback_notice"
# A success is stored at most this often, so that a busy endpoint's row is not rewritten each time.
NOTE_EVERY = timedelta(seconds=10)


class UnknownEndpoint(errors.NotFound):
    default_message = "There is no such webhook endpoint."


class BadCallbackUrl(errors.Invalid):
    """We may not send webhooks to this URL."""


def require_callable(*, url: str) -> None:
    """Raise `BadCallbackUrl` if the host of a `callback_url` resolves to a forbidden address.

    Takes up to five seconds: call it outside transactions. A name that doesn't resolve right now
    passes, because each delivery checks the address again.
    """
    if not url:
        return
    try:
        http.resolve_check_sync(url=url, policy=http.CALLBACK)
    except http.UrlRefused as refused:
        raise BadCallbackUrl(f"'callback_url': {refused}", param="callback_url") from None
    except http.FetchError as error:
        log.info("webhook_host_not_resolved", reason=error.reason)


def origin_of(url: str) -> str:
    """Return scheme, host and port of a checked URL, without a default port."""
    return str(URL(url).origin())


@requires_transaction
def ensure(*, organization_id: int, url: str) -> CallbackEndpoint:
    """Return the endpoint of a URL, creating it on first use."""
    key = {"organization_id": organization_id, "origin": origin_of(url)}
    found = CallbackEndpoint.objects.filter(**key).first()
    if found is None:
        # A concurrent insert waits for the first one to commit, and then finds its row.
        CallbackEndpoint.objects.bulk_create([CallbackEndpoint(**key)], ignore_conflicts=True)
        found = CallbackEndpoint.objects.get(**key)
    return found


def get_endpoint(*, organization: Organization, public_id: str) -> CallbackEndpoint:
    """Return an organization's endpoint; raises `UnknownEndpoint`, also for others' endpoints."""
    found = (
        CallbackEndpoint.objects.for_organization(organization).filter(public_id=public_id).first()
    )
    if found is None:
        raise UnknownEndpoint
    return found


@requires_transaction
def pause(*, endpoint: CallbackEndpoint, actor: Actor) -> None:
    """Pause deliveries to the endpoint until somebody resumes it; they stay queued."""
    if _pause(endpoint.pk, CallbackEndpoint.Pause.BY_HAND):
        audit.record(
            organization=endpoint.organization,
            actor=actor,
            action="callback_endpoint.paused",
            target=endpoint.origin,
        )


@requires_transaction
def resume(*, endpoint: CallbackEndpoint, actor: Actor) -> None:
    """Resume deliveries to the endpoint, starting with those that are queued."""
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
    """Note that the endpoint accepted a delivery; an accepted test resumes it."""
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
    """Count a failed try, and pause the endpoint if it is gone or has failed for too long.

    Too long means as many failures in a row as the schedule has retries, and no success for
    CALLBACK_PAUSE_AFTER_HOURS. The organization gets one e-mail about the pause.
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
        failing_since__lte=now - timedelta(hours=settings.CALLBACK_PAUSE_AFTER_HOURS),
    ).exists():
        reason = CallbackEndpoint.Pause.FAILING
    if reason and _pause(endpoint_id, reason):
        queue.enqueue(NOTICE, endpoint_id)


def _pause(endpoint_id: int, reason: str) -> bool:
    return bool(
        CallbackEndpoint.objects.filter(pk=endpoint_id, paused_at=None).update(
            paused_at=timezone.now(), pause_reason=reason
        )
    )
