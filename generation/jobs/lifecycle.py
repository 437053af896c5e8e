"""A job after its submit: finished, failed, requeued, restarted or snoozed.

Every write of a driver carries the fence of its claim, so a driver that has lost its lease to
another one can change nothing. Locks are taken in one order: job, attempt, wallet.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import nullcontext
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts import audit, organizations
from accounts.audit import Actor
from billing import ledger
from generation.callbacks import outbox
from generation.jobs import attempts
from generation.models import Job, Status
from generation.providers.base import FailureKind
from generation.storage.results import Prepared
from vidgo.kernel import errors, queue
from vidgo.kernel.db import prepared_statements
from vidgo.kernel.ops import failpoints

WAKE_UP = "generation.tasks.drive"
# By hand, because every image takes this path: the job's end in one statement.
FINISH = """
WITH ended AS (
    UPDATE generation_job
       SET status = 'finished', progress = 100, seed = coalesce(%(seed)s, seed),
           ended_at = %(now)s, leased_until = NULL, lease_owner = ''
     WHERE id = %(job)s AND status = 'running' AND fence = %(fence)s
    RETURNING id
), closed AS (
    UPDATE generation_attempt
       SET ended_at = %(now)s, cost_usd = coalesce(cost_usd, %(cost)s)
      FROM ended WHERE job_id = ended.id AND generation_attempt.ended_at IS NULL
)
INSERT INTO generation_asset (job_id, file, format, width, height, size_bytes, sha256,
                              cropped_from, created_at, expires_at)
SELECT ended.id, %(file)s, %(format)s, %(width)s, %(height)s, %(size_bytes)s, %(sha256)s,
       %(cropped_from)s, %(now)s, %(expires_at)s
  FROM ended
"""


class AlreadyDone(errors.Conflict):
    """The job has ended or was taken over by another driver; nothing was changed."""

    default_message = "This task has already ended."


def finish(
    *,
    job: Job,
    prepared: Prepared,
    file: str,
    cropped_from: str = "",
    seed: int | None = None,
    cost_usd: Decimal | None = None,
) -> None:
    """End the job with its image; raises `AlreadyDone` if this driver no longer holds it.

    `seed` and `cost_usd` are the provider's own figures, where it gives any.
    """
    now = timezone.now()
    values: dict[str, Any] = {
        "job": job.pk,
        "fence": job.fence,
        "now": now,
        "seed": seed,
        "cost": cost_usd,
        "file": file,
        "format": prepared.format,
        "width": prepared.width,
        "height": prepared.height,
        "size_bytes": len(prepared.content),
        "sha256": prepared.sha256,
        "cropped_from": cropped_from,
        "expires_at": now
        + timedelta(days=organizations.retention_days(organization=job.organization)),
    }
    # One statement needs no transaction; with a webhook there are two.
    with transaction.atomic(durable=True) if job.callback_url else nullcontext():
        with prepared_statements.prepared() as cursor:
            cursor.execute(FINISH, values)
            if not cursor.rowcount:
                raise AlreadyDone
        outbox.announce(job=job)
        failpoints.hit("finish.ended")


def fail(
    *,
    job: Job,
    kind: FailureKind,
    message: str,
    fenced: bool = True,
    among: Collection[Status] = (Status.QUEUED, Status.RUNNING),
    actor: Actor | None = None,
) -> None:
    """End the job without an image and refund its credits, once.

    A driver's call is fenced. An unfenced one ends the job no matter which driver holds it, as long
    as its status is one of `among`. `actor` is the operator who does it, for the audit log. Raises
    `AlreadyDone`.
    """
    with transaction.atomic(durable=True):
        mine = _driven(job) if fenced else Job.objects.filter(pk=job.pk, status__in=among)
        _end(mine, status=Status.FAILED, progress=0, failure_kind=kind.value, error_message=message)
        attempts.close(job=job, kind=kind, message=message)
        ledger.refund(
            organization=job.organization,
            reference=job.public_id,
            actor="engine",
            reason=f"{kind.value}: {message}",
        )
        if actor is not None:
            audit.record(
                organization=job.organization,
                actor=actor,
                action="job.failed",
                target=f"{job.public_id}: {job.price_credits} credits",
            )
        outbox.announce(job=job)
        failpoints.hit("fail.ended")


def requeue(*, job: Job, delay_seconds: float, kind: FailureKind, message: str) -> None:
    """Close the attempt and queue the job for another one; raises `AlreadyDone`."""
    with transaction.atomic(durable=True):
        changed = _driven(job).update(
            status=Status.QUEUED,
            progress=0,
            due_at=timezone.now() + timedelta(seconds=delay_seconds),
            leased_until=None,
            lease_owner="",
        )
        if not changed:
            raise AlreadyDone
        attempts.close(job=job, kind=kind, message=message)


def restart(*, job: Job, actor: Actor) -> None:
    """Take a job from its driver and queue it again with a new deadline, for an operator.

    What a provider may be making is abandoned, so the image may cost the operator twice. Raises
    `AlreadyDone`.
    """
    now = timezone.now()
    with transaction.atomic(durable=True):
        taken = Job.objects.filter(pk=job.pk, status__in=(Status.QUEUED, Status.RUNNING)).update(
            status=Status.QUEUED,
            progress=0,
            fence=F("fence") + 1,
            due_at=now,
            deadline_at=now + timedelta(seconds=settings.JOB_DEADLINE_SECONDS),
            leased_until=None,
            lease_owner="",
        )
        if not taken:
            raise AlreadyDone
        attempts.close(
            job=job,
            kind=FailureKind.OUTCOME_UNKNOWN,
            message="The task was queued again by an operator.",
        )
        audit.record(
            organization=job.organization, actor=actor, action="job.requeued", target=job.public_id
        )
        queue.notify(WAKE_UP)


def snooze(*, job: Job, seconds: float) -> None:
    """Release a running job and its open attempt for some seconds; raises `AlreadyDone`."""
    snoozed = _driven(job).update(
        due_at=timezone.now() + timedelta(seconds=seconds), leased_until=None, lease_owner=""
    )
    if not snoozed:
        raise AlreadyDone


def expire_overdue() -> int:
    """Fail the queued jobs whose deadline has passed and return how many."""
    overdue = Job.objects.filter(
        status=Status.QUEUED, deadline_at__lt=timezone.now()
    ).select_related("organization")[:1000]
    expired = 0
    for job in overdue:
        try:
            fail(
                job=job,
                kind=FailureKind.EXPIRED,
                message="The task could not be started in time.",
                fenced=False,
                among=(Status.QUEUED,),
            )
        except AlreadyDone:
            # A driver claimed it in the meantime.
            continue
        expired += 1
    return expired


def _driven(job: Job) -> QuerySet[Job]:
    """Return a queryset of the job if this driver still holds it, else an empty one."""
    return Job.objects.filter(pk=job.pk, status=Status.RUNNING, fence=job.fence)


def _end(jobs: QuerySet[Job], **values: Any) -> None:
    ended = jobs.update(ended_at=timezone.now(), leased_until=None, lease_owner="", **values)
    if not ended:
        raise AlreadyDone
