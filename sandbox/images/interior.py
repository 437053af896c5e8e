"""Indoors: a room with a window, and the plain set of a product photograph."""

from __future__ import annotations

from sandbox.images import shapes, sky
from sandbox.images.canvas import Canvas, Gradient, vertical
from sandbox.images.palette import NAMED, Colour, darken, lighten, mix
from sandbox.images.stage import Stage

# Backdrop and the form that stands before it.
_SETS: tuple[tuple[Colour, Colour], ...] = (
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


def paint_room(stage: Stage) -> None:
    """Paint a wall, a window with the weather in it, a floor, a table and a plant's shade."""
    canvas, rng, light = stage.canvas, stage.rng, stage.light
    width, height = canvas.width, canvas.height
    wall = light.lit(
        mix(
            stage.brief.tint
            or rng.choice(((236, 206, 178), (196, 214, 204), (222, 196, 204), (186, 204, 222))),
            (250, 244, 234),
            0.12,
        )
    )
    floor = light.lit((176, 122, 84))
    line = height * 0.74
    canvas.image.paste(
        vertical((darken(wall, 0.1), wall, lighten(wall, 0.08)), width, height), (0, 0)
    )
    _window(stage, wall)
    canvas.fill(shapes.box(-5, line, width + 5, height + 5), Gradient((floor, darken(floor, 0.28))))
    for i in range(1, 5):
        y = line + (height - line) * (i / 5) ** 1.3
        canvas.fill(
            shapes.box(-5, y, width + 5, y + canvas.short * 0.002), darken(floor, 0.35), alpha=0.5
        )
    canvas.fill(shapes.box(-5, line - canvas.short * 0.022, width + 5, line), lighten(wall, 0.4))
    rug = NAMED[rng.choice(["teal", "coral", "indigo", "amber", "rose"])]
    for reach, tone in (
        (1.0, light.lit(rug)),
        (0.86, light.lit(lighten(rug, 0.35))),
        (0.8, light.lit(rug)),
    ):
        half = min(width * 0.36, height * 0.5)
        canvas.fill(
            shapes.ellipse(width / 2, height * 0.895, half * reach, height * 0.07 * reach), tone
        )
    stage.horizon, stage.ground = line, height * 0.905
    stage.sun = (width * 0.26, height * 0.3)


def _window(stage: Stage, wall: Colour) -> None:
    canvas, rng, light = stage.canvas, stage.rng, stage.light
    width, height = canvas.width, canvas.height
    side = min(width * 0.34, height * 0.36)
    x = width * (0.27 if stage.titled or rng.random() < 0.5 else 0.72)
    y = height * (0.52 if stage.titled else 0.36)
    x0, y0, x1, y1 = x - side * 0.5, y - side * 0.62, x + side * 0.5, y + side * 0.62
    pane = shapes.box(x0, y0, x1, y1, side * 0.03)
    canvas.fill(
        shapes.box(
            x0 - side * 0.06, y0 - side * 0.06, x1 + side * 0.06, y1 + side * 0.06, side * 0.05
        ),
        lighten(wall, 0.6),
    )
    canvas.fill(pane, Gradient(light.sky))
    if light.night:
        inner = Canvas(canvas.image.crop((round(x0), round(y0), round(x1), round(y1))))
        sky.scatter_stars(inner, rng, top=0, bottom=inner.height * 0.9, count=26, colour=light.glow)
        canvas.image.paste(inner.image, (round(x0), round(y0)))
    canvas.fill(
        shapes.ellipse(x + side * 0.16, y - side * 0.2, side * 0.12),
        lighten(light.glow, 0.4),
        clip=pane,
    )
    hill = shapes.ellipse(x + side * 0.3, y1 + side * 0.25, side * 0.8, side * 0.5)
    canvas.fill(hill, light.land, clip=pane)
    canvas.fill(
        shapes.ellipse(x - side * 0.4, y1 + side * 0.3, side * 0.7, side * 0.48),
        light.near,
        clip=pane,
        alpha=0.75,
    )
    bar = side * 0.03
    frame = shapes.box(x - bar / 2, y0, x + bar / 2, y1) + shapes.box(
        x0, y - bar / 2, x1, y + bar / 2
    )
    canvas.fill(frame, lighten(wall, 0.6))
    sill = shapes.box(
        x0 - side * 0.1, y1 + side * 0.05, x1 + side * 0.1, y1 + side * 0.12, side * 0.02
    )
    canvas.fill(sill, lighten(wall, 0.7))
    beam = shapes.polygon((x0, y1), (x1, y1), (x1 + side * 1.0, height), (x0 + side * 0.6, height))
    canvas.fill(beam, light.glow, alpha=0.13, blur=side * 0.03)


def paint_studio(stage: Stage) -> None:
    """Paint a seamless backdrop with one large plain form behind a low plinth."""
    canvas, rng = stage.canvas, stage.rng
    width, height = canvas.width, canvas.height
    back, shade = rng.choice(_SETS)
    if stage.brief.tint is not None:
        back, shade = lighten(stage.brief.tint, 0.62), mix(stage.brief.tint, back, 0.12)
    if stage.light.night:
        back, shade = darken(shade, 0.72), darken(shade, 0.3)
    line = height * 0.74
    canvas.image.paste(
        vertical((darken(back, 0.08), back, lighten(back, 0.3)), width, height), (0, 0)
    )
    size = min(width, height) * 0.36
    x, y = width * 0.5, line - size * 0.92
    kind = rng.randrange(3)
    if kind == 0:
        disc = shapes.ellipse(x, y, size)
        canvas.fill(disc, Gradient((lighten(shade, 0.3), shade)))
    elif kind == 1:
        arch = shapes.box(
            x - size * 0.8, y - size * 0.9, x + size * 0.8, line + size * 0.4, size * 0.8
        )
        canvas.fill(arch, Gradient((lighten(shade, 0.22), shade)))
    else:
        for step, reach in enumerate((1.08, 0.84, 0.6)):
            ring = shapes.ellipse(x, y, size * reach)
            canvas.fill(ring, mix(shade, back, 0.6 - 0.28 * step))
    floor = lighten(back, 0.12)
    canvas.fill(shapes.box(-5, line, width + 5, height + 5), Gradient((floor, darken(floor, 0.1))))
    _plinth(canvas, x, height * 0.88, size, mix(shade, back, 0.45))
    stage.horizon, stage.ground = line, height * 0.835
    stage.sun = (width * 0.2, height * 0.1)


def _plinth(canvas: Canvas, x: float, y: float, size: float, colour: Colour) -> None:
    reach, tall, tilt = size * 1.12, size * 0.17, size * 0.2
    canvas.fill(
        shapes.ellipse(x, y + tall * 0.5, reach * 1.12, tilt * 1.25),
        darken(colour, 0.55),
        alpha=0.3,
        blur=size * 0.05,
    )
    side = shapes.box(x - reach, y - tall, x + reach, y) + shapes.ellipse(x, y, reach, tilt)
    canvas.fill(side, Gradient((lighten(colour, 0.1), colour, darken(colour, 0.28)), across=True))
    canvas.fill(
        shapes.ellipse(x, y - tall, reach, tilt),
        Gradient((lighten(colour, 0.22), lighten(colour, 0.42))),
    )
