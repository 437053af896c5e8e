"""Leases: who drives a job until when. `claims.claim` gives them; they are kept and let go here."""

from __future__ import annotations

from collections.abc import Collection

from django.conf import settings

from generation.models import Job, Status
from vidgo.kernel.db import prepared_statements


def renew(*, owner: str, job_ids: Collection[int]) -> set[int]:
    """Prolong the leases a driver holds and return the jobs that are still its own."""
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
    """Store how far a running job is, in percent."""
    Job.objects.filter(pk=job.pk, status=Status.RUNNING, fence=job.fence).update(
        progress=min(max(progress, 0), 99)
    )


def release(*, owner: str) -> int:
    """Let go of all that a driver still holds, so that another may resume it at once."""
    return Job.objects.filter(status=Status.RUNNING, lease_owner=owner).update(leased_until=None)


def release_cluster(*, cluster: str) -> int:
    """Let go of all that the drivers of a cluster held, after its processes were killed."""
    return Job.objects.filter(
        status=Status.RUNNING, lease_owner__startswith=f"{cluster}/", leased_until__isnull=False
    ).update(leased_until=None)
