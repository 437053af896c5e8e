"""Marketing copy of the model pages, by task and tier; names and prices come from the catalog."""

from __future__ import annotations

from dataclasses import dataclass

from generation import catalog
from generation.site.examples import BY_NAME, Example

TEXT, EDIT = "text-to-image", "image-to-image"


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature of a model, with an example."""

    title: str
    text: str
    example: Example


@dataclass(frozen=True, slots=True)
class Use:
    """A use case."""

    title: str
    text: str


FEATURES = {
    TEXT: (
        Feature(
            "Plain English prompts",
            "Subject, place, light: describe the picture as you would to a colleague. There is no "
            "prompt syntax to learn and no negative prompt to write.",
            BY_NAME["van"],
        ),
        Feature(
            "Readable text",
            "Put a title, a name or a sign in quotation marks and it appears in the picture, "
            "letter by letter.",
            BY_NAME["sign"],
        ),
        Feature(
            "Exact sizes",
            "From a wide panorama to a phone screen: pick a ratio and the file has exactly the "
            "pixels in the size list.",
            BY_NAME["boat"],
        ),
        Feature(
            "Clean product shots",
            "A plain backdrop, a pedestal, one light: pictures that go straight into a shop, "
            "without another round in an editor.",
            BY_NAME["bottle"],
        ),
    ),
    EDIT: (
        Feature(
            "Change one thing, keep the rest",
            "Say what to change and how. The window, the rug and the light stay as they were.",
            BY_NAME["armchair-orange"],
        ),
        Feature(
            "Replace text in place",
            "Quote the old words and the new ones. The sign, its angle and its background stay.",
            BY_NAME["sign-back"],
        ),
        Feature(
            "Change the time of day",
            "Dawn, noon or night over the same place, for a consistent series.",
            BY_NAME["lighthouse-night"],
        ),
        Feature(
            "Change the style",
            "The same picture as a pencil drawing, a watercolor or a print, with the same "
            "composition.",
            BY_NAME["lighthouse-sketch"],
        ),
    ),
}

USES = {
    TEXT: (
        Use("Article headers", "A picture for each story the moment it is published."),
        Use("Product scenes", "Backdrops and settings for a catalog, before the photo shoot."),
        Use("Ads in every ratio", "One idea as square, story and banner, without cropping."),
        Use("Covers and posters", "Titles set in the picture, ready for print or feed."),
        Use("Game and app art", "Locations, props and empty states while the artists work."),
        Use("Storyboards", "Frame after frame, straight from the script."),
    ),
    EDIT: (
        Use("Product colors", "One photo becomes every color on the product page."),
        Use("Localized banners", "The same banner with its text in each market's language."),
        Use("Seasonal pictures", "Snow in the shop window in December, blossom in April."),
        Use("Photo editors", "Let people say what to change instead of learning tools."),
        Use("Property photos", "A clear sky, a fresh coat of paint, a room without clutter."),
        Use("Series", "One subject in many scenes, recognizable in each."),
    ),
}

# Each tier in one line, and what it is best for.
TIERS = {
    "pro": ("Fast and faithful to the prompt.", "Drafts, volume, products, everyday edits"),
    "max": (
        "The finest detail and the most reliable typography.",
        "Final artwork, posters, dense scenes, longer words",
    ),
}

# The hero image of a model's page.
HERO = {
    "flux-kontext-pro": BY_NAME["balloon"],
    "flux-kontext-pro-edit": BY_NAME["armchair-orange"],
    "flux-kontext-max": BY_NAME["garden"],
    "flux-kontext-max-edit": BY_NAME["sign-back"],
}


def hero_of(model: catalog.Model) -> Example:
    """Return the hero image of a model's page."""
    return HERO.get(model.id) or FEATURES[model.task][0].example
