"""The list of models, and a page for each."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_safe

from generation import catalog, playground
from generation.site import copy, faq, metadata, page_data
from generation.site.metadata import Metadata
from vidgo.kernel.web.templatetags.ui import money

SECTION = "models"
TASKS = {copy.TEXT: "Text to image", copy.EDIT: "Image to image"}


@require_safe
def models(request: HttpRequest) -> HttpResponse:
    """List all models with their inputs and prices."""
    data = page_data.context()
    entries = [(model, copy.hero_of(model)) for model in data["catalog"].models.values()]
    names = ", ".join(model.name for model, _ in entries)
    about = Metadata(
        title=f"Models · {settings.VIDGO_NAME}",
        description=f"{names}: what each is for, its inputs and price per image.",
        path=reverse("models"),
        data=(
            metadata.organization(),
            metadata.breadcrumbs(("Home", "/"), ("Models", reverse("models"))),
        ),
    )
    context = {**data, "section": SECTION, "metadata": about, "entries": entries}
    return render(request, "site/models.html", context)


@require_safe
def model(request: HttpRequest, model_id: str) -> HttpResponse:
    """Show one model with its playground; raises `catalog.UnknownCatalogEntry`."""
    data = page_data.context()
    chosen = data["catalog"].models.get(model_id)
    if chosen is None:
        raise catalog.UnknownCatalogEntry
    entries = faq.of_model(chosen)
    return render(
        request,
        "site/model.html",
        {
            **data,
            **playground.for_model(request=request, model_id=model_id),
            "section": SECTION,
            "metadata": _metadata(chosen, entries),
            "model": chosen,
            "task": TASKS[chosen.task],
            "sibling": data["catalog"].models[chosen.sibling_id],
            "tier": next(each for each in data["tiers"] if each.key == chosen.tier),
            "hero": copy.hero_of(chosen),
            "features": copy.FEATURES[chosen.task],
            "uses": copy.USES[chosen.task],
            "purchases": page_data.purchases(),
            "faq": entries,
        },
    )


def _metadata(chosen: catalog.Model, entries: list[faq.Question]) -> Metadata:
    path = reverse("model", args=[chosen.id])
    return Metadata(
        title=f"{chosen.name} API: {money(chosen.price_usd)} an image · {settings.VIDGO_NAME}",
        description=(
            f"{chosen.summary} Try {chosen.name} in the playground, then call it as {chosen.id}: "
            f"{money(chosen.price_usd)} an image, every size at one price, no subscription."
        ),
        path=path,
        data=(
            metadata.organization(),
            metadata.product(chosen, image=static(copy.hero_of(chosen).path)),
            metadata.breadcrumbs(("Home", "/"), ("Models", reverse("models")), (chosen.name, path)),
            metadata.faq_page(entries),
        ),
    )
