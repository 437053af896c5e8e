"""Cities: skylines with lit windows, a street or a quay in front."""

from __future__ import annotations

from sandbox.images import shapes
from sandbox.images.canvas import Gradient
from sandbox.images.landscape import mist
from sandbox.images.palette import Color, darken, lighten, mix
from sandbox.images.shapes import Shape
from sandbox.images.stage import Stage, open_sky
from sandbox.images.water import mirror

_LAMPLIGHT: Color = (255, 214, 130)


def paint_city(stage: Stage) -> None:
    """Paint three rows of buildings behind a street or a river."""
    canvas, rng, light = stage.canvas, stage.rng, stage.light
    horizon = canvas.height * rng.uniform(0.72, 0.76)
    open_sky(stage, horizon=horizon)
    canvas.glow(canvas.width / 2, horizon, canvas.width * 0.7, light.sky[2], 0.5)
    room = 0.62 if stage.titled else 1.0
    for near, tall, wide in ((0.12, 0.50, 0.075), (0.42, 0.38, 0.095), (0.72, 0.25, 0.12)):
        _row(stage, base=horizon, near=near, tall=canvas.height * tall * room, wide=wide)
        mist(canvas, horizon, light.haze, canvas.height * 0.14, 0.40 * (1 - near))
    if stage.asks("river") or (rng.random() < 0.4 and not stage.asks("street")):
        mirror(stage, waterline=horizon)
        stage.afloat = canvas.height * 0.88
        quay = darken(stage.layer(0.95), 0.1)
        canvas.fill(
            shapes.box(-5, canvas.height * 0.93, canvas.width + 5, canvas.height + 5),
            Gradient((quay, darken(quay, 0.4))),
        )
        stage.ground = canvas.height * 0.94
    else:
        _street(stage, horizon)
        stage.ground = canvas.height * 0.9


def _row(stage: Stage, *, base: float, near: float, tall: float, wide: float) -> None:
    canvas, rng, light = stage.canvas, stage.rng, stage.light
    color = mix(mix(light.far, light.near, near), light.haze, 0.12)
    unit = canvas.width * wide * min(1.0, max(0.2, canvas.height / canvas.width * 1.3))
    dark = light.night or light.sky[0][2] < 120
    bodies: Shape = []
    sides: Shape = []
    lamps: Shape = []
    dull: Shape = []
    x = -unit * rng.random()
    while x < canvas.width:
        width = unit * rng.uniform(0.7, 1.3)
        height = tall * rng.uniform(0.4, 1.0)
        top = base - height
        bodies += shapes.box(x, top, x + width, base + 5)
        bodies += _roof(stage, x, top, width)
        sides += shapes.box(x + width * 0.68, top, x + width, base + 5)
        _windows(stage, (x, top, width, height), lamps if dark else dull, dull)
        x += width * rng.uniform(0.94, 1.15)
    lit = lighten(mix(color, light.glow, 0.14), 0.03)
    canvas.fill(bodies, Gradient((lit, color, mix(color, light.haze, 0.3 * (1 - near)))))
    canvas.fill(sides, darken(color, 0.3), alpha=0.45)
    glass = mix(color, light.sky[1], 0.5) if not dark else darken(color, 0.35)
    canvas.fill(dull, glass, alpha=0.55)
    if lamps:
        canvas.fill(lamps, mix(_LAMPLIGHT, color, 0.38 - 0.38 * near), alpha=0.95)


def _roof(stage: Stage, x: float, top: float, width: float) -> Shape:
    rng, kind = stage.rng, stage.rng.random()
    if kind < 0.25:
        step = width * rng.uniform(0.2, 0.3)
        return shapes.box(x + step, top - width * 0.22, x + width - step, top + 2)
    if kind < 0.4:
        mast = x + width * rng.uniform(0.35, 0.65)
        thin = max(0.6, width * 0.018)
        return shapes.box(
            x + width * 0.25, top - width * 0.15, x + width * 0.75, top + 2
        ) + shapes.box(mast - thin, top - width * 0.75, mast + thin, top)
    if kind < 0.52:
        return shapes.polygon(
            (x, top + 1), (x + width / 2, top - width * 0.5), (x + width, top + 1)
        )
    if kind < 0.62:
        return shapes.polygon((x, top + 1), (x, top - width * 0.3), (x + width, top + 1))
    return []


def _windows(
    stage: Stage, house: tuple[float, float, float, float], lamps: Shape, dull: Shape
) -> None:
    x, top, width, height = house
    rng = stage.rng
    columns = rng.choice((3, 4, 5))
    cell = width / (columns + 0.6)
    rows = min(26, int(height / (cell * 1.35)))
    share = rng.uniform(0.25, 0.62)
    for row in range(rows):
        for column in range(columns):
            if rng.random() > share:
                continue
            left = x + cell * (column + 0.52)
            upper = top + cell * (0.55 + row * 1.35)
            pane = shapes.box(left, upper, left + cell * 0.56, upper + cell * 0.72)
            (lamps if rng.random() < 0.85 else dull).extend(pane)


def _street(stage: Stage, horizon: float) -> None:
    canvas, light = stage.canvas, stage.light
    road = mix(stage.layer(0.85), light.haze, 0.12)
    walk = mix(road, light.haze, 0.22)
    canvas.fill(
        shapes.box(-5, horizon, canvas.width + 5, canvas.height + 5),
        Gradient((walk, darken(walk, 0.2))),
    )
    middle, wide = canvas.width / 2, max(canvas.width * 0.62, canvas.height * 0.3)
    bed = shapes.polygon(
        (middle - wide * 0.10, horizon), (middle + wide * 0.10, horizon),
        (middle + wide, canvas.height + 5), (middle - wide, canvas.height + 5),
    )  # fmt: skip
    canvas.fill(bed, Gradient((mix(road, light.sky[2], 0.35), road, darken(road, 0.3))))
    if "rain" in stage.brief.weather or light.night:
        for _ in range(16):
            x = stage.rng.random() * canvas.width
            y = horizon + (canvas.height - horizon) * stage.rng.random()
            tone = stage.rng.choice((_LAMPLIGHT, light.sky[2], light.glow))
            smear = shapes.box(x, y, x + canvas.short * 0.012, y + canvas.short * 0.11)
            canvas.fill(smear, tone, alpha=0.32, blur=canvas.short * 0.006)
    depth = canvas.height - horizon
    for step in range(6):
        t0, t1 = (step / 6) ** 1.8, ((step + 0.5) / 6) ** 1.8
        half0, half1 = wide * (0.006 + 0.022 * t0), wide * (0.006 + 0.022 * t1)
        mark = shapes.polygon(
            (middle - half0, horizon + depth * t0), (middle + half0, horizon + depth * t0),
            (middle + half1, horizon + depth * t1), (middle - half1, horizon + depth * t1),
        )  # fmt: skip
        canvas.fill(mark, lighten(light.haze, 0.5), alpha=0.75)
