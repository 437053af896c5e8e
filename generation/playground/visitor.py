"""The visitors' playground: the same form; Run asks to sign up first."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from generation import catalog
from generation.jobs import generation_request
from generation.playground import context, drafts, request_form, samples
from generation.playground.request_form import RequestForm
from generation.site.metadata import Metadata
from generation.storage import drafts as draft_images
from generation.storage import files
from vidgo.kernel import errors

KEPT = "Sign up to run this. We'll keep your request."
KEPT_SIGN_IN = "Sign in to run this. We'll keep your request."


@require_http_methods(["GET", "HEAD", "POST"])
def playground_visitor(request: HttpRequest) -> HttpResponse:
    """Show the form to visitors; a POST keeps it as a draft and redirects to sign-up."""
    if request.method == "POST":
        return keep(request, then="account_signup", notice=KEPT)
    if request.user.is_authenticated:
        return redirect("playground")
    model = catalog.load().models.get(request.GET.get("model", ""))
    model = model or next(iter(catalog.load().models.values()))
    typed = drafts.find(request) or samples.filled_in(model)
    if prompt := request.GET.get("prompt", "").replace("\x00", ""):
        typed["prompt"] = prompt[: catalog.PROMPT_MAX_CHARACTERS]
    return _page(request, request_form.begin(**typed))


def keep(request: HttpRequest, *, then: str, notice: str) -> HttpResponse:
    """Keep a form sent by a visitor as a draft, and redirect to the URL name `then`.

    An invalid form is rendered again with its errors.
    """
    form = RequestForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            generation_request.parse(**form.body(image_url=_image(form)))
            drafts.keep(request, form)
        except generation_request.ImageMissing:
            form.add_error("image", "Upload the image to edit, or enter its URL.")
        except errors.DomainError as error:
            form.add_domain_error(error)
        else:
            if request.user.is_authenticated:
                return redirect("playground")
            messages.info(request, notice)
            return redirect(f"{reverse(then)}?{urlencode({'next': reverse('playground')})}")
    return _page(request, form)


def _image(form: RequestForm) -> str:
    """Return the URL of the image to edit; a placeholder of ours for a file."""
    url = form.value_of("image_url").strip()
    if form.cleaned_data["image"] is not None or samples.find(url) is not None:
        return files.url_of(draft_images.FOLDER)
    return url


def _page(request: HttpRequest, form: RequestForm) -> HttpResponse:
    return render(
        request,
        "playground/visitor.html",
        {
            "section": "playground",
            "metadata": _metadata(),
            "playground": context.of(form, action=reverse("playground_visitor")),
        },
    )


def _metadata() -> Metadata:
    return Metadata(
        title=f"Playground · {settings.VIDGO_NAME}",
        description=(
            "Write a prompt or upload an image, pick a size, and see the price and the API request "
            "before you run it."
        ),
        path=reverse("playground_visitor"),
    )
