"""What happened to a job and when, in words for the customer: no provider is named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from generation.models import Attempt, Callback, Job, Status
from generation.providers.base import FailureKind

# What a failed try means to who waits for the image.
REASONS = {
    FailureKind.MODERATED: "The prompt or the image was refused by the content rules.",
    FailureKind.INVALID_INPUT: "The order could not be made as it was given.",
    FailureKind.THROTTLED: "The model was asked by too many at once.",
    FailureKind.UNAVAILABLE: "The model did not deliver.",
    FailureKind.NO_CREDIT: "The model was not available to us.",
    FailureKind.UNAUTHORIZED: "The model was not available to us.",
    FailureKind.OUTCOME_UNKNOWN: "The connection broke, and nobody could tell what became of it.",
    FailureKind.EXPIRED: "It took longer than a job may take.",
    FailureKind.CANCELED: "It was canceled.",
}
DELIVERED = {
    Callback.State.WAITING: ("waiting", "Callback waiting to be sent"),
    Callback.State.SENDING: ("busy", "Callback being sent"),
    Callback.State.DELIVERED: ("good", "Callback delivered"),
    Callback.State.FAILED: ("bad", "Callback not delivered"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened; `tone` is `good`, `bad`, `busy` or `waiting`."""

    what: str
    tone: str
    at: datetime | None = None
    # How long it took, told as from one moment to the other.
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""


def of(*, job: Job, attempts: list[Attempt], callbacks: list[Callback]) -> list[Step]:
    """Return the steps of a job in the order they happened."""
    steps = [
        Step(
            what="Submitted",
            tone="good",
            at=job.created_at,
            text=f"{job.price_credits} credits were charged.",
        )
    ]
    steps += [_attempt(each, is_only=len(attempts) == 1) for each in attempts]
    if job.is_over:
        steps.append(_end(job))
    elif job.status == Status.QUEUED:
        waits = "Waiting for another try" if attempts else "Waiting for its turn"
        steps.append(Step(what=waits, tone="busy"))
    elif not attempts or attempts[-1].ended_at is not None:
        steps.append(Step(what="Working", tone="busy"))
    steps += [_callback(each) for each in callbacks]
    return steps


def _attempt(attempt: Attempt, *, is_only: bool) -> Step:
    what = "Started" if attempt.number == 1 else f"Tried again, attempt {attempt.number}"
    if attempt.ended_at is None:
        what, tone = ("Working" if is_only else f"Working, attempt {attempt.number}"), "busy"
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
        what, tone, text = "Finished", "good", "The image was stored."
    else:
        is_canceled = job.failure_kind == FailureKind.CANCELED
        what, tone = ("Canceled", "waiting") if is_canceled else ("Failed", "bad")
        text = f"{job.price_credits} credits were given back."
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
        text=f"{tries} {'try' if tries == 1 else 'tries'} so far." if tries > 1 else "",
    )
