"""Taking type out of a picture: what is ink, what was behind it, and what the ink was like."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from sandbox.images import inpainting
from sandbox.images.lettering import Box, Lettering
from sandbox.images.palette import Colour

_SAMPLES = 4000
_DIFFERENT = 9.0  # levels by which a pixel must differ from the ground to count as ink
_FINE = 64  # height to which type is reduced to weigh its ink


@dataclass(frozen=True)
class Plane:
    """A colour that changes evenly over a picture: enough for type with a gradient in it."""

    terms: np.ndarray  # (3, 3): the value, and its change along x and y, per channel
    box: Box

    def over(self, box: Box, *, by: int = 1) -> np.ndarray:
        """Return the colours over `box`, one for `by` pixels a side, as (height, width, 3).

        They never go beyond those of the plane's own box.
        """
        x0, y0, x1, y1 = self.box
        xs = (np.arange(box[0], box[2], by, dtype=np.float32) + by / 2 - x0) / max(1, x1 - x0)
        ys = (np.arange(box[1], box[3], by, dtype=np.float32) + by / 2 - y0) / max(1, y1 - y0)
        along = np.outer(xs.clip(0, 1), self.terms[1])[None]
        down = np.outer(ys.clip(0, 1), self.terms[2])[:, None]
        return np.clip(self.terms[0] + along + down, 0, 255)


@dataclass(frozen=True)
class Erased:
    """A picture with a word taken out, and what is known of the ink that was there."""

    image: Image.Image
    ink: Plane
    weight: float  # how many pixels of ink there were
    grain: float  # levels of noise in the ground
    lettering: Lettering

    def inked(self, colour: Colour) -> Erased:
        """Return the same with ink of an even `colour`."""
        terms = np.array([colour, (0, 0, 0), (0, 0, 0)], dtype=np.float32)
        return replace(self, ink=replace(self.ink, terms=terms))


def erase(*, image: Image.Image, lettering: Lettering) -> Erased:
    """Return `image` with `lettering` taken out, changed nowhere but at and close round it."""
    x0, y0, x1, y1 = lettering.box
    tall = y1 - y0
    margin = max(6, round(0.5 * tall))
    around = (
        max(0, x0 - margin),
        max(0, y0 - margin),
        min(image.width, x1 + margin),
        min(image.height, y1 + margin),
    )
    region = image.crop(around)
    core = Image.new("L", region.size, 0)
    core.paste(
        lettering.ink.point([255 * (value > 100) for value in range(256)]),
        (x0 - around[0], y0 - around[1]),
    )
    rim = max(3, round(0.07 * tall))
    near = _widen(core, rim)
    grain = _noise(region, near)
    ground = inpainting.smooth(image=region, gap=near)
    gap = _find_ink(region, ground, core, near, rim=rim, least=max(_DIFFERENT, 3.2 * grain))
    plane = _ink_plane(region, core, around)
    weight = _weigh(region, ground, core, plane, around)
    soft = ImageChops.lighter(gap, gap.filter(ImageFilter.BoxBlur(1)))
    restored = Image.composite(inpainting.restore(image=region, gap=gap), region, soft)
    result = image.copy()
    result.paste(restored, around[:2])
    return Erased(result, plane, weight, grain, lettering)


def _widen(mask: Image.Image, reach: int) -> Image.Image:
    """Return a black and white mask grown by `reach` pixels."""
    return mask.filter(ImageFilter.BoxBlur(reach)).point([0] + [255] * 255)


def _find_ink(
    region: Image.Image,
    ground: Image.Image,
    core: Image.Image,
    near: Image.Image,
    *,
    rim: int,
    least: float,
) -> Image.Image:
    """Return what has to go: pixels unlike the ground in and close to the letters."""
    red, green, blue = ImageChops.difference(region, ground).split()
    far = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    unlike = ImageChops.multiply(far.point([255 * (v > least) for v in range(256)]), near)
    seeds = _widen(ImageChops.multiply(unlike, core), rim)
    return ImageChops.multiply(_widen(ImageChops.multiply(unlike, seeds), 2), _widen(near, 2))


def _noise(region: Image.Image, near: Image.Image) -> float:
    """Return the noise of the ground in levels (median second difference: edges fall out)."""
    gray = np.asarray(region.convert("L"), dtype=np.int16)[::2]
    known = (np.asarray(near) == 0)[::2, 1:-1]
    rough = np.abs(2 * gray[:, 1:-1] - gray[:, :-2] - gray[:, 2:])[known]
    return float(rough.mean() if rough.size and np.median(rough) > 0 else 0.0) * 0.5


def _ink_plane(region: Image.Image, core: Image.Image, around: Box) -> Plane:
    """Fit the colour of the ink: its middle value, and how it changes over the word."""
    pixels = np.asarray(region)
    solid = np.asarray(core) > 0
    for reach in (2, 1):
        inner = np.asarray(ImageChops.invert(_widen(ImageChops.invert(core), reach))) > 0
        if inner.sum() > 40:
            solid = inner
            break
    rows, columns = np.nonzero(solid)
    step = max(1, len(rows) // _SAMPLES)
    rows, columns = rows[::step], columns[::step]
    colours = pixels[rows, columns].astype(np.float64)
    middle = np.median(colours, axis=0)
    usual = np.abs(colours - middle).max(axis=1) < 70  # leaves out holes and neighbours
    rows, columns, colours = rows[usual], columns[usual], colours[usual]
    left, top, right, bottom = core.getbbox() or (0, 0, 1, 1)
    box = (around[0] + left, around[1] + top, around[0] + right, around[1] + bottom)
    if len(rows) < 60:
        return Plane(np.stack([middle, np.zeros(3), np.zeros(3)]).astype(np.float32), box)
    xs = (columns + 0.5 - left) / (right - left)
    ys = (rows + 0.5 - top) / (bottom - top)
    return Plane(inpainting.fit_plane(xs, ys, colours), box)


def _weigh(
    region: Image.Image, ground: Image.Image, core: Image.Image, ink: Plane, around: Box
) -> float:
    """Return how many pixels of ink the letters have, parts of pixels added up."""
    by = max(1, region.height // (2 * _FINE))
    near = np.asarray(_widen(core, 2).reduce(by), dtype=np.float32) / 255
    seen = np.asarray(region.reduce(by), dtype=np.float32)
    plain = np.asarray(ground.reduce(by), dtype=np.float32)
    span = ink.over(around, by=by) - plain
    length = np.maximum((span**2).sum(axis=2), 1.0)
    cover = np.clip(((seen - plain) * span).sum(axis=2) / length, 0, 1)
    return float((cover * near).sum()) * by * by


def add_grain(image: Image.Image, grain: float, *, seed: int) -> Image.Image:
    """Return `image` with noise of `grain` levels, the same in all channels."""
    if grain < 0.4:
        return image
    side = 128
    tile = np.rint(np.random.default_rng(seed).normal(0, grain, (side, side))).astype(np.int16)
    down, across = -(-image.height // side), -(-image.width // side)
    noise = np.tile(tile, (down, across))[: image.height, : image.width, None]
    return Image.fromarray(
        (np.asarray(image, dtype=np.int16) + noise).clip(0, 255).astype(np.uint8)
    )
