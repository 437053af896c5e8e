"""Color changes: one color to another, a tint, night, a pencil sketch.

Every function takes an RGB image and returns a new one of the same size.
"""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from sandbox.images.palette import NAMED, Color, darken, lighten, luminance

Curve = Callable[[np.ndarray], np.ndarray]

# How far from a color's own hue (degrees) a pixel still counts as that color.
_WIDTHS = {
    "green": 46, "lime": 30, "emerald": 30, "blue": 40, "navy": 34, "azure": 30, "cyan": 26,
    "teal": 26, "turquoise": 26, "purple": 32, "violet": 32, "lavender": 34, "lilac": 34,
    "pink": 30, "magenta": 28, "rose": 26, "orange": 17, "yellow": 18, "gold": 18, "brown": 22,
}  # fmt: skip
_USUAL_WIDTH = 22
_COLOURLESS = {"white", "black", "gray", "grey", "silver", "cream", "ivory", "beige"}


def recolor(image: Image.Image, *, source: str, target: Color) -> Image.Image | None:
    """Change the color named `source` to `target`; return None if the picture has none of it."""
    mask = _of_color(image, source)
    if np.asarray(mask).mean() <= 1.0:
        return None
    return Image.composite(_dye(image, mask, target), image, mask)


def tint(image: Image.Image, *, target: Color) -> Image.Image:
    """Tint the whole picture in shades of `target`."""
    shades = (darken(target, 0.86), darken(target, 0.35), lighten(target, 0.25))
    return Image.blend(image, _map_tones(image, (*shades, lighten(target, 0.9))), 0.72)


def night(image: Image.Image) -> Image.Image:
    """Darken and cool the picture like moonlight."""
    return _curves(
        ImageEnhance.Color(image).enhance(0.62),
        lambda v: 0.34 * v**1.35 + 0.01,
        lambda v: 0.42 * v**1.25 + 0.02,
        lambda v: 0.66 * v**1.05 + 0.07,
    )


def sketch(image: Image.Image) -> Image.Image:
    """Redraw in pencil on paper (color dodge of the picture by its blurred negative)."""
    gray = image.convert("L")
    soft = ImageOps.invert(gray).filter(ImageFilter.GaussianBlur(max(1.2, min(image.size) / 110)))
    under = 256 - np.asarray(soft, dtype=np.float32)
    lines = np.clip(np.asarray(gray, dtype=np.float32) * 256 / np.maximum(under, 1), 0, 255)
    pencil = Image.fromarray(lines.astype(np.uint8)).point(
        [(v / 255) ** 1.9 * 255 for v in range(256)]
    )
    return _map_tones(pencil, ((46, 44, 54), (250, 246, 236)))


def _curves(image: Image.Image, *channels: Curve) -> Image.Image:
    """Apply a tone curve (0 to 1 in, 0 to 1 out) to each channel."""
    levels = np.linspace(0, 1, 256)
    table = [np.rint(np.clip(channel(levels), 0, 1) * 255).astype(int) for channel in channels]
    return image.point(np.concatenate(table).tolist())


def _map_tones(image: Image.Image, colors: Sequence[Color]) -> Image.Image:
    """Map dark to light onto a gradient of `colors`."""
    stops, table = np.linspace(0, 1, len(colors)), np.array(colors).T / 255

    def channel(index: int) -> Curve:
        return lambda levels: np.interp(levels, stops, table[index])

    return _curves(image.convert("L").convert("RGB"), channel(0), channel(1), channel(2))


def _of_color(image: Image.Image, name: str) -> Image.Image:
    """Return an L mask of how close each pixel is to the named color."""
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


def _dye(image: Image.Image, mask: Image.Image, target: Color) -> Image.Image:
    """Return the whole image in the target's color, adjusted to keep the masked pixels' shades."""
    weight = np.asarray(mask, dtype=np.float32)
    hue, saturation, value = image.convert("HSV").split()
    usual = float((np.asarray(value) * weight).sum() / weight.sum())
    target_hue, target_saturation, target_value = colorsys.rgb_to_hsv(*(c / 255 for c in target))
    gray = target_saturation <= 0.12
    # The median moves to the target's brightness; highlights and shadows keep their distance.
    lift = (target_value * 255 - usual) * (0.95 if gray else 0.75)
    rich = float((np.asarray(saturation) * weight).sum() / weight.sum())
    if gray:
        richness = [round(v * 0.12) for v in range(256)]
    elif rich < 60:
        richness = [round(target_saturation * 255 * 0.82)] * 256
    else:
        gain = min(target_saturation * 255 / rich, 1.7)
        richness = [round(min(255, v * gain)) for v in range(256)]
    bands = (
        hue.point([round(target_hue * 255)] * 256),
        saturation.point(richness),
        value.point([round(min(255, max(0, v + lift))) for v in range(256)]),
    )
    return Image.merge("HSV", bands).convert("RGB")
