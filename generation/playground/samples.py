"""Samples that the playground shows until you run your own request."""

from __future__ import annotations

from django.conf import settings
from django.templatetags.static import static

from generation import catalog
from generation.site import examples
from generation.site.examples import Example

# Sample by task and tier; other tiers use the last one of their task.
CHOSEN = {
    "text-to-image": {"pro": "fox", "max": "poster"},
    "image-to-image": {"pro": "armchair-orange", "max": "sign-back"},
}


def of(model: catalog.Model) -> Example:
    """Return the sample of a model."""
    by_tier = CHOSEN[model.task]
    return examples.BY_NAME[by_tier.get(model.tier, list(by_tier.values())[-1])]


def filled_in(model: catalog.Model) -> dict[str, str]:
    """Return the form's fields for a model's sample."""
    sample = of(model)
    typed = {
        "task": model.task,
        "tier": model.tier,
        "prompt": sample.prompt,
        "size": sample.size,
        "output_format": "png",
    }
    return {**typed, "image_url": url_of(sample.before)} if sample.before else typed


def url_of(example: Example) -> str:
    """Return the absolute URL of an example's file."""
    return f"{settings.VIDGO_PUBLIC_URL}{static(example.path)}"


def find(url: str) -> bytes | None:
    """Return the content of a sample's input image by its URL, None for other URLs.

    It is read from disk, since a local installation refuses to fetch its own loopback address.
    """
    for name in CHOSEN["image-to-image"].values():
        before = examples.BY_NAME[name].before
        if before is not None and url == url_of(before):
            return examples.file_of(before).read_bytes()
    return None
