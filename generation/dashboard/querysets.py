"""What pages show of a job: one way to load it, whatever page it is on."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import OuterRef, QuerySet, Subquery

from generation.models import Attempt, Job

SANDBOX = "sandbox"
# What a list says of each job: to read all the rest takes longer than to find the jobs.
LISTED = (
    *("public_id", "model", "prompt", "size", "output_format", "status", "failure_kind"),
    *("price_credits", "created_at"),
    *("asset__file", "asset__width", "asset__height", "asset__removed_at"),
)


def with_pictures(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """Load each job's file, and tell in `is_sandboxed` whether the sandbox worked on it."""
    sandboxed = Attempt.objects.filter(job=OuterRef("pk"), provider=SANDBOX)
    # Not Exists(): for that PostgreSQL may gather the attempts of everybody, to answer quicker for
    # more rows than a page has.
    return jobs.select_related("asset").annotate(
        is_sandboxed=Subquery(sandboxed.values("provider")[:1])
    )


def listed(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """Load what a row or a tile shows of each job."""
    return with_pictures(jobs).only(*LISTED)


def unfinished(jobs: Iterable[Job]) -> list[str]:
    """Return the ids of the jobs that are not over: what a page asks for again."""
    return [job.public_id for job in jobs if not job.is_over]
