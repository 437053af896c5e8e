"""Jobs: submitted once, claimed by a driver, ended once. The only writer of `Job.status`.

Every write of a driver carries the fence it claimed with, so a driver whose lease ran out and was
taken over can change nothing any more. Locks are taken in one order: job, attempt,
wallet.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import organizations
from accounts.models import ApiKey, Organization, User
from billing import ledger, wallets
from generation import attempts, files, inputs, orders
from generation.assets import Prepared
from generation.catalog import SEED_MAX
from generation.models import ENDS, Asset, Job, Status
from generation.orders import Order
from generation.providers import registry
from generation.providers.base import FailureKind
from vidgo.kernel import errors, queue

BELL = "generation.tasks.drive"
# Claims of all workers take turns, so that limits are counted exactly; a turn is milliseconds.
CLAIM_LOCK = 0x7669_6467

# The database's clock decides, and not that of the transaction's start: a claim may have waited for
# its turn.
RESUME = """
SELECT id FROM generation_job
 WHERE status = 'running' AND due_at <= statement_timestamp()
   AND (leased_until IS NULL OR leased_until < statement_timestamp())
 ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""

# One organization after another, by hopping along the index of waiting jobs, and of each no more
# than its limit allows; then everybody's first job, everybody's second, and so on.
FRESH = """
WITH RECURSIVE tenants AS (
    (SELECT organization_id FROM generation_job
      WHERE status = 'queued' ORDER BY organization_id LIMIT 1)
    UNION ALL
    SELECT (SELECT organization_id FROM generation_job
             WHERE status = 'queued' AND organization_id > tenants.organization_id
             ORDER BY organization_id LIMIT 1)
      FROM tenants WHERE tenants.organization_id IS NOT NULL
),
turns AS (
    SELECT waiting.id,
           busy.jobs + row_number() OVER (PARTITION BY tenants.organization_id
                                          ORDER BY waiting.id) AS turn
      FROM tenants
      JOIN accounts_organization organization ON organization.id = tenants.organization_id
     CROSS JOIN LATERAL (
           SELECT count(*) AS jobs FROM generation_job
            WHERE status = 'running' AND organization_id = organization.id) busy
     CROSS JOIN LATERAL (
           SELECT id FROM generation_job
            WHERE status = 'queued' AND organization_id = organization.id
              AND due_at <= statement_timestamp()
            ORDER BY id
            LIMIT greatest(least(%(limit)s,
                coalesce(organization.concurrency_limit, %(organization_limit)s) - busy.jobs), 0)
           ) waiting
)
SELECT id FROM generation_job
 WHERE status = 'queued' AND id IN (SELECT id FROM turns ORDER BY turn, id LIMIT %(limit)s)
   FOR UPDATE SKIP LOCKED
"""

CLAIM = """
UPDATE generation_job
   SET status = 'running', fence = fence + 1, lease_owner = %(owner)s,
       leased_until = statement_timestamp() + make_interval(secs => %(seconds)s),
       started_at = coalesce(started_at, statement_timestamp())
 WHERE id = ANY(%(ids)s)
"""

# What the engine may still have to do, whether or not a bell was heard.
DUE = """
SELECT EXISTS (SELECT 1 FROM generation_job
                WHERE status = 'queued' AND due_at <= statement_timestamp())
    OR EXISTS (SELECT 1 FROM generation_job
                WHERE status = 'running' AND due_at <= statement_timestamp()
                  AND (leased_until IS NULL OR leased_until < statement_timestamp()))
"""


class AlreadyDone(errors.Conflict):
    """The job has reached an end, or was taken over by another driver; nothing was changed."""

    sentence = "This task has already ended."


class UnknownJob(errors.NotFound):
    sentence = "There is no such task."


def submit(
    *,
    organization: Organization,
    order: Order,
    actor: str,
    api_key: ApiKey | None = None,
    created_by: User | None = None,
) -> Job:
    """Deduct the price, store the job and ring the bell, all in one transaction.

    An edit's image is fetched first. Raises `organizations.Suspended`, `registry.NoProvider`,
    `orders.BadCallbackUrl`, `ledger.InsufficientCredits`, `inputs.ImageUnreachable` or
    `inputs.NotAnImage`; then nothing is stored and nothing is deducted.
    """
    organizations.require_active(organization=organization)
    registry.route_of(order.model)
    orders.require_callable(order)
    # Only a courtesy that saves work; the conditional debit below is what decides.
    wallets.require(organization=organization, amount_credits=order.price_credits)
    image_file = inputs.take(url=order.image_url) if order.image_url else ""
    try:
        with transaction.atomic(durable=True):
            job = Job.objects.create(
                organization=organization,
                api_key=api_key,
                created_by=created_by,
                model=order.model.id,
                prompt=order.prompt,
                size=order.size.name,
                output_format=order.output_format,
                seed=secrets.randbelow(SEED_MAX + 1) if order.seed is None else order.seed,
                image_url=order.image_url,
                image_file=image_file,
                callback_url=order.callback_url,
                price_credits=order.price_credits,
                deadline_at=timezone.now() + timedelta(seconds=settings.JOB_DEADLINE_SECONDS),
            )
            queue.enqueue(BELL)
            # Last, because the wallet stays locked from here to the commit.
            ledger.charge(
                organization=organization,
                amount_credits=order.price_credits,
                reference=job.public_id,
                actor=actor,
                api_key=api_key,
            )
    except Exception:
        if image_file:
            files.remove(name=image_file)
        raise
    return job


def get_job(*, organization: Organization, public_id: str) -> Job:
    """Return an organization's job with its file; raises `UnknownJob`, also for a foreign one."""
    job = (
        Job.objects.for_organization(organization)
        .select_related("asset")
        .filter(public_id=public_id)
        .first()
    )
    if job is None:
        raise UnknownJob
    return job


def claim(*, owner: str, limit: int) -> list[Job]:
    """Lease up to `limit` jobs to a driver: those left by others first, then waiting ones."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CLAIM_LOCK])
        cursor.execute(RESUME, {"limit": limit})
        chosen = [row[0] for row in cursor.fetchall()]
        if len(chosen) < limit:
            cursor.execute(
                FRESH,
                {
                    "limit": limit - len(chosen),
                    "organization_limit": settings.ORGANIZATION_CONCURRENCY,
                },
            )
            chosen += [row[0] for row in cursor.fetchall()]
        if not chosen:
            return []
        cursor.execute(CLAIM, {"ids": chosen, "owner": owner, "seconds": settings.LEASE_SECONDS})
        return list(Job.objects.filter(pk__in=chosen).order_by("id"))


def is_due() -> bool:
    """Tell whether any job waits for a driver."""
    with connection.cursor() as cursor:
        cursor.execute(DUE)
        (due,) = cursor.fetchone() or (False,)
    return bool(due)


def finish(*, job: Job, prepared: Prepared, file: str) -> Asset:
    """End the job with its image; raises `AlreadyDone` when it is no longer the driver's to end."""
    with transaction.atomic(durable=True):
        _end(_driven(job), status=Status.FINISHED, progress=100)
        attempts.close(job=job)
        return Asset.objects.create(
            job=job,
            file=file,
            format=prepared.format,
            width=prepared.width,
            height=prepared.height,
            size_bytes=len(prepared.content),
            sha256=prepared.sha256,
            expires_at=timezone.now() + timedelta(days=settings.RESULT_RETENTION_DAYS),
        )


def fail(*, job: Job, kind: FailureKind, message: str, fenced: bool = True) -> None:
    """End the job without an image and give its credits back, once.

    A driver's call is fenced; an operator or the reaper ends the job whoever drives it. Raises
    `AlreadyDone`.
    """
    with transaction.atomic(durable=True):
        mine = _driven(job) if fenced else Job.objects.filter(pk=job.pk).exclude(status__in=ENDS)
        _end(mine, status=Status.FAILED, progress=0, failure_kind=kind.value, error_message=message)
        attempts.close(job=job, kind=kind, message=message)
        ledger.refund(
            organization=job.organization,
            reference=job.public_id,
            actor="engine",
            reason=f"{kind.value}: {message}",
        )


def put_back(*, job: Job, delay_seconds: float, kind: FailureKind, message: str) -> None:
    """Close the attempt and let the job wait for another; raises `AlreadyDone`."""
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


def expire_overdue() -> int:
    """Fail the waiting jobs whose deadline has passed and return how many there were."""
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
            )
        except AlreadyDone:
            # A driver took it up and ended it meanwhile.
            continue
        expired += 1
    return expired


def _driven(job: Job) -> QuerySet[Job]:
    """Return the job's row if this driver still holds it."""
    return Job.objects.filter(pk=job.pk, status=Status.RUNNING, fence=job.fence)


def _end(jobs: QuerySet[Job], **values: Any) -> None:
    ended = jobs.update(ended_at=timezone.now(), leased_until=None, lease_owner="", **values)
    if not ended:
        raise AlreadyDone
