"""The front page."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from generation.site import facts, faq, metadata
from generation.site.examples import BY_NAME, SEED
from generation.site.metadata import Head
from vidgo.kernel.web.templatetags.ui import money

# The picture beside the call that made it, what the hero hangs, and the pairs further below.
ANSWERED = BY_NAME["van"]
HUNG = ("boat", "astronaut", "fox", "bottle")
EDITED = ("armchair-orange", "sign-back", "lighthouse-night")


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Say what this is, what it costs and how to begin."""
    told = facts.context()
    asked = faq.of_home()
    count, price = len(told["catalog"].models), money(told["cheapest"].price_usd)
    about = Head(
        title=f"{settings.VIDGO_NAME}: one API for making and editing images",
        description=(
            f"Send a prompt, get an image. {count} FLUX Kontext models behind one API, from "
            f"{price} an image, without a subscription. What fails is free."
        ),
        path="/",
        data=(metadata.organization(), metadata.website(), metadata.answers(asked)),
    )
    return render(
        request,
        "site/home.html",
        {
            **told,
            "head": about,
            "questions": asked,
            "hung": [BY_NAME[name] for name in HUNG],
            "answered": ANSWERED,
            "answered_size": told["catalog"].sizes[ANSWERED.size],
            "answered_seed": SEED,
            "edited": [BY_NAME[name] for name in EDITED],
        },
    )
