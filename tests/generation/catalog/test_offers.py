"""Offers: which provider makes which model in which sizes, and which ones are configured."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from pytest_django import Settings

from generation import catalog
from generation.catalog import reader
from generation.providers import registry

KEYS = {"BFL_API_KEY": "bfl_x", "FAL_KEY": "x:y", "REPLICATE_API_TOKEN": "r8_x"}


@pytest.fixture
def keys(settings: Settings) -> Settings:
    """Configure an account at each vendor."""
    for name, value in KEYS.items():
        setattr(settings, name, value)
    settings.SANDBOX_ENABLED = False
    return settings


def route(model: str = "flux-kontext-pro", **options: str) -> list[str]:
    found = registry.route_of(catalog.get_model(model), **options)
    return [provider.name for provider, _ in found]


def test_every_model_has_four_offers_with_a_margin() -> None:
    for model in catalog.load().models.values():
        offers = [offer.provider for offer in model.offers]
        assert offers == ["bfl", "fal", "replicate", "sandbox"]
        for offer in model.offers:
            assert offer.cost_usd < model.price_usd
        asked = {offer.cost_usd for offer in model.offers if offer.provider != "sandbox"}
        assert asked == {Decimal("0.04") if model.tier == "pro" else Decimal("0.08")}


def test_each_offer_has_the_vendors_name_of_the_model() -> None:
    endpoints = {
        model.id: [offer.endpoint for offer in model.offers[:3]]
        for model in catalog.load().models.values()
    }
    assert endpoints == {
        "flux-kontext-pro": [
            "flux-kontext-pro",
            "fal-ai/flux-pro/kontext/text-to-image",
            "black-forest-labs/flux-kontext-pro",
        ],
        "flux-kontext-pro-edit": [
            "flux-kontext-pro",
            "fal-ai/flux-pro/kontext",
            "black-forest-labs/flux-kontext-pro",
        ],
        "flux-kontext-max": [
            "flux-kontext-max",
            "fal-ai/flux-pro/kontext/max/text-to-image",
            "black-forest-labs/flux-kontext-max",
        ],
        "flux-kontext-max-edit": [
            "flux-kontext-max",
            "fal-ai/flux-pro/kontext/max",
            "black-forest-labs/flux-kontext-max",
        ],
    }


def test_a_size_that_a_vendor_does_not_make_is_cropped_from_the_nearest() -> None:
    loaded = catalog.load()
    for model in loaded.models.values():
        for offer in model.offers:
            for size in loaded.sizes.values():
                upstream = loaded.sizes[offer.upstream_size(size.name)]
                lost = 1 - (size.height / size.width) / (upstream.height / upstream.width)
                assert abs(lost) < 0.02
                assert (upstream is size) == offer.serves(size.name)
    bfl, fal, replicate, sandbox = loaded.models["flux-kontext-pro"].offers
    for native in (bfl, sandbox):
        assert native.upstream_size("16:21") == "16:21"
    for cropping in (fal, replicate):
        assert cropping.upstream_size("16:21") == "3:4"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('fallback = { "16:21" = "3:4" }', ""),
        ('fallback = { "16:21" = "3:4" }', 'fallback = { "16:21" = "5:4" }'),
        ('fallback = { "16:21" = "3:4" }', 'fallback = { "16:21" = "3:4", "7:5" = "3:4" }'),
        ('provider = "fal"', 'provider = "fall"'),
    ],
)
def test_offers_that_omit_a_size_do_not_load(
    before: str, after: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "catalog.toml"
    file.write_text(catalog.FILE.read_text().replace(before, after, 1))
    monkeypatch.setattr(reader, "FILE", file)
    with pytest.raises(ValueError, match=r"catalog\.toml"):
        catalog.load.__wrapped__()


def test_an_offer_may_have_its_own_sizes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = catalog.FILE.read_text()
    offer = 'provider = "bfl", endpoint = "flux-kontext-max"'
    given = f'{offer}, sizes = ["1:1"], fallback = {{ {", ".join(_all_from("1:1"))} }}'
    file = tmp_path / "catalog.toml"
    file.write_text(text.replace(offer, given, 1))
    monkeypatch.setattr(reader, "FILE", file)
    models = catalog.load.__wrapped__().models
    assert models["flux-kontext-max"].offers[0].upstream_size("21:9") == "1:1"
    assert models["flux-kontext-max-edit"].offers[0].upstream_size("21:9") == "21:9"


def test_the_public_catalog_does_not_reveal_providers() -> None:
    public = json.dumps([catalog.entry_of(model) for model in catalog.load().models.values()])
    for word in ("bfl", "fal-ai", "replicate", "sandbox", "black-forest", "offer", "cost", "0.04"):
        assert word not in public


def test_a_provider_without_a_key_is_in_no_route(keys: Settings) -> None:
    assert route() == ["bfl", "fal", "replicate"]
    keys.FAL_KEY = ""
    assert route() == ["bfl", "replicate"]
    assert registry.names_of("flux-kontext-pro") == ["bfl", "replicate"]
    keys.BFL_API_KEY = keys.REPLICATE_API_TOKEN = ""
    with pytest.raises(registry.NoProvider):
        route()
    keys.SANDBOX_ENABLED = True
    assert route() == ["sandbox"]


def test_providers_that_make_a_size_themselves_come_first(keys: Settings) -> None:
    keys.SANDBOX_ENABLED = True
    assert route(size="16:21") == ["bfl", "sandbox", "fal", "replicate"]
    assert route(size="1:1") == route() == ["bfl", "fal", "replicate", "sandbox"]


def test_providers_are_created_once_and_again_when_settings_change(keys: Settings) -> None:
    first = registry.providers()
    assert registry.providers() is first
    keys.FAL_CONCURRENCY = 3
    assert registry.providers()["fal"].concurrency == 3
    assert {name: each.concurrency for name, each in registry.providers().items()} == {
        "bfl": 24,
        "fal": 3,
        "replicate": 50,
    }


def _all_from(size: str) -> list[str]:
    return [f'"{name}" = "{size}"' for name in catalog.load().sizes if name != size]
