"""The playground of those who have not signed in: everything but the run itself."""

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
from generation.site.metadata import Head
from generation.storage import drafts as draft_images
from generation.storage import files
from vidgo.kernel import errors

KEPT = "Your request is kept. Create an account to run it; it will be there as you left it."
KEPT_SIGN_IN = "Your request is kept. Sign in to go on with it."


@require_http_methods(["GET", "HEAD", "POST"])
def playground_visitor(request: HttpRequest) -> HttpResponse:
    """Show the form to a visitor; a POST keeps what was typed and asks to sign up."""
    if request.method == "POST":
        return keep(request, then="account_signup", notice=KEPT)
    if request.user.is_authenticated:
        return redirect("playground")
    model = catalog.load().models.get(request.GET.get("model", ""))
    model = model or next(iter(catalog.load().models.values()))
    typed = drafts.find(request) or samples.filled_in(model)
    if asked := request.GET.get("prompt", "").replace("\x00", ""):
        typed["prompt"] = asked[: catalog.PROMPT_MAX_CHARACTERS]
    return _page(request, request_form.begin(**typed))


def keep(request: HttpRequest, *, then: str, notice: str) -> HttpResponse:
    """Keep a form that was sent without being signed in and go to the page called `then`.

    What can be found wrong without asking anybody is said at once, beside its field.
    """
    form = RequestForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            generation_request.parse(**form.body(image_url=_image(form)))
            drafts.keep(request, form)
        except generation_request.ImageMissing:
            form.add_error("image", "Upload the image to edit, or give its address.")
        except errors.DomainError as refused:
            form.refuse(refused)
        else:
            if request.user.is_authenticated:
                return redirect("playground")
            messages.info(request, notice)
            return redirect(f"{reverse(then)}?{urlencode({'next': reverse('playground')})}")
    return _page(request, form)


def _image(form: RequestForm) -> str:
    """Return the address of the image to edit; a chosen file will have one of ours."""
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
            "head": _head(),
            "playground": context.of(form, action=reverse("playground_visitor")),
        },
    )


def _head() -> Head:
    return Head(
        title=f"Playground · {settings.VIDGO_NAME}",
        description=(
            "Write a prompt or choose an image, pick a size, and read the price and the code of "
            "the call before you run it."
        ),
        path=reverse("playground_visitor"),
    )
