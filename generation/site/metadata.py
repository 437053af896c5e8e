"""Page metadata for search engines and link previews."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from generation import catalog
from generation.site.faq import Question

CARD = "images/social-card.png"
CARD_WIDTH, CARD_HEIGHT = 1200, 630
# Keeps values from closing the script element around the JSON.
UNSAFE = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


@dataclass(frozen=True, slots=True)
class Metadata:
    """A public page's title, description, path and schema.org data."""

    title: str
    description: str
    path: str
    data: tuple[dict[str, Any], ...] = ()
    # False keeps the page out of search engines.
    is_indexed: bool = True

    @property
    def address(self) -> str:
        """Return the page's canonical URL."""
        return address_of(self.path)

    @property
    def card(self) -> dict[str, Any]:
        """Return the image of link previews."""
        return {"url": address_of(static(CARD)), "width": CARD_WIDTH, "height": CARD_HEIGHT}

    @property
    def data_json(self) -> SafeString | str:
        """Return the schema.org data as JSON that is safe inside a script element."""
        if not self.data:
            return ""
        graph = {"@context": "https://schema.org", "@graph": list(self.data)}
        text = json.dumps(graph, ensure_ascii=False).translate(UNSAFE)
        return mark_safe(text)  # noqa: S308  cannot close the element


def address_of(path: str) -> str:
    """Return the absolute URL of a path."""
    return path if path.startswith(("http://", "https://")) else settings.VIDGO_PUBLIC_URL + path


def organization() -> dict[str, Any]:
    """Return the schema.org data of the operator."""
    return {
        "@type": "Organization",
        "@id": address_of("/#organization"),
        "name": settings.VIDGO_NAME,
        "url": address_of("/"),
        "logo": address_of(static("images/icon-512.png")),
    }


def website() -> dict[str, Any]:
    """Return the schema.org data of the site."""
    return {
        "@type": "WebSite",
        "@id": address_of("/#site"),
        "name": settings.VIDGO_NAME,
        "url": address_of("/"),
        "publisher": {"@id": address_of("/#organization")},
    }


def product(model: catalog.Model, *, image: str) -> dict[str, Any]:
    """Return the schema.org data of a model, with its price."""
    return {
        "@type": "Product",
        "name": f"{model.name} API",
        "description": model.summary,
        "sku": model.id,
        "category": "AI image editing" if model.is_edit else "AI image generation",
        "image": address_of(image),
        "brand": {"@type": "Brand", "name": settings.VIDGO_NAME},
        "offers": {
            "@type": "Offer",
            "price": f"{model.price_usd:.2f}",
            "priceCurrency": "USD",
            "availability": "https://schema.org/InStock",
            "url": address_of(reverse("model", args=[model.id])),
            "seller": {"@id": address_of("/#organization")},
        },
    }


def breadcrumbs(*steps: tuple[str, str]) -> dict[str, Any]:
    """Return the schema.org breadcrumbs of (name, path) steps."""
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": place, "name": name, "item": address_of(path)}
            for place, (name, path) in enumerate(steps, start=1)
        ],
    }


def faq_page(entries: Iterable[Question]) -> dict[str, Any]:
    """Return the schema.org data of a FAQ."""
    return {
        "@type": "FAQPage",
        "mainEntity": [
            {
                "@type": "Question",
                "name": question.text,
                "acceptedAnswer": {"@type": "Answer", "text": question.answer},
            }
            for question in entries
        ],
    }
