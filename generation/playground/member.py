"""The members' playground: submits tasks the way the API does."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access, organizations
from accounts.access import MemberRequest
from billing import ledger, packs, wallets
from generation import catalog, jobs
from generation.dashboard import api_keys, querysets
from generation.jobs import Submitted, UnknownJob, generation_request, idempotency
from generation.models import Asset, Job
from generation.playground import context as playground_context
from generation.playground import drafts, input_image, request_form, samples, visitor
from generation.playground.request_form import TOKEN_LENGTH, RequestForm
from generation.storage import files, inputs, results
from vidgo.kernel import errors

SECTION = "playground"
RECENT = 8
TOKEN = re.compile(rf"[0-9A-Za-z]{{{TOKEN_LENGTH}}}")
ALREADY_RUN = "You just ran this. Press Run again for another image."
INPUT_REMOVED = "The input image has been removed. Please choose it again."


@require_http_methods(["GET", "HEAD", "POST"])
def playground(request: HttpRequest) -> HttpResponseBase:
    """Show the form; a POST submits a job and shows it beside the form.

    If the session has expired, the form is kept and the user signs in first.
    """
    if request.method == "POST" and not request.user.is_authenticated:
        return visitor.keep(request, then="account_login", notice=visitor.KEPT_SIGN_IN)
    return _playground(request)


@never_cache
@access.member_page("generate")
def _playground(request: MemberRequest) -> HttpResponseBase:
    if request.method == "POST":
        return _run(request)
    job = _find(request, request.GET["job"]) if "job" in request.GET else None
    recent = _recent(request)
    typed, notice = _initial(request, job)
    if not typed and not recent:
        typed = samples.filled_in(next(iter(catalog.load().models.values())))
    first_key = api_keys.first_key(request)
    form = request_form.begin(**typed)
    return _page(request, form, recent, job=job, notice=notice, first_key=first_key)


playground.required_ability = "generate"  # type: ignore[attr-defined]


@require_safe
@access.member_page("generate")
def live(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Return the fragment that updates while a job runs; raises `UnknownJob`."""
    job = _find(request, public_id)
    if request.headers.get("HX-Request") != "true":
        return redirect(f"{reverse('playground')}?job={job.public_id}")
    return render(
        request,
        "playground/live.html",
        {"job": job, "recent": _recent(request) if job.is_over else []},
    )


def _run(request: MemberRequest) -> HttpResponseBase:
    form = RequestForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            submitted = _submit(request, form)
        except generation_request.ImageMissing:
            form.add_error("image", "Upload the image to edit, or enter its URL.")
        except ledger.InsufficientCredits as error:
            # The draft is restored after the payment. An uploaded image is a URL by now.
            form.cleaned_data["image"] = None
            drafts.keep(request, form)
            form.add_domain_error(error)
        except errors.DomainError as error:
            form.add_domain_error(error)
        else:
            drafts.drop(request)
            if submitted.is_replay:
                messages.info(request, ALREADY_RUN)
            return redirect(f"{reverse('playground')}?job={submitted.job.public_id}#result")
    return _page(request, form, _recent(request))


def _submit(request: MemberRequest, form: RequestForm) -> Submitted:
    """Submit the form, once for each rendered form and content."""
    organization = request.organization
    digest = form.digest()
    token = form.cleaned_data["token"]
    key = f"playground:{token}:{digest}" if TOKEN.fullmatch(token) else None
    if key is not None:
        known = idempotency.find(
            idempotency.Key(organization=organization, text=key, fingerprint=digest)
        )
        if known is not None:
            return Submitted(job=known, is_replay=True)
    chosen = form.chosen
    image_url = input_image.take(request, form) if chosen and chosen.is_edit else ""
    return jobs.submit(
        organization=organization,
        request=generation_request.parse(**form.body(image_url=image_url)),
        idempotency_key=key,
        fingerprint=digest,
        created_by=request.membership.user,
    )


def _initial(request: MemberRequest, job: Job | None) -> tuple[dict[str, str], str]:
    """Return the initial fields of the form, and a notice.

    They come from a job, from `again` or `edit` with a job ID, from the query string, or from the
    draft.
    """
    if job is not None:
        return _of_job(job)
    if "again" in request.GET:
        return _of_job(_find(request, request.GET["again"]))
    if "edit" in request.GET:
        return _result_of(_find(request, request.GET["edit"]))
    linked = {name: request.GET[name] for name in request_form.TYPED if name in request.GET}
    linked |= request_form.of_model(request.GET.get("model", ""))
    if linked:
        return linked, ""
    if "new" in request.GET:
        drafts.drop(request)
    try:
        return drafts.adopt(request, organization=request.organization) or ({}, "")
    except organizations.Suspended:
        # The page says so; the image stays in the draft.
        return drafts.find(request) or {}, ""


def _of_job(job: Job) -> tuple[dict[str, str], str]:
    """Return the fields of a job; a removed input image has to be chosen again."""
    typed = request_form.of_job(job)
    name = files.find_name(job.image_url)
    if name is None or inputs.is_kept(name=name):
        return typed, ""
    return {**typed, "image_url": ""}, INPUT_REMOVED


def _result_of(job: Job) -> tuple[dict[str, str], str]:
    """Return the fields for editing a job's result."""
    model = catalog.load().models.get(job.model)
    typed = request_form.of_model(
        (model.id if model.is_edit else model.sibling_id) if model else ""
    )
    typed |= {"size": job.size, "output_format": job.output_format}
    asset = Asset.objects.filter(job=job, removed_at=None).first()
    if asset is None:
        return typed, INPUT_REMOVED
    return {**typed, "image_url": results.url_of(asset)}, ""


def _find(request: MemberRequest, public_id: str) -> Job:
    if "\x00" in public_id:
        # PostgreSQL rejects NUL characters.
        raise UnknownJob
    jobs = Job.objects.for_organization(request.organization)
    job = querysets.with_pictures(jobs).filter(public_id=public_id).first()
    if job is None:
        raise UnknownJob
    return job


def _recent(request: MemberRequest) -> list[Job]:
    """Return the user's own latest jobs; an index covers those without an API key."""
    mine = Job.objects.for_organization(request.organization).filter(
        api_key=None, created_by=request.membership.user
    )
    return list(querysets.listed(mine).order_by("-id")[:RECENT])


def _page(
    request: MemberRequest,
    form: RequestForm,
    recent: list[Job],
    *,
    job: Job | None = None,
    **further: Any,
) -> HttpResponseBase:
    is_open = not request.organization.is_suspended
    form_context = playground_context.of(
        form, action=reverse("playground"), job=job, is_member=True, may_run=is_open
    )
    balance = wallets.balance_of(organization=request.organization)
    context: dict[str, Any] = {
        "section": SECTION,
        "playground": form_context,
        "job": job,
        "recent": recent,
        "balance": balance,
        "lacks_credits": is_open and balance.balance_credits < form_context.model.price_credits,
        "packs": packs.listed(),
        **further,
        "is_kept": drafts.find(request) is not None,
    }
    return render(request, "playground/member.html", context)
