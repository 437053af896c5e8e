"""The pages about jobs: the list, one job, and the parts of them that renew themselves."""

from __future__ import annotations

import mimetypes
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import FileResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts import access
from accounts.access import MemberRequest
from billing.models import LedgerEntry
from generation import cancellation, catalog
from generation.jobs import UnknownJob
from generation.models import Job, Status
from generation.pages import shown
from vidgo.kernel import errors, pagination

SECTION = "jobs"


class InputRemoved(errors.Gone):
    sentence = "The image this task started from has been removed."


class FilterForm(forms.Form):
    """What the list is narrowed to."""

    status = forms.ChoiceField(
        choices=[("", "All states"), *Status.choices], required=False, label="State"
    )
    model = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        models = catalog.load().models.values()
        self.fields["model"] = forms.ChoiceField(
            choices=[("", "All models"), *((model.id, model.name) for model in models)],
            required=False,
        )

    def chosen(self) -> dict[str, str]:
        """Return the filters that are set and make sense; others are passed over."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


@require_safe
@access.member_page("view")
def job_list(request: MemberRequest) -> HttpResponseBase:
    """List the organization's jobs, the newest first."""
    form = FilterForm(request.GET)
    chosen = form.chosen()
    jobs = Job.objects.for_organization(request.organization).filter(**chosen)
    page = pagination.turn(shown.with_pictures(jobs), key="public_id", query=request.GET)
    return render(
        request,
        "generation/job_list.html",
        {
            "section": SECTION,
            "form": form,
            "is_filtered": bool(chosen),
            "page": page,
            "is_live": any(not job.is_over for job in page.rows),
        },
    )


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
        stored = default_storage.open(job.image_file, "rb")
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
        cancellation.cancel(organization=request.organization, public_id=public_id)
    except errors.Conflict as refused:
        messages.warning(request, refused.message)
    else:
        messages.success(request, "The job is canceled, and its credits are back.")
    return redirect("job", public_id)


def _find(request: MemberRequest, public_id: str) -> Job:
    jobs = Job.objects.for_organization(request.organization)
    job = (
        shown.with_pictures(jobs)
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
    return {
        "section": SECTION,
        "job": job,
        "model": loaded.models.get(job.model),
        "size": loaded.sizes.get(job.size),
        "attempts": list(job.attempts.order_by("number")),
        "entries": list(entries.filter(reference=job.public_id).order_by("id")),
    }
