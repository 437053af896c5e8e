"""The product's own pictures: icons of the mark, and the card that links to it are shown with."""

from __future__ import annotations

import io

from django.conf import settings
from PIL import Image, ImageDraw, ImageFont

from generation import catalog
from generation.site import examples
from vidgo.kernel.web.templatetags.ui import money

CARD = (1200, 630)
INK, PAPER, QUIET, ACCENT, PALE = "#191713", "#f7f4ee", "#b3aa9c", "#ff6a2b", "#ffb694"
# The mark of static/images/favicon.svg, in a square of 32.
LEFT = [(5.5, 8.5), (11.5, 8.5), (20, 24.5), (14, 24.5)]
RIGHT = [(26.5, 8.5), (20.5, 8.5), (12, 24.5), (18, 24.5)]
CROSS = [(16, 17), (20, 24.5), (12, 24.5)]
CORNER = 8 / 32
# Drawn this many times larger and reduced, so that edges are smooth.
FINER = 4


def icon(*, size: int, full_bleed: bool = False) -> Image.Image:
    """Return the mark on its ground; systems that round the corners themselves want full bleed."""
    edge = size * FINER
    picture = Image.new("RGBA", (edge, edge), INK if full_bleed else (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    if not full_bleed:
        draw.rounded_rectangle((0, 0, edge - 1, edge - 1), radius=edge * CORNER, fill=INK)
    for points, color in ((LEFT, ACCENT), (RIGHT, PAPER), (CROSS, PALE)):
        draw.polygon([(x * edge / 32, y * edge / 32) for x, y in points], fill=color)
    return picture.resize((size, size), Image.Resampling.LANCZOS)


def social_card() -> Image.Image:
    """Return the card of 1200 by 630: the name, what it is, the lowest price, three examples."""
    card = Image.new("RGB", CARD, INK)
    _hang(card, "boat", box=(660, 56, 1260, 313))
    _hang(card, "poster", box=(660, 337, 838, 574))
    _hang(card, "armchair-orange", box=(862, 337, 1260, 574))
    mark = icon(size=72)
    card.paste(mark, (52, 72), mark)
    draw = ImageDraw.Draw(card)
    _write(draw, settings.VIDGO_NAME, at=(136, 108), size=46, color=PAPER, anchor="lm", bold=1)
    for row, line in enumerate(("One API for", "making and", "editing images.")):
        _write(draw, line, at=(64, 258 + row * 78), size=70, color=PAPER, bold=2)
    cheapest = min(model.price_usd for model in catalog.load().models.values())
    _write(draw, f"From {money(cheapest)} an image", at=(64, 528), size=34, color=PALE)
    _write(draw, "No image, no charge", at=(64, 576), size=28, color=QUIET)
    return card


def _hang(card: Image.Image, name: str, *, box: tuple[int, int, int, int]) -> None:
    """Put an example on the card, its lower part in a box with round corners."""
    width, height = box[2] - box[0], box[3] - box[1]
    drawn = examples.draw(examples.BY_NAME[name])
    scale = max(width / drawn.width, height / drawn.height)
    fitted = drawn.resize((round(drawn.width * scale), round(drawn.height * scale)))
    mask = Image.new("L", (width * FINER, height * FINER), 0)
    ImageDraw.Draw(mask).rounded_rectangle(
        (0, 0, width * FINER - 1, height * FINER - 1), radius=18 * FINER, fill=255
    )
    card.paste(
        fitted.crop((0, fitted.height - height, width, fitted.height)),
        box[:2],
        mask.resize((width, height)),
    )


def _write(
    draw: ImageDraw.ImageDraw,
    text: str,
    *,
    at: tuple[int, int],
    size: int,
    color: str,
    anchor: str = "ls",
    bold: float = 0,
) -> None:
    """Write in the face that Pillow brings along; it has one weight, a stroke makes another."""
    face = ImageFont.load_default(size=size)
    draw.text(at, text, font=face, fill=color, anchor=anchor, stroke_width=bold, stroke_fill=color)


def files() -> dict[str, bytes]:
    """Return the content of each file, by its static path."""
    icons = {
        "images/apple-touch-icon.png": icon(size=180, full_bleed=True),
        "images/icon-192.png": icon(size=192),
        "images/icon-512.png": icon(size=512),
        "images/social-card.png": social_card().quantize(
            colors=256, method=Image.Quantize.MEDIANCUT, kmeans=3
        ),
    }
    return {name: _png(picture) for name, picture in icons.items()} | {
        "images/favicon.ico": _ico(icon(size=48))
    }


def _png(picture: Image.Image) -> bytes:
    held = io.BytesIO()
    picture.save(held, "PNG", optimize=True)
    return held.getvalue()


def _ico(picture: Image.Image) -> bytes:
    held = io.BytesIO()
    picture.save(held, "ICO", sizes=[(16, 16), (32, 32), (48, 48)])
    return held.getvalue()
