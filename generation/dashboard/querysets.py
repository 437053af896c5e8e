"""Job querysets that the pages share."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import OuterRef, QuerySet, Subquery

from generation.models import Attempt, Job

SANDBOX = "sandbox"
# The fields of a job in lists: reading all of them takes longer than finding the jobs.
LISTED = (
    *("public_id", "model", "prompt", "size", "output_format", "status", "failure_kind"),
    *("price_credits", "created_at"),
    *("asset__file", "asset__width", "asset__height", "asset__removed_at"),
)


def with_pictures(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """Load each job's file, and annotate `is_sandboxed`: whether the sandbox ran it."""
    sandboxed = Attempt.objects.filter(job=OuterRef("pk"), provider=SANDBOX)
    # A subquery rather than Exists(), for which PostgreSQL may scan the attempts of all jobs.
    return jobs.select_related("asset").annotate(
        is_sandboxed=Subquery(sandboxed.values("provider")[:1])
    )


def listed(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """Load the fields of each job in a list."""
    return with_pictures(jobs).only(*LISTED)


def unfinished(jobs: Iterable[Job]) -> list[str]:
    """Return the IDs of the jobs that are not over, which the page polls."""
    return [job.public_id for job in jobs if not job.is_over]
