"""Template data of the public pages: prices, sizes and limits, from the catalog and settings."""

from __future__ import annotations

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

# Two rows of nearly equal width on the size sheet; sizes not listed here come last.
SHEET_ORDER = ("16:9", "1:1", "3:4", "16:21", "21:9", "4:3", "9:16")
# US dollars that the tiers are compared by.
COMPARED_USD = 10


@dataclass(frozen=True, slots=True)
class Purchase:
    """What an amount of money buys: credits, and images with each tier."""

    usd: Decimal
    credits: int
    images: tuple[int, ...]
    # Credits beyond what the same amount buys without a pack.
    extra_credits: int = 0


@dataclass(frozen=True, slots=True)
class Tier:
    """A tier: its name, its price, and its model for each task."""

    key: str
    name: str
    price_credits: int
    price_usd: Decimal
    models: tuple[catalog.Model, ...]
    images_compared: int
    strength: str
    best_for: str


@dataclass(frozen=True, slots=True)
class Frame:
    """A size and an example of it."""

    size: catalog.Size
    example: examples.Example | None


def context() -> dict[str, Any]:
    """Return the template context that all public pages share."""
    loaded = catalog.load()
    return {
        "catalog": loaded,
        "cheapest": min(loaded.models.values(), key=lambda model: model.price_credits),
        "sizes": _frames(),
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
        "idempotency_days": idempotency.KEPT.days,
        "support_email": settings.VIDGO_SUPPORT_EMAIL,
    }


def tiers() -> tuple[Tier, ...]:
    """Return the tiers in the catalog's order; raises `ValueError` for one with two prices."""
    found: dict[str, list[catalog.Model]] = {}
    for model in catalog.load().models.values():
        found.setdefault(model.tier, []).append(model)
    return tuple(_tier(key, models) for key, models in found.items())


def _tier(key: str, models: list[catalog.Model]) -> Tier:
    prices = {model.price_credits for model in models}
    if len(prices) != 1:
        raise ValueError(f"catalog.toml: the models of tier {key} have several prices")
    (price,) = prices
    strength, best_for = copy.TIERS.get(key, ("", ""))
    return Tier(
        key=key,
        name=key.capitalize(),
        price_credits=price,
        price_usd=catalog.load().usd(price),
        models=tuple(models),
        images_compared=_credits_for(COMPARED_USD * 100) // price,
        strength=strength,
        best_for=best_for,
    )


def purchases() -> list[Purchase]:
    """Return what each pack buys."""
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
    """Return the limits of a custom amount in dollars, and the credits per dollar."""
    return {
        "smallest_usd": packs.SMALLEST_CENTS // 100,
        "largest_usd": packs.LARGEST_CENTS // 100,
        "credits_per_dollar": packs.CREDITS_PER_CENT * 100,
    }


def _credits_for(cents: int) -> int:
    return cents * packs.CREDITS_PER_CENT


def _images(credits: int) -> tuple[int, ...]:
    return tuple(credits // tier.price_credits for tier in tiers())


def _frames() -> list[Frame]:
    # The first example of each size.
    by_size = {each.size: each for each in reversed(examples.EXAMPLES) if not each.of}
    return [
        Frame(size=size, example=by_size.get(size.name))
        for size in sorted(catalog.load().listed_sizes, key=_place_on_sheet)
    ]


def _place_on_sheet(size: catalog.Size) -> int:
    return SHEET_ORDER.index(size.name) if size.name in SHEET_ORDER else len(SHEET_ORDER)
