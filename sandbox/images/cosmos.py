"""Outer space: nebulae, stars, a planet and the rim of another."""

from __future__ import annotations

from sandbox.images import shapes, sky
from sandbox.images.canvas import Gradient, vertical
from sandbox.images.palette import NAMED, Color, darken, lighten, mix
from sandbox.images.stage import Stage
from sandbox.images.weather import clouds_of_noise

_NEBULAE: tuple[tuple[Color, Color], ...] = (
    ((150, 50, 170), (40, 120, 210)),
    ((220, 70, 110), (90, 60, 200)),
    ((30, 160, 170), (120, 60, 190)),
)


def paint_space(stage: Stage) -> None:
    """Paint two nebulae over black-blue, stars, a planet, and the rim of a world below."""
    canvas, rng, tint = stage.canvas, stage.rng, stage.brief.tint
    stage.airless = True
    top, low = (darken(tint, 0.88), darken(tint, 0.7)) if tint else ((8, 8, 28), (26, 16, 58))
    canvas.image.paste(vertical((top, low, top), canvas.width, canvas.height), (0, 0))
    first, second = rng.choice(_NEBULAE)
    first = tint or first
    for color, strength in ((first, 0.8), (second, 0.65), (lighten(first, 0.5), 0.3)):
        cloud = ((clouds_of_noise(rng) - 0.42) * 1.9).clip(0, 1) ** 1.6
        canvas.veil(cloud, color, alpha=strength)
    count = int(260 * max(1.0, canvas.width / canvas.height))
    bottom = canvas.height * 1.5
    sky.scatter_stars(canvas, rng, top=0, bottom=bottom, count=count, color=(250, 246, 235))
    _planet(stage)
    _rim(stage)


def _rim(stage: Stage) -> None:
    canvas = stage.canvas
    color = stage.brief.tint or stage.rng.choice(((90, 110, 210), (200, 110, 150), (70, 150, 170)))
    x, reach = canvas.width / 2, max(canvas.width, canvas.height) * 1.1
    y = canvas.height * 0.84 + reach
    for grow, alpha in ((0.05, 0.16), (0.025, 0.25), (0.01, 0.4)):
        air = shapes.ellipse(x, y, reach * (1 + grow))
        canvas.fill(air, color, alpha=alpha, blur=canvas.short * 0.012)
    tones = (lighten(color, 0.25), darken(color, 0.35), darken(color, 0.7))
    canvas.fill(shapes.ellipse(x, y, reach), Gradient(tones))


def _planet(stage: Stage) -> None:
    """Paint a banded planet, lit from the upper left, sometimes with a ring."""
    canvas, rng = stage.canvas, stage.rng
    color = NAMED[rng.choice(["coral", "amber", "turquoise", "lavender"])]
    x, y = canvas.width * rng.choice((0.2, 0.8)), canvas.height * 0.24
    size = canvas.short * rng.uniform(0.09, 0.15)
    canvas.glow(x, y, size * 2.2, lighten(color, 0.3), 0.3)
    disc = shapes.ellipse(x, y, size)
    canvas.fill(disc, Gradient((lighten(color, 0.32), color)))
    at = y - size
    while at < y + size:
        thick = size * rng.uniform(0.08, 0.24)
        tone = mix(color, rng.choice(((255, 240, 220), (60, 30, 80), color)), 0.26)
        band = shapes.ellipse(x, at, size * 1.4, thick * 0.6, -12)
        canvas.fill(band, tone, clip=disc, alpha=0.8)
        at += max(1.0, thick * 1.5)
    shade = shapes.ellipse(x + size * 0.42, y + size * 0.42, size * 1.12)
    canvas.fill(shade, darken(color, 0.8), alpha=0.42, blur=size * 0.16, clip=disc)
    if rng.random() < 0.5:
        hoop = shapes.pie(x, y, size * 1.75, size * 0.46, -25, 205, 16)[0][1:]
        canvas.fill(shapes.stroke(hoop, size * 0.16), lighten(color, 0.5), alpha=0.85)
