"""What the pages of the models tell beyond the catalog: our own sentences, by task and tier."""

from __future__ import annotations

from dataclasses import dataclass

from generation import catalog
from generation.site.examples import BY_NAME, Example

TEXT, EDIT = "text-to-image", "image-to-image"


@dataclass(frozen=True, slots=True)
class Feature:
    """Something a model is good at, with the example that shows it."""

    title: str
    text: str
    example: Example


@dataclass(frozen=True, slots=True)
class Use:
    """Something that can be built with it."""

    title: str
    text: str


FEATURES = {
    TEXT: (
        Feature(
            "A sentence is enough",
            "Subject, place, light: write what should be in the picture as you would tell a "
            "colleague. There is no syntax to learn and no list of words to leave out.",
            BY_NAME["van"],
        ),
        Feature(
            "Words that can be read",
            "Put a title, a name or a sign in quotation marks and it stands in the picture, "
            "letter by letter.",
            BY_NAME["sign"],
        ),
        Feature(
            "The frame you asked for",
            "From a wide panorama to a phone's screen: name a ratio and the file has exactly the "
            "pixels that the list of sizes promises.",
            BY_NAME["boat"],
        ),
        Feature(
            "Clean ground for products",
            "A plain backdrop, a pedestal, one light: pictures that fit into a shop without "
            "another round in an editor.",
            BY_NAME["bottle"],
        ),
    ),
    EDIT: (
        Feature(
            "Changes one thing, leaves the rest",
            "Name the thing and what should become of it. The window, the rug and the light stay "
            "as they were.",
            BY_NAME["armchair-orange"],
        ),
        Feature(
            "Sets words anew",
            "Quote the old words and the new ones. The board, its angle and its surroundings stay.",
            BY_NAME["sign-back"],
        ),
        Feature(
            "Another hour of the day",
            "Dawn, noon or night over the same place, for a series that belongs together.",
            BY_NAME["lighthouse-night"],
        ),
        Feature(
            "Another hand",
            "The same picture as a pencil drawing, a watercolor or a print; the composition is "
            "kept.",
            BY_NAME["lighthouse-sketch"],
        ),
    ),
}

USES = {
    TEXT: (
        Use("Article headers", "A picture for each story at the moment it is published."),
        Use("Product scenes", "Backdrops and settings for a catalog, before the photo shoot."),
        Use("Ads in every ratio", "One idea as square, story and banner, without cropping."),
        Use("Covers and posters", "Titles set in the picture, ready for print or feed."),
        Use("Game and app art", "Places, props and empty states while the artists draw."),
        Use("Storyboards", "Frame after frame from the script's own sentences."),
    ),
    EDIT: (
        Use("Colors of a product", "One photo becomes every color on the order page."),
        Use("Local versions", "The same banner with its words in each market's language."),
        Use("Seasonal pictures", "Snow for the shop window in December, blossom in April."),
        Use("Photo editors", "Let people say what to change instead of learning tools."),
        Use("Property photos", "Another sky, another wall, a room without its clutter."),
        Use("Series", "One subject in many scenes, recognizable in each."),
    ),
}

# A tier in a sentence, and what to take it for.
TIERS = {
    "pro": ("Fast and faithful to the prompt.", "Drafts, volume, products, everyday edits"),
    "max": (
        "The finest detail, and typography that holds.",
        "Final artwork, posters, dense scenes, longer words",
    ),
}

# The picture at the head of a model's page.
HERO = {
    "flux-kontext-pro": BY_NAME["balloon"],
    "flux-kontext-pro-edit": BY_NAME["armchair-orange"],
    "flux-kontext-max": BY_NAME["garden"],
    "flux-kontext-max-edit": BY_NAME["sign-back"],
}


def hero_of(model: catalog.Model) -> Example:
    """Return the picture at the head of a model's page."""
    return HERO.get(model.id) or FEATURES[model.task][0].example
