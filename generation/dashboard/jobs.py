"""The job pages: the list, one job, and their live fragments."""

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
PAGE_PARAMS = ("before", "after")
LIVE_MAX = pagination.PAGE_SIZE
COLUMNS = (
    "task_id",
    "state",
    "model",
    "size",
    "output_format",
    "seed",
    "prompt",
    "source",
    "submitted_utc",
    "ended_utc",
    "credits",
    "error_message",
    "file_url",
)


class InputRemoved(errors.Gone):
    default_message = "The input image of this task has been removed."


@require_safe
@access.member_page("view")
def job_list(request: MemberRequest) -> HttpResponseBase:
    """List the organization's jobs, newest first."""
    organization = request.organization
    form = filters.JobFilterForm(request.GET, organization=organization)
    with filters.search_context(form):
        page = pagination.turn(
            querysets.listed(filters.jobs_of(organization=organization, form=form)),
            key="public_id",
            query=request.GET,
            # A job may stop matching the filter between two pages.
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
    """Return the unfinished jobs of a page, in one request for all of them.

    The answer lists the jobs to poll again, until all of them are over.
    """
    ids = request.GET.getlist("id")[:LIVE_MAX]
    jobs = Job.objects.for_organization(request.organization).filter(
        public_id__in=[each for each in ids if "\x00" not in each]
    )
    rows = list(querysets.listed(jobs).order_by("-id"))
    return render(
        request,
        "generation/parts/live_jobs.html",
        {
            "jobs": rows,
            "live": querysets.unfinished(rows),
            "layout": "gallery" if request.GET.get("as") == "gallery" else "rows",
        },
    )


@require_safe
@access.member_page("view")
def job_csv(request: MemberRequest) -> HttpResponseBase:
    """Send the filtered jobs as CSV, newest first; raises `filters.BadFilter`."""
    form = filters.JobFilterForm(request.GET, organization=request.organization)
    form.require_valid()
    jobs = filters.jobs_of(organization=request.organization, form=form)
    return csv_export.download(_lines(jobs), name="jobs")


def _lines(jobs: QuerySet[Job]) -> Iterator[str]:
    yield csv_export.line(COLUMNS)
    rows = jobs.select_related("asset", "api_key", "created_by").order_by("-id")
    for job in rows.iterator(chunk_size=2000):
        asset = getattr(job, "asset", None)
        source = job.api_key.display if job.api_key else str(job.created_by or "")
        yield csv_export.line(
            (
                job.public_id,
                job.status,
                job.model,
                job.size,
                job.output_format,
                job.seed,
                job.prompt,
                source,
                job.created_at,
                job.ended_at,
                0 if job.status == Status.FAILED else job.price_credits,
                job.error_message,
                results.url_of(asset) if asset and not asset.removed_at else "",
            )
        )


def _query(query: QueryDict) -> str:
    """Return the query string of the filter, without the page."""
    kept = query.copy()
    for name in PAGE_PARAMS:
        kept.pop(name, None)
    return kept.urlencode()


@require_safe
@access.member_page("view")
def job_detail(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Show one job."""
    return render(request, "generation/job_detail.html", _context(request, public_id))


@require_safe
@access.member_page("view")
def job_live(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Return the live fragment of a job's page."""
    return render(request, "generation/parts/job.html", _context(request, public_id))


@require_safe
@access.member_page("view")
def job_input(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Send the input image of an edit; raises `InputRemoved`."""
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
    """Cancel a job, or say on its page why it can't be canceled; raises `UnknownJob`."""
    try:
        cancel.cancel(organization=request.organization, public_id=public_id)
    except errors.Conflict as error:
        messages.warning(request, error.message)
    else:
        messages.success(request, "The job was canceled, and its credits were refunded.")
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


def _context(request: MemberRequest, public_id: str) -> dict[str, Any]:
    job = _find(request, public_id)
    entries = LedgerEntry.objects.for_organization(request.organization)
    loaded = catalog.load()
    # Filtered by kind to use a partial index; jobs have no other webhooks.
    webhooks = job.callbacks.filter(kind=Callback.Kind.TASK)
    callbacks = list(webhooks.select_related("endpoint").order_by("id"))
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
