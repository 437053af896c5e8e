"""Attempts: one try of a job at one provider, stored before the provider is called."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from generation.models import Attempt, Job, Status
from generation.providers.base import FailureKind
from vidgo.kernel.db import requires_transaction


class LeaseLost(Exception):
    """Another driver has taken the job over, or it has ended: this one must let go."""


def find_open(*, job: Job) -> Attempt | None:
    """Return the attempt that an earlier driver of the job left open."""
    return Attempt.objects.filter(job=job, ended_at=None).first()


def count_ended(*, job: Job) -> dict[str, int]:
    """Return, by provider, how many attempts failed for want of the provider itself."""
    counts: dict[str, int] = {}
    # A throttled attempt burned nothing: the provider only asked to wait.
    failed = Attempt.objects.filter(job=job, ended_at__isnull=False).exclude(
        failure_kind=FailureKind.THROTTLED
    )
    for provider in failed.values_list("provider", flat=True):
        counts[provider] = counts.get(provider, 0) + 1
    return counts


@requires_transaction
def open_one(*, job: Job, provider: str) -> Attempt:
    """Store a new attempt of a job this driver holds; raises `LeaseLost`."""
    _hold(job)
    last = Attempt.objects.filter(job=job).aggregate(last=Max("number"))["last"] or 0
    return Attempt.objects.create(job=job, number=last + 1, provider=provider)


def note_started(*, job: Job, attempt: Attempt, upstream_ref: str) -> None:
    """Store where the provider keeps the work, before anything else; raises `LeaseLost`."""
    with transaction.atomic(durable=True):
        _hold(job)
        Attempt.objects.filter(pk=attempt.pk).update(upstream_ref=upstream_ref)


@requires_transaction
def close(*, job: Job, kind: FailureKind | None = None, message: str = "") -> None:
    """End the job's open attempt, if there is one."""
    Attempt.objects.filter(job=job, ended_at=None).update(
        ended_at=timezone.now(),
        failure_kind=kind.value if kind else "",
        error_message=message,
    )


def _hold(job: Job) -> None:
    """Lock the job, so that nobody takes it over before the commit; raises `LeaseLost`.

    Without the lock a driver that is just being taken over could still add an attempt, or write
    its reference over the one that the other has stored.
    """
    mine = Job.objects.select_for_update(no_key=True).filter(
        pk=job.pk, status=Status.RUNNING, fence=job.fence
    )
    if mine.values("pk").first() is None:
        raise LeaseLost(job.public_id)
