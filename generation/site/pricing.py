"""The pricing page."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from generation.site import faq, metadata, page_data
from generation.site.metadata import Metadata
from vidgo.kernel.web.templatetags.ui import money


@require_safe
def pricing(request: HttpRequest) -> HttpResponse:
    """Show prices and credit packs."""
    data = page_data.context()
    entries = faq.of_pricing()
    prices = " and ".join(f"{money(tier.price_usd)} ({tier.name})" for tier in data["tiers"])
    about = Metadata(
        title=f"Pricing: {prices} an image · {settings.VIDGO_NAME}",
        description=(
            f"An image costs {prices}, in every size and format. Prepaid credits that do not "
            "expire, no subscription, and no charge for an image that fails."
        ),
        path=reverse("pricing"),
        data=(
            metadata.organization(),
            metadata.breadcrumbs(("Home", "/"), ("Pricing", reverse("pricing"))),
            metadata.faq_page(entries),
        ),
    )
    return render(
        request,
        "site/pricing.html",
        {
            **data,
            "section": "pricing",
            "metadata": about,
            "purchases": page_data.purchases(),
            "dollar": page_data.one_dollar(),
            "custom": page_data.custom_range(),
            "faq": entries,
        },
    )
