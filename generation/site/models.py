"""The models: all of them, and a page for each."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_safe

from generation import catalog, playground
from generation.site import copy, facts, faq, metadata
from generation.site.metadata import Head
from vidgo.kernel.web.templatetags.ui import money

SECTION = "models"
# The tasks, as people call them.
TASKS = {copy.TEXT: "Text to image", copy.EDIT: "Image to image"}


@require_safe
def models(request: HttpRequest) -> HttpResponse:
    """Show every model, what it takes and what it costs."""
    told = facts.context()
    entries = [(model, copy.hero_of(model)) for model in told["catalog"].models.values()]
    names = ", ".join(model.name for model, _ in entries)
    about = Head(
        title=f"Models · {settings.VIDGO_NAME}",
        description=f"{names}: what each is for, what it takes and what an image costs.",
        path=reverse("models"),
        data=(
            metadata.organization(),
            metadata.crumbs(("Home", "/"), ("Models", reverse("models"))),
        ),
    )
    context = {**told, "section": SECTION, "head": about, "entries": entries}
    return render(request, "site/models.html", context)


@require_safe
def model(request: HttpRequest, model_id: str) -> HttpResponse:
    """Show one model whole: try it, what it does, what it costs; 404 for one we do not have."""
    told = facts.context()
    shown = told["catalog"].models.get(model_id)
    if shown is None:
        raise catalog.UnknownCatalogEntry
    asked = faq.of_model(shown)
    return render(
        request,
        "site/model.html",
        {
            **told,
            **playground.for_model(request=request, model_id=model_id),
            "section": SECTION,
            "head": _about(shown, asked),
            "model": shown,
            "task": TASKS[shown.task],
            "sibling": told["catalog"].models[shown.sibling_id],
            "tier": next(each for each in told["tiers"] if each.key == shown.tier),
            "hero": copy.hero_of(shown),
            "features": copy.FEATURES[shown.task],
            "uses": copy.USES[shown.task],
            "purchases": facts.purchases(),
            "questions": asked,
        },
    )


def _about(shown: catalog.Model, asked: list[faq.Question]) -> Head:
    path = reverse("model", args=[shown.id])
    return Head(
        title=f"{shown.name} API: {money(shown.price_usd)} an image · {settings.VIDGO_NAME}",
        description=(
            f"{shown.summary} Try {shown.name} in the playground, then call it as {shown.id}: "
            f"{money(shown.price_usd)} an image, every size at one price, no subscription."
        ),
        path=path,
        data=(
            metadata.organization(),
            metadata.product(shown, image=static(copy.hero_of(shown).path)),
            metadata.crumbs(("Home", "/"), ("Models", reverse("models")), (shown.name, path)),
            metadata.answers(asked),
        ),
    )
