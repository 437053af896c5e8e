"""Skies: gradient, sun, moon, stars, clouds."""

from __future__ import annotations

from random import Random

from sandbox.images import shapes
from sandbox.images.canvas import Canvas, Gradient, vertical
from sandbox.images.palette import Color, Light, darken, lighten, mix
from sandbox.images.shapes import Shape


def paint_sky(canvas: Canvas, light: Light, *, horizon: float) -> None:
    """Fill the canvas with the sky, its lowest color at `horizon` (pixels)."""
    canvas.image.paste(light.sky[2], (0, 0, canvas.width, canvas.height))
    height = max(1, min(canvas.height, round(horizon)))
    canvas.image.paste(vertical(light.sky, canvas.width, height), (0, 0))


def hang_sun(canvas: Canvas, light: Light, *, x: float, y: float, size: float) -> None:
    """Draw a sun of radius `size` pixels with a halo."""
    canvas.glow(x, y, size * 7, light.glow, 0.5)
    canvas.glow(x, y, size * 2.6, lighten(light.glow, 0.4), 0.55)
    disc = shapes.ellipse(x, y, size)
    canvas.fill(disc, Gradient((lighten(light.glow, 0.75), light.glow)))


def hang_moon(
    canvas: Canvas, light: Light, *, x: float, y: float, size: float, crescent: bool
) -> None:
    """Draw a moon of radius `size` pixels, full or crescent."""
    canvas.glow(x, y, size * 5, light.glow, 0.42)
    if crescent:
        outside = shapes.pie(x, y, size, size, 90, 270, 30)
        inside = shapes.pie(x, y, size * 0.3, size, 270, 90, 30)
        canvas.fill([outside[0][1:] + inside[0][1:]], lighten(light.glow, 0.3))
        return
    disc = shapes.ellipse(x, y, size)
    canvas.fill(disc, Gradient((lighten(light.glow, 0.5), darken(light.glow, 0.08)), across=True))
    for dx, dy, reach in (
        (-0.3, -0.25, 0.2),
        (0.3, 0.1, 0.27),
        (-0.15, 0.42, 0.15),
        (0.2, -0.5, 0.1),
    ):
        crater = shapes.ellipse(x + dx * size, y + dy * size, reach * size)
        canvas.fill(crater, darken(light.glow, 0.2), alpha=0.45, clip=disc)


def scatter_stars(
    canvas: Canvas, rng: Random, *, top: float, bottom: float, count: int, color: Color
) -> None:
    """Scatter stars between two heights (pixels), fewer toward the bottom."""
    small: Shape = []
    unit = max(0.6, canvas.short / 1000)
    for _ in range(count):
        x = rng.random() * canvas.width
        y = top + (bottom - top) * rng.random() ** 1.5
        size = unit * rng.choice((0.7, 0.8, 1.0, 1.3, 1.9))
        if size > 1.8 * unit and rng.random() < 0.4:
            canvas.glow(x, y, size * 7, color, 0.55)
            small += shapes.star(x, y, size * 3.6, 4, 0.16)
        else:
            small += shapes.polygon((x - size, y), (x, y - size), (x + size, y), (x, y + size))
    canvas.fill(small, color, alpha=0.92)


def drift_clouds(
    canvas: Canvas, light: Light, rng: Random, *, top: float, bottom: float, count: int
) -> None:
    """Draw flat-bottomed clouds between two heights (pixels)."""
    for index in range(count):
        depth = (index + 1) / count
        size = canvas.short * (0.10 + 0.16 * depth) * rng.uniform(0.8, 1.2)
        x = rng.uniform(-0.05, 1.05) * canvas.width
        y = top + (bottom - top) * (0.2 + 0.8 * rng.random())
        _cloud(canvas, light, rng, x, y, size)


def _cloud(canvas: Canvas, light: Light, rng: Random, x: float, y: float, size: float) -> None:
    body: Shape = [*shapes.box(x - size, y - size * 0.16, x + size, y, size * 0.08)]
    puffs = rng.randint(4, 6)
    for i in range(puffs):
        at = (i + 0.5) / puffs * 2 - 1
        radius = size * (0.38 - 0.22 * abs(at)) * rng.uniform(0.85, 1.15)
        body += shapes.ellipse(x + at * size * 0.78, y - radius * 0.75, radius)
    under = shapes.box(x - size * 2, y - size, x + size * 2, y)
    color = (
        mix(light.sky[0], light.glow, 0.62) if light.night else mix(light.sky[2], light.glow, 0.7)
    )
    shade = mix(color, light.sky[1], 0.5)
    paint = Gradient((color, color, shade))
    canvas.fill(body, paint, alpha=0.30 if light.night else 0.88, clip=under)


def bank_clouds(canvas: Canvas, light: Light, rng: Random, *, horizon: float) -> None:
    """Draw long thin bands of cloud above the horizon."""
    for _ in range(rng.randint(3, 5)):
        y = horizon * rng.uniform(0.35, 0.93)
        length = canvas.width * rng.uniform(0.18, 0.5)
        x = rng.uniform(-0.1, 0.9) * canvas.width
        thick = canvas.short * rng.uniform(0.006, 0.016)
        color = mix(light.sky[2], light.glow, 0.5)
        bars = shapes.box(x, y, x + length, y + thick, thick / 2)
        bars += shapes.box(
            x + length * 0.25, y + thick * 1.9, x + length * 1.2, y + thick * 2.9, thick / 2
        )
        canvas.fill(bars, color, alpha=0.42)
