"""The timeline of a job, as the customer reads it; it names no provider."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from generation.models import Attempt, Callback, Job, Status
from generation.providers.base import FailureKind

# Failure kinds in the customer's words.
REASONS = {
    FailureKind.MODERATED: "The prompt or the image was rejected by moderation.",
    FailureKind.INVALID_INPUT: "The request was invalid.",
    FailureKind.THROTTLED: "The model was at capacity.",
    FailureKind.UNAVAILABLE: "The model did not respond.",
    FailureKind.NO_CREDIT: "The model was unavailable.",
    FailureKind.UNAUTHORIZED: "The model was unavailable.",
    FailureKind.OUTCOME_UNKNOWN: "The connection broke, and the outcome is unknown.",
    FailureKind.EXPIRED: "The job timed out.",
    FailureKind.CANCELED: "The job was canceled.",
}
DELIVERED = {
    Callback.State.WAITING: ("waiting", "Webhook queued"),
    Callback.State.SENDING: ("busy", "Sending webhook"),
    Callback.State.DELIVERED: ("good", "Webhook delivered"),
    Callback.State.FAILED: ("bad", "Webhook failed"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """An event; `tone` is `good`, `bad`, `busy` or `waiting`."""

    what: str
    tone: str
    at: datetime | None = None
    # Start and end, for the duration.
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""


def of(*, job: Job, attempts: list[Attempt], callbacks: list[Callback]) -> list[Step]:
    """Return the events of a job, oldest first."""
    steps = [
        Step(
            what="Submitted",
            tone="good",
            at=job.created_at,
            text=f"{job.price_credits} credits charged.",
        )
    ]
    steps += [_attempt(each, is_only=len(attempts) == 1) for each in attempts]
    if job.is_over:
        steps.append(_end(job))
    elif job.status == Status.QUEUED:
        waits = "Waiting to retry" if attempts else "Queued"
        steps.append(Step(what=waits, tone="busy"))
    elif not attempts or attempts[-1].ended_at is not None:
        steps.append(Step(what="Generating", tone="busy"))
    steps += [_callback(each) for each in callbacks]
    return steps


def _attempt(attempt: Attempt, *, is_only: bool) -> Step:
    what = "Started" if attempt.number == 1 else f"Retried, attempt {attempt.number}"
    if attempt.ended_at is None:
        what, tone = ("Generating" if is_only else f"Generating, attempt {attempt.number}"), "busy"
    else:
        tone = "bad" if attempt.failure_kind else "good"
    reason = REASONS[FailureKind(attempt.failure_kind)] if attempt.failure_kind else ""
    return Step(
        what=what,
        tone=tone,
        at=attempt.started_at,
        since=attempt.started_at if attempt.ended_at else None,
        until=attempt.ended_at,
        text=reason,
    )


def _end(job: Job) -> Step:
    if job.status == Status.FINISHED:
        what, tone, text = "Finished", "good", "The image is ready."
    else:
        is_canceled = job.failure_kind == FailureKind.CANCELED
        what, tone = ("Canceled", "waiting") if is_canceled else ("Failed", "bad")
        text = f"{job.price_credits} credits refunded."
    return Step(
        what=what, tone=tone, at=job.ended_at, since=job.created_at, until=job.ended_at, text=text
    )


def _callback(callback: Callback) -> Step:
    tone, what = DELIVERED[Callback.State(callback.state)]
    tries = callback.tries_count
    return Step(
        what=what,
        tone=tone,
        at=callback.ended_at or callback.created_at,
        text=f"{tries} attempts so far." if tries > 1 else "",
    )
