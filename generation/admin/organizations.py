"""Section of an organization's admin page: jobs and webhook endpoints."""

from __future__ import annotations

from typing import Any

from accounts.models import Organization
from generation.models import CallbackEndpoint, Job, Status
from vidgo.admin import sections
from vidgo.admin.sections import Section


def _work_of(organization: Organization) -> dict[str, Any]:
    jobs = Job.objects.for_organization(organization)
    return {
        "jobs": jobs.order_by("-id")[:6],
        "queued": jobs.filter(status=Status.QUEUED).count(),
        "running": jobs.filter(status=Status.RUNNING).count(),
        "endpoints": CallbackEndpoint.objects.for_organization(organization).order_by("-id")[:5],
    }


sections.register(
    Section(
        name="work",
        place=20,
        permission="generation.view_job",
        template="admin/pages/parts/work_section.html",
        build=_work_of,
    )
)
