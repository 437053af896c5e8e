"""Changing colours: one named colour, the background, the sky, or all of a picture."""

from __future__ import annotations

import colorsys

import numpy as np
from PIL import Image, ImageFilter

from sandbox.images import adjustments
from sandbox.images.palette import NAMED, Colour, darken, lighten, luminance

_SMALL = 160  # longest side at which areas are found
# How far from a colour's own hue (degrees) a pixel still counts as that colour.
_WIDTHS = {
    "green": 46, "lime": 30, "emerald": 30, "blue": 40, "navy": 34, "azure": 30, "cyan": 26,
    "teal": 26, "turquoise": 26, "purple": 32, "violet": 32, "lavender": 34, "lilac": 34,
    "pink": 30, "magenta": 28, "rose": 26, "orange": 17, "yellow": 18, "gold": 18, "brown": 22,
}  # fmt: skip
_USUAL_WIDTH = 22
_COLOURLESS = {"white", "black", "gray", "grey", "silver", "cream", "ivory", "beige"}


def recolour(image: Image.Image, *, source: str | None, target: Colour, area: str) -> Image.Image:
    """Change what is of the colour named `source` (or, without one, the whole `area`) to `target`.

    `area` is "all", "background" or "sky".
    """
    if source is not None:
        mask = _of_colour(image, source)
        if np.asarray(mask).mean() > 1.0:
            return Image.composite(_dye(image, mask, target), image, mask)
    if area == "all":
        return _tint(image, target)
    mask = find_sky(image) if area == "sky" else find_background(image)
    return Image.composite(_dye(image, mask, target), image, mask)


def _of_colour(image: Image.Image, name: str) -> Image.Image:
    """Return an L mask of how much each pixel is of the named colour."""
    hue, saturation, value = (
        np.asarray(band, dtype=np.float32) for band in image.convert("HSV").split()
    )
    if name in _COLOURLESS:
        level = luminance(NAMED[name])
        plain = np.clip((90 - saturation) / 40, 0, 1)
        near = np.clip(1.6 - np.abs(value - level) / 48, 0, 1)
        share = plain * near if name != "black" else np.clip((80 - value) / 34, 0, 1)
    else:
        own = colorsys.rgb_to_hsv(*(c / 255 for c in NAMED[name]))[0] * 255
        away = np.abs(hue - own)
        away = np.minimum(away, 255 - away) * 360 / 255
        width = _WIDTHS.get(name, _USUAL_WIDTH)
        share = np.clip((width + 7 - away) / 9, 0, 1) * np.clip((saturation - 48) / 42, 0, 1)
        share *= np.clip((value - 22) / 28, 0, 1)
        if name == "brown":
            share *= np.clip((190 - value) / 40, 0, 1)
    mask = Image.fromarray(np.rint(share * 255).astype(np.uint8))
    return mask.filter(ImageFilter.GaussianBlur(0.7))


def _dye(image: Image.Image, mask: Image.Image, target: Colour) -> Image.Image:
    """Return the whole image in the target's colour, shades kept, as the masked pixels need it."""
    weight = np.asarray(mask, dtype=np.float32)
    hue, saturation, value = image.convert("HSV").split()
    usual = float((np.asarray(value) * weight).sum() / max(1.0, weight.sum()))
    target_hue, target_saturation, target_value = colorsys.rgb_to_hsv(*(c / 255 for c in target))
    lift = target_value * 255 - usual
    # The middle goes to the target's own brightness; lights and shadows keep their distance to it.
    values = [
        round(min(255, max(0, v + lift * (0.75 if target_saturation > 0.12 else 0.95))))
        for v in range(256)
    ]
    if target_saturation > 0.12:
        rich = float((np.asarray(saturation) * weight).sum() / max(1.0, weight.sum()))
        gain = target_saturation * 255 / max(24.0, rich)
        richness = [
            round(min(255, v * min(gain, 1.7) + (26 if rich < 60 else 0))) for v in range(256)
        ]
        if rich < 60:
            richness = [round(target_saturation * 255 * 0.82)] * 256
    else:
        richness = [round(v * 0.12) for v in range(256)]
    dyed = Image.merge(
        "HSV",
        (
            hue.point([round(target_hue * 255)] * 256),
            saturation.point(richness),
            value.point(values),
        ),
    )
    return dyed.convert("RGB")


def _tint(image: Image.Image, target: Colour) -> Image.Image:
    """Print the whole picture in shades of `target`."""
    shades = adjustments.map_tones(
        image,
        (darken(target, 0.86), darken(target, 0.35), lighten(target, 0.25), lighten(target, 0.9)),
    )
    return Image.blend(image, shades, 0.72)


def find_background(image: Image.Image) -> Image.Image:
    """Return an L mask of what reaches in from the edges in the edges' colours."""
    small, colours = _small(image, edges=True)
    alike = _alike(small, colours)
    reach = np.maximum.reduce(
        [
            np.minimum.accumulate(alike, axis=0),
            np.minimum.accumulate(alike[::-1], axis=0)[::-1],
            np.minimum.accumulate(alike, axis=1),
            np.minimum.accumulate(alike[:, ::-1], axis=1)[:, ::-1],
        ]
    )
    return _to_mask(reach, image.size)


def find_sky(image: Image.Image) -> Image.Image:
    """Return an L mask of the sky: what has the colours met on the way down from the top edge."""
    small, colours = _small(image, edges=False)
    rows = np.linspace(0, 1, small.shape[0])[:, None]
    above = np.clip((0.86 - rows) / 0.12, 0, 1)
    for _ in range(2):  # a sky that pales downwards is followed from colour to colour
        met = np.minimum.accumulate(_alike(small, colours), axis=0) * above
        if (met > 0.5).sum() < 8:
            break
        colours = np.concatenate([colours, _palette(small[met > 0.5])])
    reach = np.flatnonzero((met > 0.5).mean(axis=1) > 0.04)
    lowest = reach[-1] if reach.size else 0
    under = np.arange(small.shape[0])[:, None] <= lowest
    return _to_mask(_alike(small, colours) * above * under, image.size)


def _small(image: Image.Image, *, edges: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return a small copy, and the few colours its rim (or its uppermost part) is made of."""
    scale = min(1.0, _SMALL / max(image.size))
    size = (max(2, round(image.width * scale)), max(2, round(image.height * scale)))
    pixels = np.asarray(image.resize(size, Image.Resampling.BOX), dtype=np.float32)
    rim = max(1, min(size) // 24)
    if edges:
        sides = (pixels[:rim], pixels[-rim:], pixels[:, :rim], pixels[:, -rim:])
        sample = np.concatenate([side.reshape(-1, 3) for side in sides])
    else:
        sample = pixels[: max(1, size[1] // 4)].reshape(-1, 3)
    return pixels, _palette(sample)


def _palette(sample: np.ndarray) -> np.ndarray:
    """Return the few colours most of `sample`, (pixels, 3), is made of."""
    strip = Image.fromarray(np.rint(sample).astype(np.uint8)[None])
    few = strip.quantize(6, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    palette = np.asarray(few.getpalette() or [0, 0, 0], dtype=np.float32).reshape(-1, 3)
    counts = np.bincount(np.asarray(few).ravel(), minlength=len(palette))[: len(palette)]
    return palette[counts > 0.06 * counts.sum()]


def _alike(pixels: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Return how near each pixel is to the nearest of `colours`, 0 to 1."""
    away = np.sqrt(((pixels[:, :, None, :] - colours[None, None]) ** 2).sum(axis=3)).min(axis=2)
    return np.clip((58 - away) / 22, 0, 1)


def _to_mask(share: np.ndarray, size: tuple[int, int]) -> Image.Image:
    mask = Image.fromarray(np.rint(share * 255).astype(np.uint8)).filter(
        ImageFilter.MedianFilter(3)
    )
    return mask.resize(size, Image.Resampling.BICUBIC)
