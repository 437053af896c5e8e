"""Darkroom work: changes to a whole picture's light, colour and finish.

Every verb takes an RGB image and returns a new one of the same size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import numpy as np
from PIL import Image, ImageChops, ImageEnhance, ImageFilter, ImageOps

from sandbox.images.palette import Colour, mix

Adjust = Callable[[Image.Image], Image.Image]
Curve = Callable[[np.ndarray], np.ndarray]


def curves(image: Image.Image, *channels: Curve) -> Image.Image:
    """Send red, green and blue each through its tone curve (0 to 1 in, 0 to 1 out)."""
    levels = np.linspace(0, 1, 256)
    table = [np.rint(np.clip(channel(levels), 0, 1) * 255).astype(int) for channel in channels]
    return image.point(np.concatenate(table).tolist())


def tones(image: Image.Image, change: Curve) -> Image.Image:
    """Send all channels through one tone curve."""
    return curves(image, change, change, change)


def map_tones(image: Image.Image, colours: Sequence[Colour]) -> Image.Image:
    """Replace dark to light by a run of `colours`."""
    stops = np.linspace(0, 1, len(colours))
    table = np.array(colours).T / 255

    def channel(index: int) -> Curve:
        return lambda levels: np.interp(levels, stops, table[index])

    gray = image.convert("L")
    return curves(Image.merge("RGB", (gray, gray, gray)), channel(0), channel(1), channel(2))


def brightness(image: Image.Image, *, amount: float) -> Image.Image:
    """Lighten (`amount` above 1) or darken (below 1) without clipping."""
    return tones(image, lambda v: v ** (1 / amount))


def contrast(image: Image.Image, *, amount: float) -> Image.Image:
    """Spread (`amount` above 1) or gather the tones round the middle."""
    middle = float(np.asarray(image.convert("L").resize((32, 32))).mean()) / 255
    return tones(image, lambda v: middle + (v - middle) * amount)


def saturation(image: Image.Image, *, amount: float) -> Image.Image:
    """Strengthen (`amount` above 1) or weaken the colours."""
    return ImageEnhance.Color(image).enhance(amount)


def warmth(image: Image.Image, *, amount: float) -> Image.Image:
    """Warm (`amount` above 0) or cool the light, -1 to 1."""
    return curves(
        image,
        lambda v: v * (1 + 0.16 * amount) + 0.03 * amount,
        lambda v: v * (1 + 0.03 * amount),
        lambda v: v * (1 - 0.2 * amount) - 0.02 * amount,
    )


def blur(image: Image.Image, *, amount: float) -> Image.Image:
    """Blur by `amount` of the shorter side."""
    return image.filter(ImageFilter.GaussianBlur(max(0.6, min(image.size) * amount)))


def border(image: Image.Image, *, colour: Colour) -> Image.Image:
    """Frame with a border of `colour`, inside the picture's edges."""
    wide = max(1, round(min(image.size) * 0.045))
    framed = Image.new("RGB", image.size, colour)
    inner = image.crop((wide, wide, max(wide, image.width - wide), max(wide, image.height - wide)))
    framed.paste(inner, (wide, wide))
    return framed


def grade(image: Image.Image, rng: Random) -> Image.Image:
    """Give the gentle colour grade that `rng` decides: shadows one way, lights the other."""
    turn = rng.choice(
        ((0.08, 0.0, -0.07), (-0.05, 0.02, 0.09), (0.06, -0.04, 0.05), (-0.03, 0.06, -0.04))
    )
    lift = rng.uniform(0.02, 0.05)

    def channel(shift: float) -> Curve:
        return lambda v: lift * (1 - v) + v * (1 - 0.02) + shift * (v - v**2) * 2.2 + shift * 0.25

    return saturation(curves(image, *map(channel, turn)), amount=rng.choice((0.82, 1.2)))


def _sepia(image: Image.Image) -> Image.Image:
    return map_tones(image, ((26, 16, 12), (112, 78, 50), (206, 170, 124), (255, 244, 220)))


def _vintage(image: Image.Image) -> Image.Image:
    faded = curves(
        saturation(image, amount=0.72),
        lambda v: 0.06 + 0.94 * v**0.92,
        lambda v: 0.05 + 0.88 * v,
        lambda v: 0.14 + 0.68 * v,
    )
    return Image.blend(faded, _sepia(image), 0.2)


def _night(image: Image.Image) -> Image.Image:
    return curves(
        saturation(image, amount=0.62),
        lambda v: 0.34 * v**1.35 + 0.01,
        lambda v: 0.42 * v**1.25 + 0.02,
        lambda v: 0.66 * v**1.05 + 0.07,
    )


def _sunset(image: Image.Image) -> Image.Image:
    """Bathe in evening light, strongest at the top."""
    warm = curves(
        image, lambda v: 0.10 + 0.95 * v, lambda v: 0.02 + 0.76 * v, lambda v: 0.08 + 0.55 * v
    )
    wash = Image.new("RGB", (1, 64))
    wash.putdata([mix((150, 70, 130), (255, 170, 90), i / 63) for i in range(64)])
    sky = wash.resize(image.size, Image.Resampling.BICUBIC)
    return Image.blend(warm, ImageChops.soft_light(warm, sky), 0.65)


def _sharpen(image: Image.Image) -> Image.Image:
    radius = max(1.0, min(image.size) / 500)
    return image.filter(ImageFilter.UnsharpMask(radius=radius, percent=130, threshold=2))


def _few_colours(image: Image.Image, size: tuple[int, int], count: int) -> Image.Image:
    small = image.resize(size, Image.Resampling.BOX)
    return small.quantize(count, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")


def _pixelate(image: Image.Image) -> Image.Image:
    scale = 96 / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return _few_colours(image, size, 28).resize(image.size, Image.Resampling.NEAREST)


def _sketch(image: Image.Image) -> Image.Image:
    """Redraw in pencil on paper (colour dodge of the picture by its blurred negative)."""
    gray = image.convert("L")
    soft = ImageOps.invert(gray).filter(ImageFilter.GaussianBlur(max(1.2, min(image.size) / 110)))
    under = 256 - np.asarray(soft, dtype=np.float32)
    lines = np.clip(np.asarray(gray, dtype=np.float32) * 256 / np.maximum(under, 1), 0, 255)
    pencil = Image.fromarray(lines.astype(np.uint8)).point(
        [(v / 255) ** 1.9 * 255 for v in range(256)]
    )
    return map_tones(pencil.convert("RGB"), ((46, 44, 54), (250, 246, 236)))


def _half(image: Image.Image) -> tuple[int, int]:
    return max(1, image.width // 2), max(1, image.height // 2)


def _cartoon(image: Image.Image) -> Image.Image:
    """Flatten into few colours with dark outlines."""
    soft = image.filter(ImageFilter.MedianFilter(3))
    flat = _few_colours(soft, _half(image), 26).resize(image.size, Image.Resampling.BICUBIC)
    edges = image.convert("L").filter(ImageFilter.GaussianBlur(1.2)).filter(ImageFilter.FIND_EDGES)
    mask = edges.point([min(255, max(0, (v - 10) * 12)) for v in range(256)])
    flat.paste((34, 28, 46), (0, 0), mask.filter(ImageFilter.GaussianBlur(0.7)))
    return saturation(flat, amount=1.25)


def _watercolour(image: Image.Image) -> Image.Image:
    """Wash in water colours: blotted areas, pale paper, dark edges."""
    small = image.resize(_half(image), Image.Resampling.BOX)
    small = small.filter(ImageFilter.ModeFilter(5)).filter(ImageFilter.GaussianBlur(1.2))
    wash = saturation(small.resize(image.size, Image.Resampling.BICUBIC), amount=1.15)
    edge = wash.convert("L").filter(ImageFilter.FIND_EDGES).filter(ImageFilter.GaussianBlur(1.0))
    edge = edge.point([min(255, v * 5) for v in range(256)])
    return tones(
        Image.composite(brightness(wash, amount=0.72), wash, edge), lambda v: 0.10 + 0.90 * v**0.88
    )


def _neon(image: Image.Image) -> Image.Image:
    two = map_tones(
        image, ((8, 4, 30), (86, 16, 130), (236, 52, 156), (110, 222, 255), (240, 252, 255))
    )
    return Image.blend(contrast(image, amount=1.2), two, 0.62)


def _winter(image: Image.Image) -> Image.Image:
    pale = saturation(tones(image, lambda v: 0.08 + 0.92 * v**0.85), amount=0.6)
    return warmth(pale, amount=-0.6)


def _autumn(image: Image.Image) -> Image.Image:
    """Turn greens to gold and warm the light."""
    hue, rich, value = image.convert("HSV").split()
    golden = hue.point([int(28 - (92 - v) * 0.1) if 36 <= v <= 110 else v for v in range(256)])
    return warmth(Image.merge("HSV", (golden, rich, value)).convert("RGB"), amount=0.5)


STYLES: dict[str, Adjust] = {
    "grayscale": lambda image: image.convert("L").convert("RGB"),
    "sepia": _sepia,
    "vintage": _vintage,
    "invert": ImageOps.invert,
    "night": _night,
    "sunset": _sunset,
    "pixelate": _pixelate,
    "sketch": _sketch,
    "cartoon": _cartoon,
    "watercolour": _watercolour,
    "neon": _neon,
    "fade": lambda image: tones(saturation(image, amount=0.8), lambda v: 0.26 + 0.72 * v),
    "sharpen": _sharpen,
    "winter": _winter,
    "autumn": _autumn,
}
