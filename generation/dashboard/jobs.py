"""The pages about jobs: the list, one job, and the parts of them that renew themselves."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import FileResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import access
from accounts.access import MemberRequest
from billing.models import LedgerEntry
from generation import catalog
from generation.dashboard import filters, querysets, timelines
from generation.jobs import UnknownJob, cancel
from generation.models import Callback, Job, Status
from generation.playground import snippets
from generation.storage import files, results
from vidgo.kernel import errors
from vidgo.kernel.web import csv_export, pagination

SECTION = "jobs"
PLACES = ("before", "after")
# As many as a page of the list has.
LIVE_MAX = pagination.PAGE_SIZE
COLUMNS = (
    "task_id",
    "state",
    "model",
    "size",
    "output_format",
    "seed",
    "prompt",
    "asked_by",
    "submitted_utc",
    "ended_utc",
    "credits",
    "error_message",
    "file_url",
)


class InputRemoved(errors.Gone):
    default_message = "The image this task started from has been removed."


class BadFilter(errors.Invalid):
    """A filter of the list of jobs makes no sense."""


@require_safe
@access.member_page("view")
def job_list(request: MemberRequest) -> HttpResponseBase:
    """List the organization's jobs, the newest first."""
    organization = request.organization
    form = filters.JobsForm(request.GET, organization=organization)
    with filters.read(form):
        page = pagination.turn(
            querysets.listed(filters.narrow(organization=organization, form=form)),
            key="public_id",
            query=request.GET,
            # A job may leave the filter while somebody turns the pages.
            among=Job.objects.for_organization(organization),
        )
    return render(
        request,
        "generation/job_list.html",
        {
            "section": SECTION,
            "form": form,
            "is_filtered": bool(form.chosen() or form.errors),
            "query": _query(request.GET),
            "page": page,
            "live": querysets.unfinished(page.rows),
        },
    )


@require_safe
@never_cache
@access.member_page("view")
def job_rows(request: MemberRequest) -> HttpResponseBase:
    """Return the jobs that a page shows and that were not over when it last asked.

    One call for all of them. The answer says which to ask for again, none once all are over.
    """
    ids = request.GET.getlist("id")[:LIVE_MAX]
    jobs = Job.objects.for_organization(request.organization).filter(
        public_id__in=[each for each in ids if "\x00" not in each]
    )
    rows = list(querysets.listed(jobs).order_by("-id"))
    is_tiles = request.GET.get("as") == "tiles"
    return render(
        request,
        "generation/parts/live_jobs.html",
        {
            "jobs": rows,
            "live": querysets.unfinished(rows),
            "shape": "tiles" if is_tiles else "rows",
        },
    )


@require_safe
@access.member_page("view")
def job_csv(request: MemberRequest) -> HttpResponseBase:
    """Send the jobs that a filter keeps, the newest first; raises `BadFilter`."""
    form = filters.JobsForm(request.GET, organization=request.organization)
    jobs = filters.narrow(organization=request.organization, form=form)
    for name, told in form.errors.items():
        raise BadFilter(f"'{name}': {told[0]}", param=name)
    return csv_export.download(_lines(jobs), name="jobs")


def _lines(jobs: QuerySet[Job]) -> Iterator[str]:
    yield csv_export.line(COLUMNS)
    rows = jobs.select_related("asset", "api_key", "created_by").order_by("-id")
    for job in rows.iterator(chunk_size=2000):
        asset = getattr(job, "asset", None)
        asked_by = job.api_key.display if job.api_key else str(job.created_by or "")
        yield csv_export.line(
            (
                job.public_id,
                job.status,
                job.model,
                job.size,
                job.output_format,
                job.seed,
                job.prompt,
                asked_by,
                job.created_at,
                job.ended_at,
                0 if job.status == Status.FAILED else job.price_credits,
                job.error_message,
                results.url_of(asset) if asset and not asset.removed_at else "",
            )
        )


def _query(query: QueryDict) -> str:
    """Return the filter as it stands in the address, without the place in the list."""
    kept = query.copy()
    for name in PLACES:
        kept.pop(name, None)
    return kept.urlencode()


@require_safe
@access.member_page("view")
def job_detail(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Show all about one job."""
    return render(request, "generation/job_detail.html", _about(request, public_id))


@require_safe
@access.member_page("view")
def job_live(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Return the part of a job's page that changes while it runs."""
    return render(request, "generation/parts/job.html", _about(request, public_id))


@require_safe
@access.member_page("view")
def job_input(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Send the copy of the image that an edit starts from; raises `InputRemoved`."""
    job = _find(request, public_id)
    if not job.image_file:
        raise UnknownJob
    try:
        stored = files.open_file(name=job.image_file)
    except FileNotFoundError:
        raise InputRemoved from None
    content_type = mimetypes.guess_type(job.image_file)[0] or "application/octet-stream"
    response = FileResponse(stored, content_type=content_type)
    response["Cache-Control"] = "private, max-age=3600"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@require_POST
@access.member_page("generate")
def job_cancel(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Cancel a job, or say on its page why that is not possible; raises `UnknownJob`."""
    try:
        cancel.cancel(organization=request.organization, public_id=public_id)
    except errors.Conflict as refused:
        messages.warning(request, refused.message)
    else:
        messages.success(request, "The job is canceled, and its credits are back.")
    return redirect("job", public_id)


def _find(request: MemberRequest, public_id: str) -> Job:
    jobs = Job.objects.for_organization(request.organization)
    job = (
        querysets.with_pictures(jobs)
        .select_related("asset", "api_key", "created_by")
        .filter(public_id=public_id)
        .first()
    )
    if job is None:
        raise UnknownJob
    return job


def _about(request: MemberRequest, public_id: str) -> dict[str, Any]:
    job = _find(request, public_id)
    entries = LedgerEntry.objects.for_organization(request.organization)
    loaded = catalog.load()
    # A job has no others; the index holds these.
    announced = job.callbacks.filter(kind=Callback.Kind.TASK)
    callbacks = list(announced.select_related("endpoint").order_by("id"))
    return {
        "section": SECTION,
        "job": job,
        "model": loaded.models.get(job.model),
        "size": loaded.sizes.get(job.size),
        "steps": timelines.of(
            job=job, attempts=list(job.attempts.order_by("number")), callbacks=callbacks
        ),
        "callbacks": callbacks,
        "entries": list(entries.filter(reference=job.public_id).order_by("id")),
        "curl": snippets.for_body(snippets.body_of(job))[0].text,
    }
