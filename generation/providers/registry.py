"""The registry: the providers this installation has settings for."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings

from generation import catalog
from generation.catalog import Model, Offer
from generation.providers.base import Provider
from generation.providers.bfl import BlackForestLabs
from generation.providers.fal import Fal
from generation.providers.replicate import Replicate
from generation.providers.sandbox import Sandbox
from vidgo.kernel import errors

SETTINGS = (
    "BFL_API_KEY",
    "BFL_BASE_URL",
    "BFL_CONCURRENCY",
    "FAL_KEY",
    "FAL_BASE_URL",
    "FAL_JWKS_URL",
    "FAL_CONCURRENCY",
    "REPLICATE_API_TOKEN",
    "REPLICATE_BASE_URL",
    "REPLICATE_CONCURRENCY",
    "SANDBOX_ENABLED",
    "SANDBOX_CONCURRENCY",
)


class NoProvider(errors.Unavailable):
    """No provider of the model's route is configured."""


def providers() -> dict[str, Provider]:
    """Return the configured providers by name.

    They are created once per process, because they cache the keys that vendors sign with.
    """
    given = {name: getattr(settings, name) for name in SETTINGS}
    return _configured(**given)


@lru_cache(maxsize=1)
def _configured(**given: Any) -> dict[str, Provider]:
    """Create the providers; changed settings (in tests) create new ones."""
    configured: list[Provider] = []
    if given["BFL_API_KEY"]:
        configured.append(
            BlackForestLabs(
                key=given["BFL_API_KEY"],
                base_url=given["BFL_BASE_URL"],
                concurrency=given["BFL_CONCURRENCY"],
            )
        )
    if given["FAL_KEY"]:
        configured.append(
            Fal(
                key=given["FAL_KEY"],
                base_url=given["FAL_BASE_URL"],
                jwks_url=given["FAL_JWKS_URL"],
                concurrency=given["FAL_CONCURRENCY"],
            )
        )
    if given["REPLICATE_API_TOKEN"]:
        configured.append(
            Replicate(
                token=given["REPLICATE_API_TOKEN"],
                base_url=given["REPLICATE_BASE_URL"],
                concurrency=given["REPLICATE_CONCURRENCY"],
            )
        )
    if given["SANDBOX_ENABLED"]:
        configured.append(Sandbox(concurrency=given["SANDBOX_CONCURRENCY"]))
    return {provider.name: provider for provider in configured}


def names_of(model_id: str) -> list[str]:
    """Return the names of the configured providers of a model, possibly none."""
    model = catalog.load().models.get(model_id)
    return (
        [offer.provider for offer in model.offers if offer.provider in providers()] if model else []
    )


def route_of(model: Model, *, size: str = "") -> list[tuple[Provider, Offer]]:
    """Return the configured providers of a model with their offers, the preferred one first.

    With a size, providers that make it come before those whose result is cropped. Raises
    `NoProvider` if none is configured.
    """
    known = providers()
    route = [(known[offer.provider], offer) for offer in model.offers if offer.provider in known]
    if not route:
        raise NoProvider(f"'{model.id}' is not available on this installation right now.")
    if size:
        route.sort(key=lambda step: not step[1].serves(size))
    return route
