"""Generated brand images: the icons, and the card for link previews."""

from __future__ import annotations

import io

from django.conf import settings
from PIL import Image, ImageDraw, ImageFont

from generation import catalog
from generation.site import examples
from vidgo.kernel.web.templatetags.ui import money

CARD = (1200, 630)
INK, PAPER, QUIET, ACCENT, PALE = "#191713", "#f7f4ee", "#b3aa9c", "#ff6a2b", "#ffb694"
# The logo of static/images/favicon.svg, in a 32 by 32 square.
LEFT = [(5.5, 8.5), (11.5, 8.5), (20, 24.5), (14, 24.5)]
RIGHT = [(26.5, 8.5), (20.5, 8.5), (12, 24.5), (18, 24.5)]
CROSS = [(16, 17), (20, 24.5), (12, 24.5)]
CORNER = 8 / 32
# Drawn at this scale and reduced, for smooth edges.
SCALE = 4


def icon(*, size: int, full_bleed: bool = False) -> Image.Image:
    """Return the logo; with `full_bleed` without rounded corners, for systems that add them."""
    edge = size * SCALE
    picture = Image.new("RGBA", (edge, edge), INK if full_bleed else (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    if not full_bleed:
        draw.rounded_rectangle((0, 0, edge - 1, edge - 1), radius=edge * CORNER, fill=INK)
    for points, color in ((LEFT, ACCENT), (RIGHT, PAPER), (CROSS, PALE)):
        draw.polygon([(x * edge / 32, y * edge / 32) for x, y in points], fill=color)
    return picture.resize((size, size), Image.Resampling.LANCZOS)


def social_card() -> Image.Image:
    """Return the 1200 by 630 card: name, tagline, lowest price and three examples."""
    card = Image.new("RGB", CARD, INK)
    _paste(card, "boat", box=(660, 56, 1260, 313))
    _paste(card, "poster", box=(660, 337, 838, 574))
    _paste(card, "armchair-orange", box=(862, 337, 1260, 574))
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


def _paste(card: Image.Image, name: str, *, box: tuple[int, int, int, int]) -> None:
    """Paste the lower part of an example into a box with rounded corners."""
    width, height = box[2] - box[0], box[3] - box[1]
    picture = examples.draw(examples.BY_NAME[name])
    scale = max(width / picture.width, height / picture.height)
    fitted = picture.resize((round(picture.width * scale), round(picture.height * scale)))
    mask = Image.new("L", (width * SCALE, height * SCALE), 0)
    ImageDraw.Draw(mask).rounded_rectangle(
        (0, 0, width * SCALE - 1, height * SCALE - 1), radius=18 * SCALE, fill=255
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
    """Write in Pillow's built-in font; it has one weight, so a stroke makes it bold."""
    font = ImageFont.load_default(size=size)
    draw.text(at, text, font=font, fill=color, anchor=anchor, stroke_width=bold, stroke_fill=color)


def files() -> dict[str, bytes]:
    """Return the content of each file by its static path."""
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
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def _ico(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "ICO", sizes=[(16, 16), (32, 32), (48, 48)])
    return file.getvalue()
