"""The numbers of the public pages: every one of them is the catalog's, or computed from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings

from billing import packs
from generation import catalog
from generation.jobs import idempotency
from generation.site import copy, examples
from generation.storage import uploads
from vidgo.kernel import images

# Two rows of nearly equal width on the sheet of sizes; sizes not named here come last.
SHEET_ORDER = ("16:9", "1:1", "3:4", "16:21", "21:9", "4:3", "9:16")
# What one of these, in US dollars, buys is told where no pack is.
COMPARED_USD = 10


@dataclass(frozen=True, slots=True)
class Purchase:
    """What an amount of money buys: credits, and images of each tier."""

    usd: Decimal
    credits: int
    images: tuple[int, ...]
    # Credits beyond what the same money buys without a pack.
    extra_credits: int = 0


@dataclass(frozen=True, slots=True)
class Tier:
    """A tier as it is sold: its name, price, and its model for each task."""

    key: str
    name: str
    price_credits: int
    price_usd: Decimal
    models: tuple[catalog.Model, ...]
    images_compared: int
    # What it is known for, and what to take it for.
    line: str
    good_for: str


@dataclass(frozen=True, slots=True)
class Frame:
    """A size, and the example that shows it."""

    size: catalog.Size
    example: examples.Example | None


def context() -> dict[str, Any]:
    """Return the facts that every public page may tell."""
    loaded = catalog.load()
    return {
        "catalog": loaded,
        "cheapest": min(loaded.models.values(), key=lambda model: model.price_credits),
        "sheet": _sheet(),
        "tiers": tiers(),
        "compared_usd": COMPARED_USD,
        "prompt_max": catalog.PROMPT_MAX_CHARACTERS,
        "seed_max": catalog.SEED_MAX,
        "default_size": catalog.DEFAULT_SIZE,
        "default_format": catalog.DEFAULT_FORMAT,
        "upload_max_mb": uploads.MAX_BYTES // 1_000_000,
        "upload_formats": images.FORMATS,
        "result_retention_days": settings.RESULT_RETENTION_DAYS,
        "upload_retention_hours": settings.UPLOAD_RETENTION_HOURS,
        "order_key_days": idempotency.KEPT.days,
        "support_email": settings.VIDGO_SUPPORT_EMAIL,
    }


def tiers() -> tuple[Tier, ...]:
    """Return the tiers in the catalog's order; a tier's tasks have one price."""
    found: dict[str, list[catalog.Model]] = {}
    for model in catalog.load().models.values():
        found.setdefault(model.tier, []).append(model)
    return tuple(_tier(key, models) for key, models in found.items())


def _tier(key: str, models: list[catalog.Model]) -> Tier:
    prices = {model.price_credits for model in models}
    if len(prices) != 1:
        raise ValueError(f"catalog.toml: the models of tier {key} have several prices")
    (price,) = prices
    line, good_for = copy.TIERS.get(key, ("", ""))
    return Tier(
        key=key,
        name=key.capitalize(),
        price_credits=price,
        price_usd=catalog.load().usd(price),
        models=tuple(models),
        images_compared=_credits_for(COMPARED_USD * 100) // price,
        line=line,
        good_for=good_for,
    )


def purchases() -> list[Purchase]:
    """Return what each pack on offer buys."""
    return [
        Purchase(
            usd=Decimal(pack.amount_cents) / 100,
            credits=pack.credits,
            images=_images(pack.credits),
            extra_credits=max(pack.credits - _credits_for(pack.amount_cents), 0),
        )
        for pack in packs.listed()
    ]


def one_dollar() -> Purchase:
    """Return what a dollar buys."""
    credits = _credits_for(100)
    return Purchase(usd=Decimal(1), credits=credits, images=_images(credits))


def custom_range() -> dict[str, int]:
    """Return the smallest and the largest amount of one's own, in dollars."""
    return {
        "smallest_usd": packs.SMALLEST_CENTS // 100,
        "largest_usd": packs.LARGEST_CENTS // 100,
        "credits_per_dollar": packs.CREDITS_PER_CENT * 100,
    }


def _credits_for(cents: int) -> int:
    return cents * packs.CREDITS_PER_CENT


def _images(credits: int) -> tuple[int, ...]:
    return tuple(credits // tier.price_credits for tier in tiers())


def _sheet() -> list[Frame]:
    shown = _first_of_each_size(each for each in examples.EXAMPLES if not each.of)
    sizes = sorted(catalog.load().listed_sizes, key=_place_on_sheet)
    return [Frame(size=size, example=shown.get(size.name)) for size in sizes]


def _first_of_each_size(pictures: Iterable[examples.Example]) -> dict[str, examples.Example]:
    first: dict[str, examples.Example] = {}
    for picture in pictures:
        first.setdefault(picture.size, picture)
    return first


def _place_on_sheet(size: catalog.Size) -> int:
    return SHEET_ORDER.index(size.name) if size.name in SHEET_ORDER else len(SHEET_ORDER)
