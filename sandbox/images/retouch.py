"""Removing type from a picture, and measuring its ink."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from sandbox.images.lettering import Lettering
from sandbox.images.palette import Color

_DIFFERENT = 9.0  # levels by which ink differs from its background
_FINE = 64  # height of the reduced type whose ink is measured
_SIDE = 220  # longest side of the copy in which a gap is filled


@dataclass(frozen=True)
class Erased:
    """A picture without a word, and what its ink looked like."""

    image: Image.Image
    ink: Color
    weight: float  # pixels of ink
    grain: float  # levels of noise in the background
    lettering: Lettering


def erase(*, image: Image.Image, lettering: Lettering) -> Erased:
    """Return `image` without `lettering`, changed only at and close around it."""
    x0, y0, x1, y1 = lettering.box
    tall = y1 - y0
    margin = max(6, round(0.5 * tall))
    left, top = max(0, x0 - margin), max(0, y0 - margin)
    region = image.crop((left, top, min(image.width, x1 + margin), min(image.height, y1 + margin)))
    core = Image.new("L", region.size, 0)
    solid = lettering.ink.point([255 * (value > 100) for value in range(256)])
    core.paste(solid, (x0 - left, y0 - top))
    rim = max(3, round(0.07 * tall))
    near = _widen(core, rim)
    grain = _noise(region, near)
    ground = _continue(region, near)
    gap = _find_ink(region, ground, core, near, rim=rim, least=max(_DIFFERENT, 3.2 * grain))
    ink = _ink(region, core)
    soft = ImageChops.lighter(gap, gap.filter(ImageFilter.BoxBlur(1)))
    filled = add_grain(_continue(region, gap), grain, seed=x0 + y0)
    result = image.copy()
    result.paste(Image.composite(filled, region, soft), (left, top))
    return Erased(result, ink, _weigh(region, ground, core, ink), grain, lettering)


def add_grain(image: Image.Image, grain: float, *, seed: int) -> Image.Image:
    """Return `image` with noise of `grain` levels, the same in all channels."""
    if grain < 0.4:
        return image
    dice = np.random.default_rng(seed)
    noise = np.rint(dice.normal(0, grain, (image.height, image.width, 1))).astype(np.int16)
    return Image.fromarray((np.asarray(image, np.int16) + noise).clip(0, 255).astype(np.uint8))


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
    """Return the pixels to remove: those unlike the background in and near the letters."""
    red, green, blue = ImageChops.difference(region, ground).split()
    far = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    unlike = ImageChops.multiply(far.point([255 * (v > least) for v in range(256)]), near)
    seeds = _widen(ImageChops.multiply(unlike, core), rim)
    return ImageChops.multiply(_widen(ImageChops.multiply(unlike, seeds), 2), _widen(near, 2))


def _noise(region: Image.Image, near: Image.Image) -> float:
    """Return the background's noise in levels (second differences)."""
    gray = np.asarray(region.convert("L"), dtype=np.int16)[::2]
    known = (np.asarray(near) == 0)[::2, 1:-1]
    rough = np.abs(2 * gray[:, 1:-1] - gray[:, :-2] - gray[:, 2:])[known]
    return float(rough.mean() if rough.size and np.median(rough) > 0 else 0.0) * 0.5


def _ink(region: Image.Image, core: Image.Image) -> Color:
    """Return the median color of the letters, away from edges where they are thick."""
    inside = np.asarray(ImageChops.invert(_widen(ImageChops.invert(core), 1))) > 0
    solid = inside if inside.sum() > 40 else np.asarray(core) > 0
    red, green, blue = np.median(np.asarray(region)[solid], axis=0)
    return round(red), round(green), round(blue)


def _weigh(region: Image.Image, ground: Image.Image, core: Image.Image, ink: Color) -> float:
    """Return the letters' ink in pixels, counting partial coverage."""
    by = max(1, region.height // (2 * _FINE))
    near = np.asarray(_widen(core, 2).reduce(by), dtype=np.float32) / 255
    seen = np.asarray(region.reduce(by), dtype=np.float32)
    plain = np.asarray(ground.reduce(by), dtype=np.float32)
    span = np.array(ink, dtype=np.float32) - plain
    cover = ((seen - plain) * span).sum(axis=2) / np.maximum((span**2).sum(axis=2), 1.0)
    return float((cover.clip(0, 1) * near).sum()) * by * by


def _continue(image: Image.Image, gap: Image.Image) -> Image.Image:
    """Return `image` with the gap (an L mask) filled from its surroundings."""
    by = max(1, math.ceil(max(image.size) / _SIDE))
    values = np.asarray(image.reduce(by), dtype=np.float32)
    filled = _fill(values, np.asarray(gap.reduce(by)) == 0)
    small = Image.fromarray(np.rint(filled).clip(0, 255).astype(np.uint8))
    whole = small.resize((small.width * by, small.height * by), Image.Resampling.BILINEAR)
    return Image.composite(whole.crop((0, 0, *image.size)), image, gap)


def _fill(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return `values` with the unknown ones extrapolated.

    A plane is fitted first; what remains is averaged over ever smaller surroundings that hold known
    values.
    """
    if known.all() or not known.any():
        return values
    trend = _trend(values, known)
    weight = known.astype(np.float32)[:, :, None]
    rest = (values - trend) * weight
    whole = np.zeros_like(rest)
    for reach in (64, 32, 16, 8, 4, 2):
        share = _box(weight, reach)
        near = _box(rest, reach) / np.maximum(share, 1e-6)
        whole += (near - whole) * np.clip(share * 5, 0, 1)
    return np.where(known[:, :, None], values, trend + whole)


def _trend(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the plane that fits the known values best, by the normal equations."""
    down, across = np.indices(known.shape, dtype=np.float32)
    terms = np.stack([np.ones_like(down), across / known.shape[1], down / known.shape[0]])
    at = terms[:, known].astype(np.float64)
    sums = (at[:, None] * at[None]).sum(axis=2) + np.eye(3) * 1e-6 * at.shape[1]
    goal = np.stack([(row[:, None] * values[known]).sum(axis=0) for row in at])
    return np.einsum("tyx,tc->yxc", terms, np.linalg.solve(sums, goal)).astype(np.float32)


def _box(values: np.ndarray, reach: int) -> np.ndarray:
    """Return the mean over a square window of (height, width, channels), by running sums."""
    size = 2 * reach + 1
    padded = np.pad(values, ((reach + 1, reach), (reach + 1, reach), (0, 0)), mode="edge")
    sums = padded.cumsum(axis=0, dtype=np.float64).cumsum(axis=1)
    window = sums[size:, size:] - sums[:-size, size:] - sums[size:, :-size] + sums[:-size, :-size]
    return (window / size**2).astype(np.float32)
