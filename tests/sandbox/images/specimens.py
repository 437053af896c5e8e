"""Pictures with known words in them, and checks of what a picture says."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFont

Color = tuple[int, int, int]

# Letters made of upright boxes on a grid five wide and seven high: another face than the bundled
# one. Boxes are x0, y0, x1, y1.
_BLOCKS: dict[str, tuple[tuple[int, int, int, int], ...]] = {
    "L": ((0, 0, 1, 7), (0, 6, 4, 7)),
    "I": ((0, 0, 1, 7),),
    "F": ((0, 0, 1, 7), (0, 0, 4, 1), (0, 3, 3, 4)),
    "E": ((0, 0, 1, 7), (0, 0, 4, 1), (0, 3, 3, 4), (0, 6, 4, 7)),
    "T": ((0, 0, 5, 1), (2, 0, 3, 7)),
    "H": ((0, 0, 1, 7), (4, 0, 5, 7), (0, 3, 5, 4)),
}


def gradient(size: tuple[int, int], top: Color, bottom: Color) -> Image.Image:
    """Return a picture that runs from `top` to `bottom`."""
    rows = np.linspace(0, 1, size[1])[:, None, None]
    mixed = np.array(top) + (np.array(bottom) - np.array(top)) * rows
    return Image.fromarray(np.rint(np.broadcast_to(mixed, (size[1], size[0], 3))).astype(np.uint8))


def lettered(
    text: str,
    *,
    ground: Image.Image | Color = (255, 255, 255),
    ink: Color = (0, 0, 0),
    size: tuple[int, int] = (320, 320),
    at: tuple[float, float] = (0.5, 0.5),
    height: float = 0.14,
    bold: float = 0.0,
    stretch: float = 1.0,
) -> Image.Image:
    """Return a picture that says `text`; `at` is its middle, `height` its em, as shares."""
    picture = ground.copy() if isinstance(ground, Image.Image) else Image.new("RGB", size, ground)
    em = height * picture.height
    font = ImageFont.load_default(size=em)
    assert isinstance(font, ImageFont.FreeTypeFont)
    mask = Image.new("L", (round(em * (len(text) + 2)), round(em * 2)), 0)
    draw = ImageDraw.Draw(mask)
    x = em / 2
    for letter in text:  # one by one: a bold face keeps its letters apart
        draw.text((x, em * 1.4), letter, 255, font=font, anchor="ls", stroke_width=bold * em)
        x += font.getlength(letter) + 1.6 * bold * em
    mask = mask.crop(mask.getbbox())
    mask = mask.resize((round(mask.width * stretch), mask.height), Image.Resampling.BILINEAR)
    left = round(picture.width * at[0] - mask.width / 2)
    top = round(picture.height * at[1] - mask.height / 2)
    picture.paste(ink, (left, top), mask)
    return picture


def blocks(
    text: str, *, cell: int = 9, ground: Color = (250, 246, 236), ink: Color = (30, 60, 110)
) -> Image.Image:
    """Return a picture that says `text` in letters made of boxes."""
    picture = Image.new("RGB", (512, 320), ground)
    draw = ImageDraw.Draw(picture)
    x = 120
    for letter in text:
        for x0, y0, x1, y1 in _BLOCKS[letter]:
            draw.rectangle(
                (x + x0 * cell, 120 + y0 * cell, x + x1 * cell - 1, 120 + y1 * cell - 1), fill=ink
            )
        x += (max(box[2] for box in _BLOCKS[letter]) + 1) * cell
    return picture


def changed(before: Image.Image, after: Image.Image, *, least: int = 1) -> np.ndarray:
    """Return where two pictures differ, by at least `least` levels, as a map of booleans."""
    return np.asarray(ImageChops.difference(before, after)).max(axis=2) >= least


def reads(ink: np.ndarray, word: str) -> float:
    """Return how much a map of ink looks like `word` (overlap of the stretched shapes, 0 to 1)."""
    font = ImageFont.load_default(size=60)
    assert isinstance(font, ImageFont.FreeTypeFont)
    best = 0.0
    for weight in (0, 2, 4):
        mask = Image.new("L", (60 * (len(word) + 1), 120), 0)
        ImageDraw.Draw(mask).text(
            (20, 80), word, fill=255, font=font, anchor="ls", stroke_width=weight
        )
        best = max(best, _overlap(ink, np.asarray(mask) > 127))
    return best


def _overlap(first: np.ndarray, second: np.ndarray) -> float:
    one, two = _stretched(first), _stretched(second)
    return float((one & two).sum() / max(1, (one | two).sum()))


def _stretched(ink: np.ndarray) -> np.ndarray:
    image = Image.fromarray(ink.astype(np.uint8) * 255)
    box = image.getbbox()
    if box is None:
        return np.zeros((32, 96), dtype=bool)
    return np.asarray(image.crop(box).resize((96, 32), Image.Resampling.BOX)) > 127
