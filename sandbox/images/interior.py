"""Indoors: a room with a window, and a plain product photo set."""

from __future__ import annotations

from sandbox.images import shapes, sky
from sandbox.images.canvas import Canvas, Gradient, vertical
from sandbox.images.palette import NAMED, Color, darken, lighten, mix
from sandbox.images.stage import Stage

# The backdrop, and the form in front of it.
_SETS: tuple[tuple[Color, Color], ...] = (
    ((247, 214, 196), (232, 118, 92)),
    ((204, 226, 214), (62, 140, 122)),
    ((222, 212, 240), (128, 104, 196)),
    ((250, 232, 196), (240, 172, 74)),
    ((200, 222, 242), (70, 128, 206)),
    ((244, 208, 216), (206, 84, 118)),
    ((226, 220, 210), (178, 132, 96)),
    ((190, 222, 226), (250, 158, 112)),
    ((44, 52, 92), (240, 140, 110)),
)
_WALLS: tuple[Color, ...] = (
    (236, 206, 178), (196, 214, 204), (222, 196, 204), (186, 204, 222),
)  # fmt: skip
_FLOOR = 0.74  # how far down the floor begins


def paint_room(stage: Stage) -> None:
    """Paint a wall, a window with the time of day in it, a floor and a rug."""
    canvas, rng, light = stage.canvas, stage.rng, stage.light
    width, height, line = canvas.width, canvas.height, canvas.height * _FLOOR
    wall = light.lit(mix(stage.brief.tint or rng.choice(_WALLS), (250, 244, 234), 0.12))
    floor = light.lit((176, 122, 84))
    shades = (darken(wall, 0.1), wall, lighten(wall, 0.08))
    canvas.image.paste(vertical(shades, width, height), (0, 0))
    _window(stage, wall)
    canvas.fill(shapes.box(-5, line, width + 5, height + 5), Gradient((floor, darken(floor, 0.28))))
    for i in range(1, 5):
        y = line + (height - line) * (i / 5) ** 1.3
        board = shapes.box(-5, y, width + 5, y + canvas.short * 0.002)
        canvas.fill(board, darken(floor, 0.35), alpha=0.5)
    canvas.fill(shapes.box(-5, line - canvas.short * 0.022, width + 5, line), lighten(wall, 0.4))
    rug = NAMED[rng.choice(["teal", "coral", "indigo", "amber", "rose"])]
    half = min(width * 0.36, height * 0.5)
    for reach, tone in ((1.0, rug), (0.86, lighten(rug, 0.35)), (0.8, rug)):
        oval = shapes.ellipse(width / 2, height * 0.895, half * reach, height * 0.07 * reach)
        canvas.fill(oval, light.lit(tone))
    stage.horizon, stage.ground = line, height * 0.905


def _window(stage: Stage, wall: Color) -> None:
    canvas, rng, light = stage.canvas, stage.rng, stage.light
    side = min(canvas.width * 0.34, canvas.height * 0.36)
    x = canvas.width * (0.27 if stage.titled or rng.random() < 0.5 else 0.72)
    y = canvas.height * (0.52 if stage.titled else 0.36)
    x0, y0, x1, y1 = x - side * 0.5, y - side * 0.62, x + side * 0.5, y + side * 0.62
    edge, bar = side * 0.06, side * 0.015
    pane = shapes.box(x0, y0, x1, y1, side * 0.03)
    trim = lighten(wall, 0.6)
    canvas.fill(shapes.box(x0 - edge, y0 - edge, x1 + edge, y1 + edge, side * 0.05), trim)
    canvas.fill(pane, Gradient(light.sky))
    if light.night:
        inner = Canvas(canvas.image.crop((round(x0), round(y0), round(x1), round(y1))))
        sky.scatter_stars(inner, rng, top=0, bottom=inner.height * 0.9, count=26, color=light.glow)
        canvas.image.paste(inner.image, (round(x0), round(y0)))
    sun = shapes.ellipse(x + side * 0.16, y - side * 0.2, side * 0.12)
    canvas.fill(sun, lighten(light.glow, 0.4), clip=pane)
    far = shapes.ellipse(x + side * 0.3, y1 + side * 0.25, side * 0.8, side * 0.5)
    canvas.fill(far, light.land, clip=pane)
    near = shapes.ellipse(x - side * 0.4, y1 + side * 0.3, side * 0.7, side * 0.48)
    canvas.fill(near, light.near, clip=pane, alpha=0.75)
    cross = shapes.box(x - bar, y0, x + bar, y1) + shapes.box(x0, y - bar, x1, y + bar)
    canvas.fill(cross, trim)
    sill = shapes.box(x0 - side * 0.1, y1 + side * 0.05, x1 + side * 0.1, y1 + side * 0.12, bar)
    canvas.fill(sill, lighten(wall, 0.7))
    foot = canvas.height
    beam = shapes.polygon((x0, y1), (x1, y1), (x1 + side, foot), (x0 + side * 0.6, foot))
    canvas.fill(beam, light.glow, alpha=0.13, blur=side * 0.03)


def paint_studio(stage: Stage) -> None:
    """Paint a seamless backdrop with one large form behind a low plinth."""
    canvas, rng, tint = stage.canvas, stage.rng, stage.brief.tint
    width, height, line = canvas.width, canvas.height, canvas.height * _FLOOR
    back, shade = rng.choice(_SETS)
    if tint is not None:
        back, shade = lighten(tint, 0.62), mix(tint, back, 0.12)
    if stage.light.night:
        back, shade = darken(shade, 0.72), darken(shade, 0.3)
    shades = (darken(back, 0.08), back, lighten(back, 0.3))
    canvas.image.paste(vertical(shades, width, height), (0, 0))
    size = min(width, height) * 0.36
    x, y = width * 0.5, line - size * 0.92
    kind = rng.randrange(3)
    if kind == 0:
        canvas.fill(shapes.ellipse(x, y, size), Gradient((lighten(shade, 0.3), shade)))
    elif kind == 1:
        half = size * 0.8
        arch = shapes.box(x - half, y - size * 0.9, x + half, line + size * 0.4, half)
        canvas.fill(arch, Gradient((lighten(shade, 0.22), shade)))
    else:
        for step, reach in enumerate((1.08, 0.84, 0.6)):
            ring = shapes.ellipse(x, y, size * reach)
            canvas.fill(ring, mix(shade, back, 0.6 - 0.28 * step))
    floor = lighten(back, 0.12)
    canvas.fill(shapes.box(-5, line, width + 5, height + 5), Gradient((floor, darken(floor, 0.1))))
    _plinth(canvas, x, height * 0.88, size, mix(shade, back, 0.45))
    stage.horizon, stage.ground = line, height * 0.835


def _plinth(canvas: Canvas, x: float, y: float, size: float, color: Color) -> None:
    reach, tall, tilt = size * 1.12, size * 0.17, size * 0.2
    shadow = shapes.ellipse(x, y + tall * 0.5, reach * 1.12, tilt * 1.25)
    canvas.fill(shadow, darken(color, 0.55), alpha=0.3, blur=size * 0.05)
    side = shapes.box(x - reach, y - tall, x + reach, y) + shapes.ellipse(x, y, reach, tilt)
    canvas.fill(side, Gradient((lighten(color, 0.1), color, darken(color, 0.28)), across=True))
    top = Gradient((lighten(color, 0.22), lighten(color, 0.42)))
    canvas.fill(shapes.ellipse(x, y - tall, reach, tilt), top)
