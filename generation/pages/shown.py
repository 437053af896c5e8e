"""What pages show of a job: one way to load it, whatever page it is on."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet

from generation.models import Attempt, Job

SANDBOX = "sandbox"


def with_pictures(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """Load each job's file, and tell in `is_sandboxed` whether the sandbox worked on it."""
    sandboxed = Attempt.objects.filter(job=OuterRef("pk"), provider=SANDBOX)
    return jobs.select_related("asset").annotate(is_sandboxed=Exists(sandboxed))
