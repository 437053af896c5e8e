"""The home page."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from generation.site import faq, metadata, page_data
from generation.site.examples import BY_NAME, SEED
from generation.site.metadata import Metadata
from vidgo.kernel.web.templatetags.ui import money

API_EXAMPLE = BY_NAME["van"]
HERO_EXAMPLES = ("boat", "astronaut", "fox", "bottle")
EDITS = ("armchair-orange", "sign-back", "lighthouse-night")


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the home page."""
    data = page_data.context()
    entries = faq.of_home()
    count, price = len(data["catalog"].models), money(data["cheapest"].price_usd)
    about = Metadata(
        title=f"{settings.VIDGO_NAME}: one API for making and editing images",
        description=(
            f"Send a prompt, get an image. {count} FLUX Kontext models behind one API, from "
            f"{price} an image, without a subscription. Failed images are free."
        ),
        path="/",
        data=(metadata.organization(), metadata.website(), metadata.faq_page(entries)),
    )
    return render(
        request,
        "site/home.html",
        {
            **data,
            "metadata": about,
            "faq": entries,
            "hero_examples": [BY_NAME[name] for name in HERO_EXAMPLES],
            "api_example": API_EXAMPLE,
            "api_example_size": data["catalog"].sizes[API_EXAMPLE.size],
            "api_example_seed": SEED,
            "edits": [BY_NAME[name] for name in EDITS],
        },
    )
