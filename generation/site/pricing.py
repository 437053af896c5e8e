"""What it costs."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from generation.site import facts, faq, metadata
from generation.site.metadata import Head
from vidgo.kernel.web.templatetags.ui import money


@require_safe
def pricing(request: HttpRequest) -> HttpResponse:
    """Show the prices, the packs, and what becomes of money and credits."""
    told = facts.context()
    asked = faq.of_pricing()
    prices = " and ".join(f"{money(tier.price_usd)} ({tier.name})" for tier in told["tiers"])
    about = Head(
        title=f"Pricing: {prices} an image · {settings.VIDGO_NAME}",
        description=(
            f"An image costs {prices}, in every size and format. Prepaid credits that do not "
            "expire, no subscription, and nothing for an image that fails."
        ),
        path=reverse("pricing"),
        data=(
            metadata.organization(),
            metadata.crumbs(("Home", "/"), ("Pricing", reverse("pricing"))),
            metadata.answers(asked),
        ),
    )
    return render(
        request,
        "site/pricing.html",
        {
            **told,
            "section": "pricing",
            "head": about,
            "purchases": facts.purchases(),
            "dollar": facts.one_dollar(),
            "custom": facts.custom_range(),
            "questions": asked,
        },
    )
