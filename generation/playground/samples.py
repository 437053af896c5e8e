"""Samples: what the playground shows before one's own first image."""

from __future__ import annotations

from django.conf import settings
from django.templatetags.static import static

from generation import catalog
from generation.site import examples
from generation.site.examples import Example

# One for each model, by its task and its tier; any further tier shows the last of its task.
CHOSEN = {
    "text-to-image": {"pro": "fox", "max": "poster"},
    "image-to-image": {"pro": "armchair-orange", "max": "sign-back"},
}


def of(model: catalog.Model) -> Example:
    """Return the sample of a model; an edit's has a `before`."""
    by_tier = CHOSEN[model.task]
    return examples.BY_NAME[by_tier.get(model.tier, list(by_tier.values())[-1])]


def filled_in(model: catalog.Model) -> dict[str, str]:
    """Return the form's fields as they made the sample."""
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
    """Return the absolute address of an example's file."""
    return f"{settings.VIDGO_PUBLIC_URL}{static(example.path)}"


def find(url: str) -> bytes | None:
    """Return the file behind the address of a sample that an edit begins with.

    Read from the disk: an installation on a laptop refuses to fetch its own address.
    """
    for name in CHOSEN["image-to-image"].values():
        before = examples.BY_NAME[name].before
        if before is not None and url == url_of(before):
            return examples.file_of(before).read_bytes()
    return None
