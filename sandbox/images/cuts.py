"""Cutting a picture into pieces of one tone or colour that could be letters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import tee

import numpy as np
from PIL import Image, ImageFilter

from sandbox.images import components, glyphs
from sandbox.images.components import Components
from sandbox.images.glyphs import Glyphs

_SIDES = (640, 1120)  # longest side of the picture when looked at, in turn
_MOST_PIECES = 260
_FAINT = 0.34  # what looks less like a letter than this is none


@dataclass(frozen=True)
class Pieces:
    """The pieces of one cut that could be letters, and how much each is like every glyph."""

    source: Components
    numbers: np.ndarray
    kinds: np.ndarray
    boxes: np.ndarray  # float: x0, y0, x1, y1
    patches: np.ndarray
    like: dict[str, np.ndarray]


class View:
    """A picture being searched: its cuts, made when first needed and kept for the next word."""

    def __init__(self, image: Image.Image) -> None:
        self.size = image.size
        scales = dict.fromkeys(min(1.0, side / max(image.size)) for side in _SIDES)
        self._smalls = [_shrink(image, scale) for scale in scales]
        self._cuts = [_cut_up(small, again=i > 0) for i, small in enumerate(self._smalls)]

    def looks(self) -> Iterator[tuple[tuple[int, int], Iterator[Components]]]:
        """Yield, for each size looked at, that size and its cuts."""
        for index, small in enumerate(self._smalls):
            self._cuts[index], cuts = tee(self._cuts[index])
            yield small.size, cuts


def _shrink(image: Image.Image, scale: float) -> Image.Image:
    if scale == 1.0:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.BOX)


def _cut_up(image: Image.Image, *, again: bool) -> Iterator[Components]:
    """Yield the picture cut into pieces in one way after another, the most telling first.

    Looking `again`, at a larger copy, only small type is sought: fewer ways are tried.
    """
    gray = image.convert("L")
    levels = np.asarray(gray)
    short = min(image.size)
    yield components.label((levels > _otsu(levels)).astype(np.uint8))
    for reach, step in ((0.05, 20),) if again else ((0.16, 22), (0.05, 18), (0.16, 48)):
        yield components.label(_stand_out(gray, reach * short, step))
    if again:
        return
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
    """Return 0, 1 or 2 where a pixel is like, lighter or darker than its surroundings."""
    around = np.asarray(gray.filter(ImageFilter.BoxBlur(max(2, int(reach)))), dtype=np.int16)
    above = np.asarray(gray, dtype=np.int16) - around
    return (above > step).astype(np.uint8) + (above < -step).astype(np.uint8) * 2


def _otsu(levels: np.ndarray) -> int:
    """Return the threshold that parts the tones best (Otsu's method)."""
    counts = np.bincount(levels.ravel(), minlength=256).astype(np.float64)
    below = np.cumsum(counts)
    sums = np.cumsum(counts * np.arange(256))
    total, whole = below[-1], sums[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (whole * below / total - sums) ** 2 / (below * (total - below))
    return int(np.nanargmax(np.where(np.isfinite(between), between, -1.0)))


def letterlike(cut: Components, alphabet: Glyphs, *, alone: bool) -> Pieces | None:
    """Return the pieces that could be letters by size, company and shape."""
    height, width = cut.labels.shape
    wide = cut.boxes[:, 2] - cut.boxes[:, 0]
    tall = cut.boxes[:, 3] - cut.boxes[:, 1]
    least = 0.04 * height if alone else 7
    fits = (tall >= least) & (tall <= 0.85 * height) & (wide <= 0.8 * width) & (wide >= 2)
    fits &= (cut.areas > 0.1 * wide * tall) & (wide < 5 * tall)
    fits &= (cut.boxes[:, :2].min(axis=1) > 0) & (cut.boxes[:, 2] < width)
    fits &= cut.boxes[:, 3] < height  # what runs out of the picture is no letter
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
    """Return which boxes have a neighbour of like height on the same line, or are a line alone."""
    x0, y0, x1, y1 = (boxes[:, i].astype(np.float32) for i in range(4))
    tall = y1 - y0
    low = np.minimum(tall[:, None], tall[None, :])
    shared = np.minimum(y1[:, None], y1[None, :]) - np.maximum(y0[:, None], y0[None, :])
    apart = np.maximum(x0[:, None] - x1[None, :], x0[None, :] - x1[:, None])
    near = (shared > 0.55 * low) & (apart < 1.3 * low) & (apart > -0.6 * low)
    near &= np.maximum(tall[:, None], tall[None, :]) < 2.1 * low
    np.fill_diagonal(near, False)
    return near.any(axis=1)
