"""The catalog: models, sizes, formats and prices, read once from `catalog.toml`."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from vidgo.kernel import errors

FILE = Path(__file__).with_name("catalog.toml")
PROMPT_MAX_CHARACTERS = 2000
# Seeds fit every provider: 31 bits.
SEED_MAX = 2**31 - 1


class UnknownModel(errors.Invalid):
    """The request names a model that is not in the catalog."""


class UnknownCatalogEntry(errors.NotFound):
    default_message = "There is no such model in the catalog."


@dataclass(frozen=True, slots=True)
class Size:
    """An aspect ratio a customer may request, and its pixels."""

    name: str
    width: int
    height: int
    # Unlisted sizes are accepted from older clients but not offered.
    listed: bool = True


@dataclass(frozen=True, slots=True)
class Format:
    """A file format a customer may request."""

    name: str
    mime: str


@dataclass(frozen=True, slots=True)
class Offer:
    """One provider's offer of a model: its endpoint, cost and sizes; never visible to customers."""

    provider: str
    endpoint: str
    cost_usd: Decimal
    # The sizes it makes without a crop, by our names.
    sizes: frozenset[str]
    # For each other size, the size to request and crop.
    fallback: dict[str, str] = field(default_factory=dict, hash=False)

    def serves(self, size: str) -> bool:
        """Return whether the provider makes a size without a crop."""
        return size in self.sizes

    def upstream_size(self, size: str) -> str:
        """Return the size to request from the provider, possibly one to be cropped."""
        return size if size in self.sizes else self.fallback[size]


@dataclass(frozen=True, slots=True)
class Model:
    """A model a customer may request, its price, and its offers."""

    id: str
    name: str
    tier: str
    task: str
    price_credits: int
    summary: str
    # The preferred one first.
    offers: tuple[Offer, ...]
    price_usd: Decimal

    @property
    def is_edit(self) -> bool:
        """Return whether the model needs an input image."""
        return self.task == "image-to-image"

    @property
    def sibling_id(self) -> str:
        """Return the id of the same tier's model for the other task."""
        return self.id.removesuffix("-edit") if self.is_edit else f"{self.id}-edit"


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything that is for sale."""

    credit_usd: Decimal
    models: dict[str, Model]
    sizes: dict[str, Size]
    formats: dict[str, Format]

    @property
    def listed_sizes(self) -> tuple[Size, ...]:
        """Return the sizes that pages and docs offer."""
        return tuple(size for size in self.sizes.values() if size.listed)

    def usd(self, credits: int) -> Decimal:
        """Return the price of some credits in US dollars."""
        return self.credit_usd * credits


DEFAULT_SIZE = "1:1"
DEFAULT_FORMAT = "png"


@cache
def load() -> Catalog:
    """Return the catalog; raises `ValueError` if the file contradicts itself."""
    raw = tomllib.loads(FILE.read_text())
    credit_usd = Decimal(raw["credit_usd"])
    models = [
        Model(
            **{**entry, "offers": _offers(entry["offers"], providers=raw["providers"])},
            price_usd=credit_usd * entry["price_credits"],
        )
        for entry in raw["models"]
    ]
    sizes = [Size(**entry) for entry in raw["sizes"]]
    formats = [Format(**entry) for entry in raw["formats"]]
    catalog = Catalog(
        credit_usd=credit_usd,
        models={model.id: model for model in models},
        sizes={size.name: size for size in sizes},
        formats={each.name: each for each in formats},
    )
    for model in models:
        if model.price_credits < 1 or model.sibling_id not in catalog.models:
            raise ValueError(f"catalog.toml: {model.id} has no price or no sibling")
        for offer in model.offers:
            _check_sizes(offer, sizes=frozenset(catalog.sizes))
    return catalog


def _offers(
    entries: list[dict[str, Any]], *, providers: dict[str, dict[str, Any]]
) -> tuple[Offer, ...]:
    """Return a model's offers; sizes are the provider's unless the offer has its own."""
    offers = []
    for entry in entries:
        if entry["provider"] not in providers:
            raise ValueError(f"catalog.toml: there is no provider {entry['provider']}")
        known = {**providers[entry["provider"]], **entry}
        offers.append(
            Offer(
                provider=known["provider"],
                endpoint=known["endpoint"],
                cost_usd=Decimal(known["cost_usd"]),
                sizes=frozenset(known["sizes"]),
                fallback=known.get("fallback", {}),
            )
        )
    return tuple(offers)


def _check_sizes(offer: Offer, *, sizes: frozenset[str]) -> None:
    """Raise `ValueError` for an offer that omits a size, or crops from one it doesn't make."""
    named = f"catalog.toml: {offer.provider} {offer.endpoint}"
    if offer.sizes | offer.fallback.keys() != sizes:
        raise ValueError(f"{named} does not say how it serves each size, and no others")
    if not offer.sizes.issuperset(offer.fallback.values()):
        raise ValueError(f"{named} falls back to a size it does not make")


def get_model(model_id: str) -> Model:
    """Return a model by id; raises `UnknownModel`, which lists the known ones."""
    catalog = load()
    if model_id not in catalog.models:
        known = ", ".join(catalog.models)
        raise UnknownModel(f"There is no such model. Use one of: {known}.", param="model")
    return catalog.models[model_id]


# The fields that every model requires.
INPUT_REQUIRED = ("prompt",)


def input_fields() -> dict[str, dict[str, Any]]:
    """Return the fields of a request's `input`, each as JSON Schema.

    They are declared only here: requests are validated by them, and the OpenAPI document, the docs
    and the public catalog are generated from them.
    """
    catalog = load()
    return {
        "prompt": {
            "type": "string",
            "minLength": 1,
            "maxLength": PROMPT_MAX_CHARACTERS,
            "description": "What to draw, or what to change.",
        },
        "size": {
            "type": "string",
            "enum": [size.name for size in catalog.listed_sizes],
            "default": DEFAULT_SIZE,
            "description": "The aspect ratio. `9:21` is accepted, too.",
        },
        "output_format": {
            "type": "string",
            "enum": list(catalog.formats),
            "default": DEFAULT_FORMAT,
            "description": "The file's format.",
        },
        "image_urls": {
            "type": "array",
            "items": {"type": "string", "format": "uri"},
            "minItems": 1,
            "description": (
                "URLs of JPEG, PNG, WebP or GIF images, http or https, fetched before the request "
                "is answered. Required for the `-edit` models, which edit the first image; refused "
                "by the others."
            ),
        },
        "seed": {
            "type": "integer",
            "minimum": 0,
            "maximum": SEED_MAX,
            "description": "The same seed repeats an image if the provider supports it.",
        },
    }


def input_schema(model: Model) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a model's `input`."""
    properties = input_fields()
    required = list(INPUT_REQUIRED)
    if model.is_edit:
        required.append("image_urls")
    else:
        del properties["image_urls"]
    return {"type": "object", "properties": properties, "required": required}


def entry_of(model: Model) -> dict[str, Any]:
    """Return a model as the public catalog lists it."""
    return {
        "model_id": model.id,
        "name": model.name,
        "description": model.summary,
        "task": model.task,
        "tier": model.tier,
        "price_credits": model.price_credits,
        "price_usd": f"{model.price_usd:.2f}",
        "output_type": "image",
        "supported_protocols": ["polling", "callback"],
        "input_schema": input_schema(model),
    }


def find_entry(model_id: str) -> dict[str, Any]:
    """Return a model as the public catalog lists it; raises `UnknownCatalogEntry`."""
    model = load().models.get(model_id)
    if model is None:
        raise UnknownCatalogEntry
    return entry_of(model)


def digest(value: Any) -> str:
    """Return a short, stable digest of a JSON value, for ETags."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
