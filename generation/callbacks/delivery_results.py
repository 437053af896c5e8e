"""Delivery results: record a try, and what it means for the webhook and its endpoint."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from generation.callbacks import endpoints, retry_schedule
from generation.models import Callback, CallbackTry
from vidgo.kernel import http
from vidgo.kernel.http.retry_after import parse_retry_after

log = structlog.get_logger(__name__)

ANSWER_MAX_BYTES = 1024
REJECTED = "rejected"
REDIRECTED = "redirected"
GONE = "gone"
BROKEN = "broken"
UNSIGNED = "unsigned"
# What each error of a try means; errors of the HTTP client that are not listed are displayed as is.
MESSAGES = {
    REJECTED: "The answer was not a success (2xx).",
    REDIRECTED: "The answer was a redirect, and webhooks follow none.",
    GONE: "The answer was 410 Gone, so nothing more is sent there.",
    BROKEN: "Something went wrong on our side.",
    UNSIGNED: "The signing secret could not be read on our side.",
    "timed_out": "There was no complete answer within 10 seconds.",
    "connect_timed_out": "No connection could be made within 5 seconds.",
    "connect": "The connection was refused.",
    "connection_lost": "The connection broke off before an answer came.",
    "dns": "The host name could not be resolved.",
    "tls": "No trusted TLS connection could be made.",
    "forbidden_address": "The host resolves to a private or internal address.",
    "not_http": "The answer was not valid HTTP.",
}


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one try; `error` is empty if the receiver accepted the webhook."""

    error: str
    status: int | None = None
    latency_ms: int | None = None
    answer: str = ""
    retry_after_seconds: float | None = None


def of_answer(response: http.Response) -> Result:
    """Return the result of an answer: any 2xx is a success, and nothing else is."""
    if response.ok:
        error = ""
    elif response.status == 410:
        error = GONE
    else:
        error = REDIRECTED if 300 <= response.status < 400 else REJECTED
    return Result(
        error=error,
        status=response.status,
        latency_ms=response.elapsed_ms,
        answer=_text(response.body),
        retry_after_seconds=parse_retry_after(response.headers.get("retry-after")),
    )


def _text(body: bytes) -> str:
    """Return the first kilobyte as text that PostgreSQL can store."""
    return body[:ANSWER_MAX_BYTES].decode("utf-8", "replace").replace("\x00", "\ufffd")


def record(*, callback: Callback, result: Result) -> bool:
    """Record the result of a claimed try and return whether the sender still held the webhook.

    A sender that has lost its lease may only complete its own try.
    """
    now = timezone.now()
    with transaction.atomic(durable=True):
        mine = Callback.objects.filter(
            pk=callback.pk, state=Callback.State.SENDING, tries_count=callback.tries_count
        )
        ours = bool(mine.update(**_next(callback, result)))
        CallbackTry.objects.filter(callback=callback, number=callback.tries_count).update(
            ended_at=now,
            latency_ms=result.latency_ms,
            status=result.status,
            error=result.error,
            answer=result.answer,
        )
        if not ours or result.error in (BROKEN, UNSIGNED):
            return ours
        if result.error:
            endpoints.note_failure(endpoint_id=callback.endpoint_id, gone=result.error == GONE)
        else:
            endpoints.note_success(
                endpoint_id=callback.endpoint_id, by_test=callback.kind == Callback.Kind.TEST
            )
    return ours


def _next(callback: Callback, result: Result) -> dict[str, object]:
    """Return the webhook's new state: ended, or waiting for another try."""
    now = timezone.now()
    values: dict[str, object] = {
        "lease_owner": "",
        "leased_until": None,
        "last_status": result.status,
        "last_error": result.error,
    }
    if not result.error:
        return {**values, "state": Callback.State.DELIVERED, "ended_at": now}
    step = callback.step + 1
    delay = None
    if result.error != GONE and callback.kind == Callback.Kind.TASK:
        delay = retry_schedule.delay_after(
            step=step, retry_after_seconds=result.retry_after_seconds
        )
    if delay is None:
        return {**values, "state": Callback.State.FAILED, "step": step, "ended_at": now}
    return {
        **values,
        "state": Callback.State.WAITING,
        "step": step,
        "due_at": now + timedelta(seconds=delay),
    }
