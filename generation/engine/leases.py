"""Leases: who drives a job until when. `claims.claim` grants them, this module ends them."""

from __future__ import annotations

from collections.abc import Collection

from django.conf import settings

from generation.models import Job, Status
from vidgo.kernel.db import prepared_statements


def renew(*, owner: str, job_ids: Collection[int]) -> set[int]:
    """Renew a driver's leases and return the ids of the jobs it still holds."""
    with prepared_statements.prepared() as cursor:
        cursor.execute(
            """
            UPDATE generation_job
               SET leased_until = statement_timestamp() + make_interval(secs => %s)
             WHERE id = ANY(%s) AND status = 'running' AND lease_owner = %s
         RETURNING id
            """,
            [settings.LEASE_SECONDS, list(job_ids), owner],
        )
        return {row[0] for row in cursor.fetchall()}


def note_progress(*, job: Job, progress: int) -> None:
    """Store a running job's progress, in percent."""
    Job.objects.filter(pk=job.pk, status=Status.RUNNING, fence=job.fence).update(
        progress=min(max(progress, 0), 99)
    )


def release(*, owner: str) -> int:
    """Release all jobs a driver still holds, so that another one may resume them at once."""
    return Job.objects.filter(status=Status.RUNNING, lease_owner=owner).update(leased_until=None)


def release_cluster(*, cluster: str) -> int:
    """Release all jobs that the drivers of a cluster held, after its processes were killed."""
    return Job.objects.filter(
        status=Status.RUNNING, lease_owner__startswith=f"{cluster}/", leased_until__isnull=False
    ).update(leased_until=None)
