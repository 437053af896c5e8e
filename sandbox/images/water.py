"""Water: mirrors, the open sea, a beach."""

from __future__ import annotations

import math
from random import Random

import numpy as np
from PIL import Image

from sandbox.images import shapes
from sandbox.images.canvas import Canvas, Gradient, vertical
from sandbox.images.palette import Color, darken, lighten, mix
from sandbox.images.shapes import Shape
from sandbox.images.stage import Stage, open_sky


def mirror(stage: Stage, *, waterline: float) -> None:
    """Fill everything below `waterline` (pixels) with still water that reflects the scene above."""
    canvas, light = stage.canvas, stage.light
    top = max(1, min(canvas.height - 1, round(waterline)))
    depth = canvas.height - top
    if depth < 1:
        return
    source = min(top, round(depth * 1.6))
    above = canvas.image.crop((0, top - source, canvas.width, top))
    above = above.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((canvas.width, depth))
    pixels = np.asarray(above)
    rows = np.arange(depth)
    sway = (np.sin(rows * 0.21) + np.sin(rows * 0.057 + 1)) * (0.4 + rows / max(1, depth) * 3.0)
    sway = np.rint(sway * canvas.short / 1000).astype(int)
    columns = (np.arange(canvas.width)[None, :] + sway[:, None]).clip(0, canvas.width - 1)
    rippled = Image.fromarray(pixels[rows[:, None], columns])
    deep = vertical((mix(light.sea, light.haze, 0.5), light.sea), canvas.width, depth)
    canvas.image.paste(Image.blend(rippled, deep, 0.42), (0, top))
    shine = shapes.box(-5, top - 1, canvas.width + 5, top + canvas.short * 0.003)
    canvas.fill(shine, lighten(light.haze, 0.5), alpha=0.6)
    ripple(canvas, stage.rng, top=top, color=lighten(light.haze, 0.35), count=26)


def ripple(canvas: Canvas, rng: Random, *, top: float, color: Color, count: int) -> None:
    """Draw thin bright lines on water, longer toward the viewer."""
    lines: Shape = []
    for _ in range(count):
        near = rng.random()
        y = top + (canvas.height - top) * near
        length = canvas.short * (0.02 + 0.12 * near) * rng.uniform(0.5, 1.4)
        x = rng.random() * canvas.width
        thick = canvas.short * (0.0012 + 0.002 * near)
        lines += shapes.box(x - length, y, x + length, y + thick, thick / 2)
    canvas.fill(lines, color, alpha=0.38)


def glitter(stage: Stage, *, top: float, bottom: float) -> None:
    """Draw the reflection of the sun or moon across the water."""
    canvas, rng, light = stage.canvas, stage.rng, stage.light
    x = stage.sun[0]
    flecks: Shape = []
    steps = 34
    for i in range(steps):
        t = (i + 0.3) / steps
        y = top + (bottom - top) * t**1.35
        spread = canvas.short * (0.05 + 0.11 * t)
        thick = canvas.short * (0.0022 + 0.0045 * t)
        for _ in range(3):
            middle = x + rng.gauss(0, 0.5) * spread
            half = spread * rng.uniform(0.12, 0.45)
            flecks += shapes.box(middle - half, y, middle + half, y + thick, thick / 2)
    canvas.fill(flecks, lighten(light.glow, 0.3), alpha=0.62)


def paint_sea(stage: Stage) -> None:
    """Paint the open sea with swell, far islands and sometimes a beach."""
    canvas, light, rng = stage.canvas, stage.light, stage.rng
    horizon = canvas.height * rng.uniform(0.56, 0.62)
    open_sky(stage, horizon=horizon)
    for _ in range(rng.randint(1, 3)):
        _island(stage, horizon)
    deep = mix(light.sea, light.near, 0.45)
    band = shapes.box(-5, horizon, canvas.width + 5, canvas.height + 5)
    canvas.fill(band, Gradient((mix(light.sea, light.haze, 0.62), light.sea, deep)))
    glitter(stage, top=horizon + 1, bottom=canvas.height * 0.95)
    for index in range(5):
        near = (index + 1) / 5
        y = horizon + (canvas.height - horizon) * near**1.25 * 0.9
        _swell(stage, y=y, near=near)
    stage.afloat = horizon + (canvas.height - horizon) * 0.48
    stage.ground = canvas.height * 0.9
    ashore = any(subject.name not in {"boat", "balloon"} for subject in stage.brief.subjects)
    if ashore or stage.asks("beach", "shore", "coast", "seaside", "cliff", "cliffs"):
        _beach(stage)


def _island(stage: Stage, horizon: float) -> None:
    canvas, rng = stage.canvas, stage.rng
    x, reach = rng.random() * canvas.width, canvas.width * rng.uniform(0.08, 0.24)
    tall = canvas.height * rng.uniform(0.02, 0.075)
    line = [(x - reach, horizon + 1.0)]
    for i in range(1, 9):
        swell = math.sin(i / 9 * math.pi) * rng.uniform(0.5, 1.1)
        line.append((x - reach + 2 * reach * i / 9, horizon - tall * swell))
    line.append((x + reach, horizon + 1.0))
    color = mix(stage.light.far, stage.light.haze, rng.uniform(0.2, 0.5))
    canvas.fill([shapes.curve(line)], Gradient((color, mix(color, stage.light.haze, 0.4))))


def _swell(stage: Stage, *, y: float, near: float) -> None:
    canvas, rng, light = stage.canvas, stage.rng, stage.light
    phase, height = rng.uniform(0, 6.28), canvas.short * 0.009 * (0.4 + near)
    count = max(8, int(64 * canvas.width / canvas.height))
    speed = 1.15 - 0.6 * near
    crests = [abs(math.sin(i * speed + phase)) - 1 for i in range(count + 1)]
    line = [(canvas.width * i / count, y + height * crest) for i, crest in enumerate(crests)]
    color = mix(light.sea, light.near, 0.12 + 0.42 * near)
    fade = canvas.short * 0.16
    body = [[*line, (canvas.width, y + fade), (0, y + fade)]]
    canvas.fill(body, color, alpha=0.30 + 0.2 * near)
    foam = shapes.stroke(line, canvas.short * 0.0022 * (0.6 + near))
    canvas.fill(foam, lighten(light.haze, 0.4), alpha=0.4)


def _beach(stage: Stage) -> None:
    canvas, rng, light = stage.canvas, stage.rng, stage.light
    y = canvas.height * 0.80
    sand = light.lit((240, 212, 160))
    line = [
        (canvas.width * t, y + canvas.height * (0.05 * math.sin(t * 4 + rng.random()) - 0.05 * t))
        for t in (i / 10 - 0.05 for i in range(13))
    ]
    for shift, color, alpha in (
        (-0.022, lighten(light.haze, 0.8), 0.75),
        (-0.008, mix(sand, light.sea, 0.35), 1.0),
        (0.012, sand, 1.0),
    ):
        edge = shapes.curve([(x, py + shift * canvas.height) for x, py in line])
        foot = canvas.height * 1.1
        land = [[*edge, (canvas.width * 1.2, foot), (-canvas.width * 0.1, foot)]]
        canvas.fill(land, Gradient((color, darken(color, 0.14))), alpha=alpha)
    stage.ground = canvas.height * 0.91
