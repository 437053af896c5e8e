"""Which providers this installation has: those whose settings are there."""

from __future__ import annotations

from django.conf import settings

from generation import catalog
from generation.catalog import Model
from generation.providers.base import Provider
from generation.providers.sandbox import Sandbox
from vidgo.kernel import errors


class NoProvider(errors.Unavailable):
    """No provider of the model's route is configured."""


def providers() -> dict[str, Provider]:
    """Return the configured providers by name."""
    configured: list[Provider] = []
    if settings.SANDBOX_ENABLED:
        configured.append(Sandbox())
    return {provider.name: provider for provider in configured}


def names_of(model_id: str) -> list[str]:
    """Return the names of the configured providers that can make a model, maybe none."""
    model = catalog.load().models.get(model_id)
    return [name for name in model.route if name in providers()] if model else []


def route_of(model: Model) -> list[Provider]:
    """Return the providers that can make a model, the preferred one first.

    Raises `NoProvider` when none is configured.
    """
    known = providers()
    route = [known[name] for name in model.route if name in known]
    if not route:
        raise NoProvider(f"'{model.id}' is not available on this installation right now.")
    return route
