"""Cutting a picture into pieces of one tone or color that could be letters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import tee

import numpy as np
from PIL import Image, ImageFilter

from sandbox.images import components, glyphs
from sandbox.images.components import Components
from sandbox.images.glyphs import Glyphs

_SIDE = 800  # longest side of the picture when looked at
_MOST_PIECES = 260
_FAINT = 0.34  # a piece that looks less like a letter is dropped


@dataclass(frozen=True)
class Pieces:
    """The pieces of one cut that could be letters, and each one's likeness to every glyph."""

    source: Components
    numbers: np.ndarray
    kinds: np.ndarray
    boxes: np.ndarray  # float: x0, y0, x1, y1
    patches: np.ndarray
    like: dict[str, np.ndarray]


class View:
    """A picture to search; its cuts are made when needed and kept for the next word."""

    def __init__(self, image: Image.Image) -> None:
        self.size = image.size
        scale = min(1.0, _SIDE / max(image.size))
        self.looked_at = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        self._cuts = _cut_up(image.resize(self.looked_at, Image.Resampling.BOX))

    def cuts(self) -> Iterator[Components]:
        """Return the picture cut into pieces, one way after another."""
        self._cuts, cuts = tee(self._cuts)
        return cuts


def _cut_up(image: Image.Image) -> Iterator[Components]:
    """Yield the picture cut into pieces, the most promising way first."""
    gray = image.convert("L")
    levels = np.asarray(gray)
    short = min(image.size)
    yield components.label((levels > _otsu(levels)).astype(np.uint8))
    for reach, step in ((0.16, 22), (0.05, 18), (0.16, 48)):
        yield components.label(_stand_out(gray, reach * short, step))
    low, high = np.percentile(levels[::4, ::4], (2, 98))
    for share in (0.3, 0.7):
        yield components.label((levels > low + (high - low) * share).astype(np.uint8))
    few = image.quantize(10, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    yield components.label(np.asarray(few))
    red, green, blue = image.split()
    for first, second in ((red, blue), (red, green)):
        tone = Image.blend(first, second.point([255 - v for v in range(256)]), 0.5)
        yield components.label(_stand_out(tone, 0.14 * short, 12))


def _stand_out(gray: Image.Image, reach: float, step: int) -> np.ndarray:
    """Return 0 for pixels like their surroundings, 1 for lighter and 2 for darker ones."""
    around = np.asarray(gray.filter(ImageFilter.BoxBlur(max(2, int(reach)))), dtype=np.int16)
    above = np.asarray(gray, dtype=np.int16) - around
    return (above > step).astype(np.uint8) + (above < -step).astype(np.uint8) * 2


def _otsu(levels: np.ndarray) -> int:
    """Return the threshold that separates the tones best (Otsu's method)."""
    counts = np.bincount(levels.ravel(), minlength=256).astype(np.float64)
    below = np.cumsum(counts)
    sums = np.cumsum(counts * np.arange(256))
    total, whole = below[-1], sums[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (whole * below / total - sums) ** 2 / (below * (total - below))
    return int(np.nanargmax(np.where(np.isfinite(between), between, -1.0)))


def letterlike(cut: Components, alphabet: Glyphs, *, alone: bool) -> Pieces | None:
    """Return the pieces that could be letters by size, neighbors and shape."""
    height, width = cut.labels.shape
    wide = cut.boxes[:, 2] - cut.boxes[:, 0]
    tall = cut.boxes[:, 3] - cut.boxes[:, 1]
    least = 0.04 * height if alone else 7
    fits = (tall >= least) & (tall <= 0.85 * height) & (wide <= 0.8 * width) & (wide >= 2)
    fits &= (cut.areas > 0.1 * wide * tall) & (wide < 5 * tall)
    fits &= (cut.boxes[:, :2].min(axis=1) > 0) & (cut.boxes[:, 2] < width)
    fits &= cut.boxes[:, 3] < height  # a letter does not touch the picture's edge
    numbers = np.flatnonzero(fits)
    if numbers.size > 3 * _MOST_PIECES:
        numbers = numbers[np.argsort(-cut.areas[numbers], kind="stable")[: 3 * _MOST_PIECES]]
    if not alone and numbers.size:
        numbers = numbers[_accompanied(cut.boxes[numbers])]
    numbers = numbers[np.argsort(-cut.areas[numbers], kind="stable")[:_MOST_PIECES]]
    if not numbers.size:
        return None
    boxes = cut.boxes[numbers]
    patches = glyphs.sample(cut.labels, numbers, boxes)
    like = glyphs.likeness(patches, boxes, alphabet)
    keep = like.max(axis=1) > _FAINT
    table = {part: like[keep, i] for i, part in enumerate(alphabet)}
    return Pieces(
        source=cut,
        numbers=numbers[keep],
        kinds=cut.classes[numbers[keep]],
        boxes=boxes[keep].astype(np.float64),
        patches=patches[keep],
        like=table,
    )


def _accompanied(boxes: np.ndarray) -> np.ndarray:
    """Return which boxes have a neighbor of similar height on the same line."""
    x0, y0, x1, y1 = (boxes[:, i].astype(np.float32) for i in range(4))
    tall = y1 - y0
    low = np.minimum(tall[:, None], tall[None, :])
    shared = np.minimum(y1[:, None], y1[None, :]) - np.maximum(y0[:, None], y0[None, :])
    apart = np.maximum(x0[:, None] - x1[None, :], x0[None, :] - x1[:, None])
    near = (shared > 0.55 * low) & (apart < 1.3 * low) & (apart > -0.6 * low)
    near &= np.maximum(tall[:, None], tall[None, :]) < 2.1 * low
    np.fill_diagonal(near, False)
    return near.any(axis=1)
