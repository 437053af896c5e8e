"""The playground: the same verb as the API's submit, behind a form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import access, audit
from accounts.access import MemberRequest
from billing import wallets
from generation import catalog, jobs, orders, uploads
from generation.models import Job
from generation.pages import shown
from vidgo.kernel import errors

SECTION = "playground"
RECENT = 6
# Which field of the form a refusal is about, by the name the API calls it.
FIELDS = {
    "model": "model",
    "input.prompt": "prompt",
    "input.size": "size",
    "input.output_format": "output_format",
    "input.image_urls": "image_url",
    "file": "image",
}


class OrderForm(forms.Form):
    """What a person orders; whether it is right is for `orders.parse` to say."""

    model = forms.CharField()
    prompt = forms.CharField(
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"maxlength": catalog.PROMPT_MAX_CHARACTERS, "rows": 5}),
    )
    size = forms.CharField(required=False)
    output_format = forms.CharField(required=False, label="Format")
    image = forms.FileField(
        required=False,
        label="Upload an image",
        help_text="JPEG, PNG, WebP or GIF, at most 20 MB.",
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/gif"}),
    )
    image_url = forms.CharField(
        required=False,
        label="Its address",
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("generate")
def playground(request: MemberRequest) -> HttpResponseBase:
    """Show the form; a POST submits the job and goes to its page."""
    if request.method != "POST":
        return _page(request, OrderForm(initial=_initial(request)))
    form = OrderForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            job = _submit(request, form)
        except orders.ImageMissing:
            form.add_error("image", "Upload the image to edit, or give its address.")
        except errors.DomainError as refused:
            form.add_error(FIELDS.get(refused.param or ""), _in_words_of_the_form(refused))
        else:
            return redirect("job", public_id=job.public_id)
    return _page(request, form)


def _submit(request: MemberRequest, form: OrderForm) -> Job:
    asked = form.cleaned_data
    model = catalog.get_model(asked["model"])
    wanted: dict[str, Any] = {
        "prompt": asked["prompt"],
        "size": asked["size"] or None,
        "output_format": asked["output_format"] or None,
    }
    if model.is_edit:
        if asked["image"]:
            _keep_upload(request, form)
        wanted["image_urls"] = [url] if (url := (form["image_url"].value() or "").strip()) else []
    return jobs.submit(
        organization=request.organization,
        order=orders.parse(model=model.id, input=wanted),
        actor=audit.actor_of(request).label,
        created_by=request.membership.user,
    )


def _keep_upload(request: MemberRequest, form: OrderForm) -> None:
    """Store the image and put its address into the form, which cannot show a chosen file again."""
    image = form.cleaned_data["image"]
    upload = uploads.store(
        organization=request.organization,
        content=image.read(uploads.MAX_BYTES + 1),
        original_name=image.name,
    )
    form.data = {**request.POST.dict(), "image_url": uploads.url_of(upload)}


def _initial(request: MemberRequest) -> dict[str, str]:
    """Return what the form begins with; a link to it may say, such as 'edit this result'."""
    begins_with = {
        "model": next(iter(catalog.load().models)),
        "size": catalog.DEFAULT_SIZE,
        "output_format": catalog.DEFAULT_FORMAT,
    }
    known = ("model", "prompt", "size", "output_format", "image_url")
    return begins_with | {name: request.GET[name] for name in known if name in request.GET}


def _in_words_of_the_form(refused: errors.DomainError) -> str:
    """Return the sentence without the API's name of the parameter: the field stands beside it."""
    opening = f"'{refused.param}'"
    if refused.param is None or not refused.message.startswith(opening):
        return refused.message
    rest = refused.message.removeprefix(opening)
    if rest.startswith(": "):
        return rest[2:3].upper() + rest[3:]
    return f"This{rest}"


def _page(request: MemberRequest, form: OrderForm) -> HttpResponseBase:
    loaded = catalog.load()
    mine = Job.objects.for_organization(request.organization).filter(
        created_by=request.membership.user
    )
    return render(
        request,
        "generation/playground.html",
        {
            "section": SECTION,
            "form": form,
            "models": list(loaded.models.values()),
            "sizes": loaded.listed_sizes,
            "formats": list(loaded.formats.values()),
            "recent": list(shown.with_pictures(mine).order_by("-id")[:RECENT]),
            "balance": wallets.balance_of(organization=request.organization),
        },
    )
