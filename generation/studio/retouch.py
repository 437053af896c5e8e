"""Taking type out of a picture: what is ink, what was behind it, and filling the gap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from generation.studio.lettering import Box, Lettering

_TREND_SAMPLES = 4000
_DIFFERENT = 9.0  # levels by which a pixel must differ from the ground to count as ink


@dataclass(frozen=True)
class Plane:
    """A colour that changes evenly over a picture: enough for type with a gradient in it."""

    terms: np.ndarray  # (3, 3): per channel the value, and its change along x and y
    box: Box

    def over(self, box: Box) -> np.ndarray:
        """Return the colours over `box`, (height, width, 3), never beyond those of its own box."""
        x0, y0, x1, y1 = self.box
        xs = (np.arange(box[0], box[2], dtype=np.float32) + 0.5 - x0) / max(1, x1 - x0)
        ys = (np.arange(box[1], box[3], dtype=np.float32) + 0.5 - y0) / max(1, y1 - y0)
        xs, ys = xs.clip(0, 1)[None, :, None], ys.clip(0, 1)[:, None, None]
        return np.clip(self.terms[0] + xs * self.terms[1] + ys * self.terms[2], 0, 255)


@dataclass(frozen=True)
class Erased:
    """A picture with a word taken out, and what is known of the ink that was there."""

    image: Image.Image
    ink: Plane
    weight: float  # how many pixels of ink there were
    grain: float  # levels of noise in the ground
    box: Box  # round the ink as found at full size


def erase(*, image: Image.Image, lettering: Lettering) -> Erased:
    """Return `image` with `lettering` taken out, changed nowhere but at and close round it."""
    box = lettering.box
    tall = box[3] - box[1]
    around = _grow(box, max(6, round(0.5 * tall)), image.size)
    pixels = np.asarray(image.crop(around), dtype=np.float32)
    core = _place(lettering, around)
    rim = max(3, round(0.07 * tall))
    near = _dilate(core, rim)
    grain = _noise(pixels, ~near)
    ground = fill(pixels, ~near)
    far = np.abs(pixels - ground).max(axis=2)
    ink = near & (far > max(_DIFFERENT, 3.2 * grain))
    ink = _dilate(ink & _dilate(ink & core, rim), 2) & _dilate(near, 2)
    plane = _ink_plane(pixels, core, around)
    weight = float(_coverage(pixels, ground, plane.over(around))[near].sum())
    ground = fill(pixels, ~ink)
    patched = _mend(pixels, ground, ink, grain, seed=box[0] * 8191 + box[1])
    result = image.copy()
    result.paste(Image.fromarray(patched), around[:2])
    return Erased(result, plane, weight, grain, _ink_bounds(core, around))


def _grow(box: Box, margin: int, size: tuple[int, int]) -> Box:
    return (
        max(0, box[0] - margin),
        max(0, box[1] - margin),
        min(size[0], box[2] + margin),
        min(size[1], box[3] + margin),
    )


def _place(lettering: Lettering, around: Box) -> np.ndarray:
    mask = np.zeros((around[3] - around[1], around[2] - around[0]), dtype=bool)
    x, y = lettering.box[0] - around[0], lettering.box[1] - around[1]
    ink = np.asarray(lettering.ink) > 100
    mask[y : y + ink.shape[0], x : x + ink.shape[1]] = ink
    return mask


def _ink_bounds(core: np.ndarray, around: Box) -> Box:
    rows, columns = np.flatnonzero(core.any(axis=1)), np.flatnonzero(core.any(axis=0))
    return (
        around[0] + int(columns[0]),
        around[1] + int(rows[0]),
        around[0] + int(columns[-1]) + 1,
        around[1] + int(rows[-1]) + 1,
    )


def _dilate(mask: np.ndarray, reach: int) -> np.ndarray:
    image = Image.fromarray(mask.astype(np.uint8) * 255)
    return np.asarray(image.filter(ImageFilter.BoxBlur(reach))) > 0


def _erode(mask: np.ndarray, reach: int) -> np.ndarray:
    return ~_dilate(~mask, reach)


def _noise(pixels: np.ndarray, known: np.ndarray) -> float:
    """Return the noise of the ground in levels (median of a second difference, so edges fall out)."""
    gray = pixels.mean(axis=2)
    rough = np.abs(gray[:, 1:-1] - (gray[:, :-2] + gray[:, 2:]) / 2)[known[:, 1:-1]]
    return float(np.median(rough)) * 1.21 if rough.size else 0.0


def _ink_plane(pixels: np.ndarray, core: np.ndarray, around: Box) -> Plane:
    """Fit the colour of the ink: its middle value, and how it changes over the word."""
    inside = _erode(core, 1)
    deeper = _erode(core, 2)
    solid = deeper if deeper.sum() > 40 else inside if inside.sum() > 12 else core
    rows, columns = np.nonzero(solid)
    colours = pixels[rows, columns]
    middle = np.median(colours, axis=0)
    usual = np.abs(colours - middle).max(axis=1) < 70  # leaves out holes and neighbours
    rows, columns, colours = rows[usual], columns[usual], colours[usual]
    x0, y0, x1, y1 = _ink_bounds(core, around)
    box = (x0, y0, x1, y1)
    if len(rows) < 60:
        terms = np.stack([middle, np.zeros(3), np.zeros(3)])
        return Plane(terms.astype(np.float32), box)
    step = max(1, len(rows) // _TREND_SAMPLES)
    at = np.stack(
        [
            np.ones(len(rows[::step])),
            (columns[::step] + around[0] + 0.5 - x0) / max(1, x1 - x0),
            (rows[::step] + around[1] + 0.5 - y0) / max(1, y1 - y0),
        ],
        axis=1,
    )
    terms, *_ = np.linalg.lstsq(at, colours[::step].astype(np.float64), rcond=None)
    return Plane(terms.astype(np.float32), box)


def _coverage(pixels: np.ndarray, ground: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """Return how much of each pixel is ink, 0 to 1."""
    span = ink - ground
    length = np.maximum((span**2).sum(axis=2), 1.0)
    return np.clip(((pixels - ground) * span).sum(axis=2) / length, 0, 1)


def _mend(
    pixels: np.ndarray, ground: np.ndarray, gap: np.ndarray, grain: float, *, seed: int
) -> np.ndarray:
    """Return the pixels with the gap filled, its edge blended and the grain carried on."""
    dice = np.random.default_rng(seed)
    noisy = ground + dice.normal(0, max(0.0, grain), gap.shape)[:, :, None].astype(np.float32)
    soft = np.asarray(Image.fromarray(gap.astype(np.uint8) * 255).filter(ImageFilter.BoxBlur(1)))
    share = np.where(gap, 1.0, soft.astype(np.float32) / 255)[:, :, None]
    return np.rint(pixels + (noisy - pixels) * share).clip(0, 255).astype(np.uint8)


def fill(pixels: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return `pixels` with everything not `known` continued smoothly from its surroundings.

    An even trend is fitted and set aside; what is left of it is averaged down a pyramid, ever
    coarser until no gap is left, and brought back up from coarse to fine.
    """
    if known.all() or not known.any():
        return pixels
    trend = _trend(pixels, known)
    return np.where(known[:, :, None], pixels, trend + _pull_push(pixels - trend, known))


def _trend(pixels: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Fit a colour plane to the known pixels."""
    rows, columns = np.nonzero(known)
    step = max(1, len(rows) // _TREND_SAMPLES)
    rows, columns = rows[::step], columns[::step]
    height, width = known.shape
    at = np.stack([np.ones(len(rows)), columns / width, rows / height], axis=1)
    terms, *_ = np.linalg.lstsq(at, pixels[rows, columns].astype(np.float64), rcond=None)
    xs = (np.arange(width, dtype=np.float32) / width)[None, :, None]
    ys = (np.arange(height, dtype=np.float32) / height)[:, None, None]
    terms = terms.astype(np.float32)
    return terms[0] + xs * terms[1] + ys * terms[2]


def _pull_push(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    levels = [(values * known[:, :, None], known.astype(np.float32))]
    while min(levels[-1][1].shape) > 2 and (levels[-1][1] < 0.99).any():
        levels.append(_halve(*levels[-1]))
    weighted, weight = levels[-1]
    whole = weighted / np.maximum(weight, 1e-6)[:, :, None]
    empty = weight <= 0
    if empty.any():
        whole[empty] = whole[~empty].mean(axis=0) if (~empty).any() else 0.0
    for weighted, weight in reversed(levels[:-1]):
        share = np.minimum(1.0, weight)[:, :, None]
        own = weighted / np.maximum(weight, 1e-6)[:, :, None]
        above = _resize(whole, weight.shape)
        whole = own * share + above * (1 - share)
        whole = np.where(share >= 1.0, whole, _smooth(whole))
    return whole


def _halve(weighted: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    height, width = weight.shape
    if height % 2 or width % 2:
        pad = ((0, height % 2), (0, width % 2))
        weighted = np.pad(weighted, (*pad, (0, 0)))
        weight = np.pad(weight, pad)
    weighted = weighted[0::2] + weighted[1::2]
    weighted = weighted[:, 0::2] + weighted[:, 1::2]
    weight = weight[0::2] + weight[1::2]
    weight = weight[:, 0::2] + weight[:, 1::2]
    over = np.maximum(weight, 1.0)
    return weighted / over[:, :, None], weight / over


def _resize(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    size = (shape[1], shape[0])
    channels = [
        np.asarray(Image.fromarray(values[:, :, c]).resize(size, Image.Resampling.BILINEAR))
        for c in range(values.shape[2])
    ]
    return np.stack(channels, axis=2)


def _smooth(values: np.ndarray) -> np.ndarray:
    edge = np.pad(values, ((1, 1), (1, 1), (0, 0)), mode="edge")
    return (
        values * 0.2 + (edge[:-2, 1:-1] + edge[2:, 1:-1] + edge[1:-1, :-2] + edge[1:-1, 2:]) * 0.2
    )
