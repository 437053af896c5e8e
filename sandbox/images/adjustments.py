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
Adjuster = Callable[[np.ndarray], np.ndarray]


def curve(image: Image.Image, *, red: Adjuster, green: Adjuster, blue: Adjuster) -> Image.Image:
    """Send each channel through its own tone curve (0 to 1 in, 0 to 1 out)."""
    table: list[int] = []
    levels = np.linspace(0, 1, 256)
    for channel in (red, green, blue):
        table += np.rint(np.clip(channel(levels), 0, 1) * 255).astype(int).tolist()
    return image.point(table)


def tones(image: Image.Image, change: Adjuster) -> Image.Image:
    """Send all channels through one tone curve."""
    return curve(image, red=change, green=change, blue=change)


def grayscale(image: Image.Image) -> Image.Image:
    """Take the colour out."""
    return image.convert("L").convert("RGB")


def map_tones(image: Image.Image, colours: Sequence[Colour]) -> Image.Image:
    """Replace dark to light by a run of `colours`."""
    at = np.linspace(0, 1, 256)
    stops = np.linspace(0, 1, len(colours))
    table: list[int] = []
    for channel in range(3):
        table += np.rint(np.interp(at, stops, [c[channel] for c in colours])).astype(int).tolist()
    gray = image.convert("L")
    return Image.merge("RGB", (gray, gray, gray)).point(table)


def sepia(image: Image.Image) -> Image.Image:
    """Print in brown."""
    return map_tones(image, ((26, 16, 12), (112, 78, 50), (206, 170, 124), (255, 244, 220)))


def vintage(image: Image.Image) -> Image.Image:
    """Fade like an old colour print."""
    faded = curve(
        ImageEnhance.Color(image).enhance(0.72),
        red=lambda v: 0.06 + 0.94 * v**0.92,
        green=lambda v: 0.05 + 0.88 * v,
        blue=lambda v: 0.14 + 0.68 * v,
    )
    return Image.blend(faded, sepia(image), 0.2)


def invert(image: Image.Image) -> Image.Image:
    """Turn into its negative."""
    return ImageOps.invert(image)


def brightness(image: Image.Image, *, amount: float) -> Image.Image:
    """Lighten (`amount` above 1) or darken (below 1) without clipping."""
    power = 1 / amount
    return tones(image, lambda v: v**power)


def contrast(image: Image.Image, *, amount: float) -> Image.Image:
    """Spread (`amount` above 1) or gather the tones round the middle."""
    middle = float(np.asarray(image.convert("L").resize((32, 32))).mean()) / 255
    return tones(image, lambda v: middle + (v - middle) * amount)


def saturation(image: Image.Image, *, amount: float) -> Image.Image:
    """Strengthen (`amount` above 1) or weaken the colours."""
    return ImageEnhance.Color(image).enhance(amount)


def warmth(image: Image.Image, *, amount: float) -> Image.Image:
    """Warm (`amount` above 0) or cool the light, -1 to 1."""
    return curve(
        image,
        red=lambda v: v * (1 + 0.16 * amount) + 0.03 * amount,
        green=lambda v: v * (1 + 0.03 * amount),
        blue=lambda v: v * (1 - 0.2 * amount) - 0.02 * amount,
    )


def night(image: Image.Image) -> Image.Image:
    """Turn day into night: dark, blue, the lights kept."""
    return curve(
        ImageEnhance.Color(image).enhance(0.62),
        red=lambda v: 0.34 * v**1.35 + 0.01,
        green=lambda v: 0.42 * v**1.25 + 0.02,
        blue=lambda v: 0.66 * v**1.05 + 0.07,
    )


def sunset(image: Image.Image) -> Image.Image:
    """Bathe in evening light, strongest at the top."""
    warm = curve(
        image,
        red=lambda v: 0.10 + 0.95 * v,
        green=lambda v: 0.02 + 0.76 * v,
        blue=lambda v: 0.08 + 0.55 * v,
    )
    wash = Image.new("RGB", (1, 64))
    wash.putdata([mix((150, 70, 130), (255, 170, 90), i / 63) for i in range(64)])
    sky = wash.resize(image.size, Image.Resampling.BICUBIC)
    return Image.blend(warm, ImageChops.soft_light(warm, sky), 0.65)


def blur(image: Image.Image, *, amount: float) -> Image.Image:
    """Blur by `amount` of the shorter side."""
    return image.filter(ImageFilter.GaussianBlur(max(0.6, min(image.size) * amount)))


def sharpen(image: Image.Image) -> Image.Image:
    """Sharpen fine detail."""
    radius = max(1.0, min(image.size) / 500)
    return image.filter(ImageFilter.UnsharpMask(radius=radius, percent=130, threshold=2))


def pixelate(image: Image.Image) -> Image.Image:
    """Draw in large square pixels of few colours."""
    cells = 96
    scale = cells / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    small = image.resize(size, Image.Resampling.BOX)
    few = small.quantize(28, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")
    return few.resize(image.size, Image.Resampling.NEAREST)


def sketch(image: Image.Image) -> Image.Image:
    """Redraw in pencil on paper (colour dodge of the picture by its blurred negative)."""
    gray = image.convert("L")
    soft = ImageOps.invert(gray).filter(ImageFilter.GaussianBlur(max(1.2, min(image.size) / 110)))
    base = np.asarray(gray, dtype=np.float32)
    under = 256 - np.asarray(soft, dtype=np.float32)
    lines = np.clip(base * 256 / np.maximum(under, 1), 0, 255) / 255
    paper = np.array([250, 246, 236], dtype=np.float32)
    ink = np.array([46, 44, 54], dtype=np.float32)
    strength = (lines**1.9)[:, :, None]
    return Image.fromarray((ink + (paper - ink) * strength).astype(np.uint8))


def cartoon(image: Image.Image) -> Image.Image:
    """Flatten into few colours with dark outlines."""
    size = (max(1, image.width // 2), max(1, image.height // 2))
    small = image.resize(size, Image.Resampling.BOX).filter(ImageFilter.MedianFilter(3))
    few = small.quantize(26, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")
    flat = few.resize(image.size, Image.Resampling.BICUBIC)
    edges = image.convert("L").filter(ImageFilter.GaussianBlur(1.2)).filter(ImageFilter.FIND_EDGES)
    mask = edges.point([min(255, max(0, (v - 10) * 12)) for v in range(256)])
    mask = mask.filter(ImageFilter.GaussianBlur(0.7))
    flat.paste((34, 28, 46), (0, 0), mask)
    return ImageEnhance.Color(flat).enhance(1.25)


def watercolour(image: Image.Image) -> Image.Image:
    """Wash in water colours: blotted areas, pale paper, soft edges."""
    size = (max(1, image.width // 2), max(1, image.height // 2))
    small = image.resize(size, Image.Resampling.BOX)
    small = small.filter(ImageFilter.ModeFilter(5)).filter(ImageFilter.GaussianBlur(1.2))
    wash = small.resize(image.size, Image.Resampling.BICUBIC)
    wash = ImageEnhance.Color(wash).enhance(1.15)
    edge = wash.convert("L").filter(ImageFilter.FIND_EDGES).filter(ImageFilter.GaussianBlur(1.0))
    wash = Image.composite(
        brightness(wash, amount=0.72), wash, edge.point(lambda v: min(255, v * 5))
    )
    return tones(wash, lambda v: 0.10 + 0.90 * v**0.88)


def neon(image: Image.Image) -> Image.Image:
    """Light in magenta and cyan."""
    two = map_tones(
        image, ((8, 4, 30), (86, 16, 130), (236, 52, 156), (110, 222, 255), (240, 252, 255))
    )
    return Image.blend(contrast(image, amount=1.2), two, 0.62)


def fade(image: Image.Image) -> Image.Image:
    """Soften into pale pastel colours."""
    return tones(ImageEnhance.Color(image).enhance(0.8), lambda v: 0.26 + 0.72 * v)


def wintry(image: Image.Image) -> Image.Image:
    """Cool and pale, as in winter."""
    return warmth(
        ImageEnhance.Color(tones(image, lambda v: 0.08 + 0.92 * v**0.85)).enhance(0.6), amount=-0.6
    )


def autumnal(image: Image.Image) -> Image.Image:
    """Turn greens to gold and warm the light."""
    hue, saturation_, value = image.convert("HSV").split()
    table = [int(28 - (92 - v) * 0.1) if 36 <= v <= 110 else v for v in range(256)]
    turned = Image.merge("HSV", (hue.point(table), saturation_, value)).convert("RGB")
    return warmth(turned, amount=0.5)


def border(image: Image.Image, *, colour: Colour) -> Image.Image:
    """Frame with a border of `colour`, inside the picture's edges."""
    wide = max(1, round(min(image.size) * 0.045))
    framed = image.copy()
    for edge in (
        (0, 0, image.width, wide),
        (0, image.height - wide, image.width, image.height),
        (0, 0, wide, image.height),
        (image.width - wide, 0, image.width, image.height),
    ):
        framed.paste(colour, edge)
    return framed


def grade(image: Image.Image, rng: Random) -> Image.Image:
    """Give the gentle colour grade that `rng` decides: shadows one way, lights the other."""
    turn = rng.choice(
        ((0.08, 0.0, -0.07), (-0.05, 0.02, 0.09), (0.06, -0.04, 0.05), (-0.03, 0.06, -0.04))
    )
    lift = rng.uniform(0.02, 0.05)

    def channel(shift: float) -> Adjuster:
        return lambda v: lift * (1 - v) + v * (1 - 0.02) + shift * (v - v**2) * 2.2 + shift * 0.25

    graded = curve(image, red=channel(turn[0]), green=channel(turn[1]), blue=channel(turn[2]))
    return ImageEnhance.Color(graded).enhance(rng.choice((0.82, 1.2)))


STYLES: dict[str, Adjust] = {
    "grayscale": grayscale,
    "sepia": sepia,
    "vintage": vintage,
    "invert": invert,
    "night": night,
    "sunset": sunset,
    "pixelate": pixelate,
    "sketch": sketch,
    "cartoon": cartoon,
    "watercolour": watercolour,
    "neon": neon,
    "fade": fade,
    "sharpen": sharpen,
    "winter": wintry,
    "autumn": autumnal,
}
