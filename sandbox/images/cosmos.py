"""Outer space: nebulae, stars, planets."""

from __future__ import annotations

from random import Random

import numpy as np

from sandbox.images import shapes, sky
from sandbox.images.canvas import Canvas, Gradient, vertical
from sandbox.images.palette import NAMED, Colour, darken, lighten, mix
from sandbox.images.stage import Stage


def clouds_of_noise(rng: Random, *, size: int = 128, octaves: int = 5) -> np.ndarray:
    """Return soft cloudy noise between 0 and 1, of shape (size, size)."""
    dice = np.random.default_rng(rng.getrandbits(32))
    total = np.zeros((size, size), dtype=np.float32)
    at = np.linspace(0, 1, size, endpoint=False, dtype=np.float32)
    for octave in range(octaves):
        cells = 2 ** (octave + 1)
        grid = dice.random((cells + 2, cells + 2)).astype(np.float32)
        whole = (at * cells).astype(int)
        part = at * cells - whole
        part = part * part * (3 - 2 * part)
        rows = grid[whole] * (1 - part[:, None]) + grid[whole + 1] * part[:, None]
        plane = rows[:, whole] * (1 - part) + rows[:, whole + 1] * part
        total += plane * 0.55**octave
    low, high = float(total.min()), float(total.max())
    return (total - low) / max(1e-6, high - low)


def paint_space(stage: Stage) -> None:
    """Paint deep space: two nebulae over black-blue, stars, a planet, the rim of a world."""
    canvas, rng = stage.canvas, stage.rng
    stage.airless = True
    tint = stage.brief.tint
    top, low = (8, 8, 28), (26, 16, 58)
    if tint is not None:
        top, low = darken(tint, 0.88), darken(tint, 0.7)
    canvas.image.paste(vertical((top, low, top), canvas.width, canvas.height), (0, 0))
    pairs = (
        ((150, 50, 170), (40, 120, 210)),
        ((220, 70, 110), (90, 60, 200)),
        ((30, 160, 170), (120, 60, 190)),
    )
    first, second = rng.choice(pairs)
    if tint is not None:
        first = tint
    for colour, strength in ((first, 0.8), (second, 0.65), (lighten(first, 0.5), 0.3)):
        cloud = clouds_of_noise(rng)
        canvas.veil(((cloud - 0.42) * 1.9).clip(0, 1) ** 1.6, colour, alpha=strength)
    count = int(260 * max(1.0, canvas.width / canvas.height))
    sky.scatter_stars(
        canvas, rng, top=0, bottom=canvas.height * 1.5, count=count, colour=(250, 246, 235)
    )
    if not any(subject.name in {"planet", "moon"} for subject in stage.brief.subjects):
        size = canvas.short * rng.uniform(0.09, 0.15)
        x = canvas.width * rng.choice((0.2, 0.8))
        paint_planet(
            canvas,
            rng,
            x=x,
            y=canvas.height * 0.24,
            size=size,
            colour=NAMED[rng.choice(["coral", "amber", "turquoise", "lavender"])],
        )
    _rim(stage)
    stage.horizon, stage.ground = canvas.height * 0.8, canvas.height * 0.74
    stage.sun = (0, 0)


def _rim(stage: Stage) -> None:
    canvas = stage.canvas
    colour = stage.brief.tint or stage.rng.choice(((90, 110, 210), (200, 110, 150), (70, 150, 170)))
    reach = max(canvas.width, canvas.height) * 1.1
    y = canvas.height * 0.84 + reach
    for grow, alpha in ((0.05, 0.16), (0.025, 0.25), (0.01, 0.4)):
        canvas.fill(
            shapes.ellipse(canvas.width / 2, y, reach * (1 + grow)),
            colour,
            alpha=alpha,
            blur=canvas.short * 0.012,
        )
    world = shapes.ellipse(canvas.width / 2, y, reach)
    canvas.fill(world, Gradient((lighten(colour, 0.25), darken(colour, 0.35), darken(colour, 0.7))))


def paint_planet(
    canvas: Canvas,
    rng: Random,
    *,
    x: float,
    y: float,
    size: float,
    colour: Colour,
    ringed: bool | None = None,
) -> None:
    """Paint a banded planet of radius `size` pixels, lit from the upper left."""
    canvas.glow(x, y, size * 2.2, lighten(colour, 0.3), 0.3)
    disc = shapes.ellipse(x, y, size)
    canvas.fill(disc, Gradient((lighten(colour, 0.32), colour)))
    at = y - size
    while at < y + size:
        thick = size * rng.uniform(0.08, 0.24)
        tone = mix(colour, rng.choice(((255, 240, 220), (60, 30, 80), colour)), 0.26)
        band = shapes.ellipse(x, at, size * 1.4, thick * 0.6, -12)
        canvas.fill(band, tone, clip=disc, alpha=0.8)
        at += thick * 1.5
    shade = shapes.ellipse(x + size * 0.42, y + size * 0.42, size * 1.12)
    canvas.fill(shade, darken(colour, 0.8), alpha=0.42, blur=size * 0.16, clip=disc)
    if ringed if ringed is not None else rng.random() < 0.5:
        for reach, tone in (
            (1.85, lighten(colour, 0.55)),
            (1.62, mix(colour, (255, 236, 214), 0.35)),
        ):
            hoop = shapes.pie(x, y, size * reach, size * reach * 0.26, -25, 205, 16)[0][1:]
            canvas.fill(shapes.stroke(hoop, size * 0.10), tone, alpha=0.85)
