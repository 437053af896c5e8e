"""Open country: mountains and forests."""

from __future__ import annotations

import math
from random import Random

from sandbox.images import shapes
from sandbox.images.canvas import Canvas, Gradient
from sandbox.images.palette import Color, darken, lighten, mix
from sandbox.images.shapes import Point, Shape
from sandbox.images.stage import Stage, open_sky
from sandbox.images.water import mirror

_MOST = 300  # most blades of grass or trees in a row, for very wide pictures


def paint_mountains(stage: Stage) -> None:
    """Paint three ranges of faceted peaks, with trees or a lake in front."""
    canvas, light, rng = stage.canvas, stage.light, stage.rng
    horizon = canvas.height * rng.uniform(0.66, 0.72)
    open_sky(stage, horizon=horizon)
    snowy = light.sky[0][2] > 120 or stage.asks("snow", "snowy", "winter", "alps")
    for depth, count, height in ((0.12, 6, 0.26), (0.34, 5, 0.36), (0.58, 4, 0.27)):
        color = stage.layer(depth)
        base = horizon + canvas.height * 0.02
        for slot in rng.sample(range(count), count):
            x = canvas.width * ((slot + 0.5) / count + rng.uniform(-0.09, 0.09))
            tall = canvas.height * height * rng.uniform(0.7, 1.2)
            _mountain(stage, x=x, base=base, tall=tall, color=color, snow=snowy and depth < 0.5)
        mist(canvas, base, light.haze, canvas.height * 0.12, 0.55 - 0.5 * depth)
    wet = stage.asks("lake") or stage.shows("boat") or (rng.random() < 0.45 and not stage.titled)
    tree_line(canvas, rng, y=horizon, height=canvas.short * 0.055, color=stage.layer(0.78))
    if wet:
        mirror(stage, waterline=horizon + canvas.short * 0.008)
        stage.afloat = canvas.height * 0.84
    else:
        _rolling(stage, top=horizon - canvas.short * 0.012, steps=(0.72, 0.88))
    edge = canvas.height * (0.93 if wet else 0.95)
    bank = stage.layer(0.93)
    canvas.fill(_hill(canvas, rng, edge, canvas.short * 0.02), Gradient((bank, darken(bank, 0.3))))
    grass(canvas, rng, y=edge, height=canvas.short * 0.05, color=bank)
    stage.ground = canvas.height * 0.92


def _mountain(
    stage: Stage, *, x: float, base: float, tall: float, color: Color, snow: bool
) -> None:
    canvas, rng, light = stage.canvas, stage.rng, stage.light
    left = _slope(rng, (x, base - tall), (x - tall * rng.uniform(0.85, 1.15), base))
    right = _slope(rng, (x, base - tall), (x + tall * rng.uniform(0.85, 1.15), base))
    outline = [left[::-1] + right[1:]]
    lit = lighten(mix(color, light.glow, 0.16), 0.05)
    shade = darken(color, 0.14)
    foot = mix(color, light.haze, 0.5)
    ridge = _slope(rng, (x, base - tall), (x + tall * rng.uniform(-0.15, 0.15), base), 0.09)
    shady = right if stage.sun[0] < x else left
    canvas.fill(outline, Gradient((lit, mix(lit, color, 0.6), foot)))
    shadow = [ridge + shady[::-1]]
    canvas.fill(shadow, Gradient((shade, mix(shade, foot, 0.4), foot)))
    if snow:
        top, depth, teeth = base - tall, tall * rng.uniform(0.24, 0.34), 7
        edge = [
            (
                x + depth * 1.6 * (i / teeth - 0.5) * 2,
                top + depth * (1.0 if i % 2 else 0.55) * rng.uniform(0.8, 1.2),
            )
            for i in range(teeth, -1, -1)
        ]
        cap: Shape = [[(x - depth * 2, top - 4), (x + depth * 2, top - 4), *edge]]
        white = light.lit((250, 250, 255))
        canvas.fill(cap, white, clip=outline, alpha=0.94)
        canvas.fill(cap, mix(white, (92, 116, 176), 0.42), clip=shadow, alpha=0.9)


def _slope(rng: Random, top: Point, foot: Point, rough: float = 0.035) -> list[Point]:
    steps = 9
    reach = abs(foot[1] - top[1])
    points = [top]
    for i in range(1, steps):
        t = i / steps
        wobble = rng.uniform(-rough, rough) * reach
        points.append((top[0] + (foot[0] - top[0]) * t + wobble, top[1] + (foot[1] - top[1]) * t))
    return [*points, foot]


def mist(canvas: Canvas, base: float, color: Color, height: float, alpha: float) -> None:
    """Draw a bank of mist along `base` (pixels)."""
    bank = shapes.box(-canvas.width, base - height, canvas.width * 2, base + height * 0.5)
    canvas.fill(bank, color, alpha=max(0.0, alpha), blur=height * 0.42)


def _hill(canvas: Canvas, rng: Random, y: float, swell: float) -> Shape:
    """Return land below a rolling line at about `y`."""
    phase, speed = rng.uniform(0, 6.28), rng.uniform(0.7, 1.3)
    line: list[Point] = []
    for i in range(49):
        t = i / 48
        lift = math.sin(t * 5.1 * speed + phase) + 0.35 * math.sin(t * 11.7 * speed + phase * 1.7)
        line.append((t * canvas.width * 1.02 - canvas.width * 0.01, y + swell * lift))
    return [[*line, (canvas.width + 9, canvas.height + 9), (-9, canvas.height + 9)]]


def _rolling(stage: Stage, *, top: float, steps: tuple[float, ...]) -> None:
    canvas = stage.canvas
    for index, nearness in enumerate(steps):
        y = top + (canvas.height - top) * index / len(steps)
        color = stage.layer(nearness)
        hill = _hill(canvas, stage.rng, y, canvas.short * 0.018)
        canvas.fill(hill, Gradient((lighten(color, 0.1), color, darken(color, 0.12))))


def paint_forest(stage: Stage) -> None:
    """Paint rows of firs in mist, larger and darker toward the viewer."""
    canvas, light, rng = stage.canvas, stage.light, stage.rng
    horizon = canvas.height * 0.66
    open_sky(stage, horizon=horizon)
    canvas.glow(*stage.sun, canvas.short * 0.7, light.glow, 0.45)
    for near, height in ((0.1, 0.26), (0.32, 0.34), (0.56, 0.46)):
        y = horizon + canvas.height * 0.10 * near
        tall = canvas.height * height
        tree_line(canvas, rng, y=y, height=tall, color=stage.layer(near), wide=1.3)
        mist(canvas, y, light.haze, canvas.height * 0.16, 0.55 - 0.4 * near)
    _rolling(stage, top=canvas.height * 0.72, steps=(0.62, 0.76))
    _path(stage)
    for side in (-1, 1):
        for near, reach in ((0.8, 0.40), (0.95, 0.50)):
            x = canvas.width * (0.5 + side * reach * rng.uniform(0.92, 1.02))
            y = canvas.height * (0.86 + 0.12 * near)
            color = stage.layer(near)
            fir = _fir(rng, x, y, canvas.height * (0.62 + 0.3 * near), 0.26)
            canvas.fill(fir, Gradient((mix(color, light.haze, 0.12), darken(color, 0.2))))
    front = canvas.height * 0.975
    grass(canvas, rng, y=front, height=canvas.short * 0.07, color=stage.layer(0.95))
    stage.ground = canvas.height * 0.87


def _path(stage: Stage) -> None:
    canvas = stage.canvas
    bend = stage.rng.uniform(-0.12, 0.12) * canvas.width
    middle, top = canvas.width * 0.5, canvas.height * 0.73
    wide, low, foot = canvas.width, canvas.height * 0.84, canvas.height * 1.02
    turn = middle - bend * 0.4
    left = [(middle + bend, top), (turn - wide * 0.03, low), (middle - wide * 0.17, foot)]
    right = [
        (middle + bend + wide * 0.012, top),
        (turn + wide * 0.05, low),
        (middle + wide * 0.17, foot),
    ]
    color = mix(stage.layer(0.5), stage.light.glow, 0.42)
    tones = Gradient((lighten(color, 0.15), darken(color, 0.15)))
    canvas.fill([shapes.curve(left) + shapes.curve(right)[::-1]], tones, alpha=0.85)


def tree_line(
    canvas: Canvas, rng: Random, *, y: float, height: float, color: Color, wide: float = 1.0
) -> None:
    """Draw a row of firs along `y` (pixels)."""
    firs: Shape = []
    x = -height * 0.2
    while x < canvas.width + height * 0.2:
        tall = height * rng.uniform(0.55, 1.1)
        firs += _fir(rng, x, y + height * 0.05, tall, 0.2)
        x += max(height * rng.uniform(0.16, 0.34) * wide, canvas.width / _MOST)
    firs += shapes.box(-5, y, canvas.width + 5, y + height * 0.09)
    canvas.fill(firs, Gradient((mix(color, (255, 255, 255), 0.05), color)))


def _fir(rng: Random, x: float, y: float, tall: float, spread: float) -> Shape:
    tiers = 6
    left: list[Point] = []
    right: list[Point] = []
    for tier in range(tiers):
        t = (tier + 1) / tiers
        reach = tall * spread * t * rng.uniform(0.88, 1.08)
        level = y - tall * (1 - t * 0.93)
        left += [(x - reach, level), (x - reach * 0.5, level - tall * 0.028)]
        right += [(x + reach, level), (x + reach * 0.5, level - tall * 0.028)]
    trunk = shapes.box(x - tall * 0.02, y - tall * 0.1, x + tall * 0.02, y)
    return [[(x, y - tall), *right, *left[::-1]], *trunk]


def grass(canvas: Canvas, rng: Random, *, y: float, height: float, color: Color) -> None:
    """Draw blades of grass along `y` (pixels) across the whole width."""
    blades: Shape = []
    x = -height
    while x < canvas.width + height:
        tall = height * rng.uniform(0.35, 1.0)
        lean = rng.uniform(-0.35, 0.35) * tall
        foot = height * 0.05
        half, bend, root = foot * 0.6, x + lean * 0.5, y + height * 0.3
        left, right = (
            [(x - foot, root), (bend - half, y - tall * 0.5)],
            [(bend + half, y - tall * 0.5), (x + foot, root)],
        )
        blades.append([*left, (x + lean, y - tall), *right])
        x += max(height * rng.uniform(0.08, 0.28), canvas.width / _MOST)
    canvas.fill(blades, Gradient((lighten(color, 0.12), color)))
