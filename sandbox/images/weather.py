"""Weather and finish, drawn over a scene: rain, snow, fog, leaves, fireflies, grain."""

from __future__ import annotations

from random import Random

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from sandbox.images import shapes
from sandbox.images.canvas import Canvas
from sandbox.images.palette import Color
from sandbox.images.shapes import Shape


def clouds_of_noise(rng: Random, *, size: int = 128, octaves: int = 5) -> np.ndarray:
    """Return soft cloudy noise between 0 and 1, of shape (size, size)."""
    dice = np.random.default_rng(rng.getrandbits(32))
    total = np.zeros((size, size), dtype=np.float32)
    for octave in range(octaves):
        cells = 2 ** (octave + 1) + 1
        grid = Image.fromarray(dice.random((cells, cells), dtype=np.float32))
        total += np.asarray(grid.resize((size, size), Image.Resampling.BICUBIC)) * 0.55**octave
    return (total - total.min()) / np.ptp(total)


def rain(canvas: Canvas, rng: Random) -> None:
    """Draw rain at three distances."""
    for depth, count, alpha in ((0.35, 170, 0.22), (0.65, 110, 0.32), (1.0, 50, 0.42)):
        drops: Shape = []
        for _ in range(int(count * max(1.0, canvas.width / canvas.height))):
            x, y = rng.uniform(-0.1, 1.1) * canvas.width, rng.uniform(-0.1, 1.0) * canvas.height
            length = canvas.short * 0.075 * depth * rng.uniform(0.6, 1.2)
            thick = max(0.5, canvas.short * 0.0017 * depth)
            foot = x - length * 0.24
            drops += shapes.polygon(
                (x, y), (x + thick, y), (foot + thick, y + length), (foot, y + length)
            )
        canvas.fill(drops, (226, 236, 246), alpha=alpha)


def snow(canvas: Canvas, rng: Random) -> None:
    """Draw snow at three distances."""
    for depth, count in ((0.4, 190), (0.7, 110), (1.0, 34)):
        flakes: Shape = []
        for _ in range(int(count * max(1.0, canvas.width / canvas.height))):
            size = canvas.short * 0.0075 * depth * rng.uniform(0.5, 1.25)
            flakes += shapes.dot(rng.random() * canvas.width, rng.random() * canvas.height, size)
        blur = canvas.short * 0.0022 if depth == 1.0 else 0.0
        canvas.fill(flakes, (255, 255, 255), alpha=0.62 + 0.25 * depth, blur=blur)


def fog(canvas: Canvas, rng: Random, color: Color) -> None:
    """Draw fog that thickens toward the ground."""
    noise = clouds_of_noise(rng, octaves=4)
    rise = np.linspace(0, 1, noise.shape[0], dtype=np.float32)[:, None]
    canvas.veil((0.35 + 0.65 * noise) * (0.15 + 0.85 * rise), color, alpha=0.72)


def drift(canvas: Canvas, rng: Random, colors: tuple[Color, ...], *, count: int) -> None:
    """Draw drifting leaves."""
    for color in colors:
        bits: Shape = []
        for _ in range(count):
            size = canvas.short * rng.uniform(0.006, 0.015)
            x, y = rng.random() * canvas.width, rng.random() * canvas.height
            bits += shapes.ellipse(x, y, size, size * 0.5, rng.uniform(0, 180))
        canvas.fill(bits, color, alpha=0.9)


def fireflies(canvas: Canvas, rng: Random) -> None:
    """Draw fireflies in the lower half."""
    for _ in range(34):
        x, y = rng.random() * canvas.width, canvas.height * rng.uniform(0.35, 0.97)
        size = canvas.short * rng.uniform(0.0016, 0.004)
        canvas.glow(x, y, size * 9, (255, 226, 130), 0.62)
        canvas.fill(shapes.ellipse(x, y, size), (255, 248, 206))


def vignette(image: Image.Image, *, strength: float) -> Image.Image:
    """Return `image` darkened toward its corners."""
    at = np.linspace(-1, 1, 96, dtype=np.float32)
    reach = np.hypot(at[None, :], at[:, None])
    fall = np.clip((reach - 0.55) / 0.9, 0, 1) ** 1.5 * strength * 255
    light = Image.fromarray((255 - fall).astype(np.uint8))
    light = light.resize(image.size, Image.Resampling.BICUBIC)
    return ImageChops.multiply(image, Image.merge("RGB", (light, light, light)))


def grain(image: Image.Image, rng: Random, *, strength: float) -> Image.Image:
    """Return `image` with fine paper grain of `strength` levels; it also hides banding."""
    side = 512
    dice = np.random.default_rng(rng.getrandbits(32))
    noise = np.rint(dice.normal(128, strength * 1.6, (side, side))).clip(0, 255)
    tile = Image.fromarray(noise.astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.45))
    spread = Image.new("L", image.size)
    for x in range(0, image.width, side):
        for y in range(0, image.height, side):
            spread.paste(tile, (x, y))
    return ImageChops.add(image, Image.merge("RGB", (spread, spread, spread)), 1, -128)
