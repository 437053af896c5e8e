"""The public site: what is for sale, told from the catalog."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from generation import catalog

# In US dollars; what each buys is computed.
EXAMPLE_AMOUNTS = (5, 20, 100)
# Two rows of nearly equal width on the sheet of sizes; sizes not named here come last.
SHEET_ORDER = ("16:9", "1:1", "3:4", "16:21", "21:9", "4:3", "9:16")


@dataclass(frozen=True, slots=True)
class Purchase:
    """What an amount of money buys: credits, and images of each tier."""

    usd: int
    credits: int
    images: tuple[int, ...]


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Say what this is, what it costs and how to begin."""
    return render(request, "generation/home.html", _facts())


@require_safe
def models(request: HttpRequest) -> HttpResponse:
    """Show every model, what it takes and what it costs."""
    return render(request, "generation/models.html", {**_facts(), "section": "models"})


@require_safe
def pricing(request: HttpRequest) -> HttpResponse:
    """Show the prices, and what some amounts of money buy."""
    tiers = _one_model_of_each_tier()
    amounts = [_purchase(usd, tiers=tiers) for usd in EXAMPLE_AMOUNTS]
    return render(
        request,
        "generation/pricing.html",
        {**_facts(), "section": "pricing", "tiers": tiers, "amounts": amounts},
    )


def _facts() -> dict[str, Any]:
    loaded = catalog.load()
    return {
        "catalog": loaded,
        "cheapest": min(loaded.models.values(), key=lambda model: model.price_credits),
        "sheet": sorted(loaded.listed_sizes, key=_place_on_sheet),
        "result_retention_days": settings.RESULT_RETENTION_DAYS,
    }


def _place_on_sheet(size: catalog.Size) -> int:
    return SHEET_ORDER.index(size.name) if size.name in SHEET_ORDER else len(SHEET_ORDER)


def _one_model_of_each_tier() -> list[catalog.Model]:
    first: dict[str, catalog.Model] = {}
    for model in catalog.load().models.values():
        first.setdefault(model.tier, model)
    return list(first.values())


def _purchase(usd: int, *, tiers: list[catalog.Model]) -> Purchase:
    credits = int(Decimal(usd) / catalog.load().credit_usd)
    return Purchase(
        usd=usd,
        credits=credits,
        images=tuple(credits // model.price_credits for model in tiers),
    )
