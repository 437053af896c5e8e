"""Abstract pictures, for prompts that name nothing the engine can draw.

The prompt's own words choose the composition, the palette and every proportion.
"""

from __future__ import annotations

import math
from random import Random

from sandbox.images import shapes
from sandbox.images.canvas import Canvas, Gradient, vertical
from sandbox.images.cosmos import clouds_of_noise
from sandbox.images.palette import Colour, darken, lighten, mix, toward
from sandbox.images.stage import Stage

_SCHEMES: tuple[tuple[str, ...], ...] = (
    ("1d3557", "457b9d", "a8dadc", "f1faee", "e63946"),
    ("264653", "2a9d8f", "e9c46a", "f4a261", "e76f51"),
    ("22223b", "4a4e69", "9a8c98", "c9ada7", "f2e9e4"),
    ("2b2d42", "8d5a97", "e07a9b", "f7b7a3", "fff1e0"),
    ("0b3954", "087e8b", "bfd7ea", "ff5a5f", "fff5e8"),
    ("3d2b56", "7b4b94", "d6a2e8", "f9e0d9", "f4b942"),
    ("283618", "606c38", "fefae0", "dda15e", "bc6c25"),
    ("0f1b3d", "27407a", "5c8df6", "a9c9ff", "ffd9a0"),
    ("402039", "8e3b46", "e1604c", "f3a35c", "fbe3b3"),
)  # fmt: skip


def paint_abstract(stage: Stage) -> None:
    """Paint one of five compositions."""
    rng = stage.rng
    scheme = [_hex(word) for word in rng.choice(_SCHEMES)]
    if stage.brief.tint is not None:
        scheme = [toward(colour, stage.brief.tint, 0.8) for colour in scheme]
    if stage.light.night:
        scheme = [darken(colour, 0.25) for colour in scheme]
    rng.choice((_waves, _tiles, _spheres, _arcs, _veils))(stage.canvas, rng, scheme)
    stage.horizon, stage.ground = stage.canvas.height * 0.7, stage.canvas.height * 0.88
    stage.sun = (0, 0)
    stage.airless = True


def _hex(text: str) -> Colour:
    return int(text[0:2], 16), int(text[2:4], 16), int(text[4:6], 16)


def _waves(canvas: Canvas, rng: Random, scheme: list[Colour]) -> None:
    ordered = sorted(scheme, key=sum, reverse=True)
    canvas.image.paste(
        vertical((ordered[0], lighten(ordered[1], 0.3)), canvas.width, canvas.height), (0, 0)
    )
    x, y, size = (
        canvas.width * rng.uniform(0.3, 0.7),
        canvas.height * 0.34,
        canvas.short * rng.uniform(0.14, 0.22),
    )
    canvas.glow(x, y, size * 3, lighten(ordered[2], 0.5), 0.6)
    canvas.fill(shapes.ellipse(x, y, size), Gradient((lighten(scheme[4], 0.3), scheme[4])))
    layers = 8
    for layer in range(layers):
        t = layer / (layers - 1)
        colour = (
            mix(ordered[1], ordered[4], t) if layer % 2 == 0 else mix(ordered[2], ordered[3], t)
        )
        base = canvas.height * (0.36 + 0.58 * t)
        phase, pace, lift = (
            rng.uniform(0, 6.28),
            rng.uniform(0.7, 1.5),
            canvas.height * rng.uniform(0.03, 0.075),
        )
        line = [
            (canvas.width * i / 40, base + lift * math.sin(i / 40 * 6.28 * pace + phase))
            for i in range(-1, 43)
        ]
        body = [
            [
                *line,
                (canvas.width * 1.1, canvas.height * 1.1),
                (-canvas.width * 0.1, canvas.height * 1.1),
            ]
        ]
        canvas.fill(
            [[(px, py - canvas.short * 0.012) for px, py in body[0]]],
            darken(ordered[4], 0.4),
            alpha=0.22,
            blur=canvas.short * 0.014,
        )
        canvas.fill(body, Gradient((lighten(colour, 0.15), colour, darken(colour, 0.12))))


def _tiles(canvas: Canvas, rng: Random, scheme: list[Colour]) -> None:
    across = 4 if canvas.width <= canvas.height else round(4 * canvas.width / canvas.height)
    side = canvas.width / across
    down = math.ceil(canvas.height / side)
    canvas.image.paste(scheme[3], (0, 0, canvas.width, canvas.height))
    for row in range(down):
        for column in range(across):
            back, front, third = rng.sample(scheme, 3)
            x, y = column * side, row * side
            tile = shapes.box(x, y, x + side + 0.5, y + side + 0.5)
            canvas.fill(tile, back)
            for shape, colour in _motif(rng, x, y, side, front, third):
                canvas.fill(
                    shape, Gradient((lighten(colour, 0.08), darken(colour, 0.05))), clip=tile
                )


def _motif(
    rng: Random, x: float, y: float, side: float, front: Colour, third: Colour
) -> list[tuple[shapes.Shape, Colour]]:
    middle = (x + side / 2, y + side / 2)
    corner = rng.choice(((x, y), (x + side, y), (x, y + side), (x + side, y + side)))
    kind = rng.randrange(6)
    if kind == 0:
        return [
            (shapes.ellipse(*corner, side), front),
            (shapes.ellipse(*corner, side * 0.5), third),
        ]
    if kind == 1:
        return [
            (shapes.ellipse(*middle, side * 0.36), front),
            (shapes.ellipse(*middle, side * 0.14), third),
        ]
    if kind == 2:
        half = rng.choice((0, 90, 180, 270))
        return [(shapes.segment(*middle, side / 2, side / 2, half, half + 180), front)]
    if kind == 3:
        return [
            (
                shapes.polygon((x, y), (x + side, y), corner if corner[1] > y else (x, y + side)),
                front,
            )
        ]
    if kind == 4:
        stripes: shapes.Shape = []
        for i in range(4):
            stripes += shapes.box(x, y + side * (i + 0.25) / 4, x + side, y + side * (i + 0.75) / 4)
        return [(stripes, front)]
    return [
        (shapes.ellipse(x, y + side / 2, side / 2), front),
        (shapes.ellipse(x + side, y + side / 2, side / 2), third),
    ]


def _spheres(canvas: Canvas, rng: Random, scheme: list[Colour]) -> None:
    back = lighten(max(scheme, key=sum), 0.15)
    canvas.image.paste(vertical((back, darken(back, 0.14)), canvas.width, canvas.height), (0, 0))
    for index in range(11):
        size = canvas.short * (0.05 + 0.21 * rng.random() ** 1.6)
        x, y = rng.random() * canvas.width, rng.random() * canvas.height
        colour = scheme[index % len(scheme)]
        canvas.fill(
            shapes.ellipse(x + size * 0.2, y + size * 0.9, size * 0.95, size * 0.5),
            darken(back, 0.75),
            alpha=0.30,
            blur=size * 0.24,
        )
        ball = shapes.ellipse(x, y, size)
        canvas.fill(ball, Gradient((lighten(colour, 0.28), colour, darken(colour, 0.35))))
        canvas.fill(
            shapes.ellipse(x - size * 0.32, y - size * 0.4, size * 0.34, size * 0.24, -35),
            lighten(colour, 0.8),
            alpha=0.5,
            blur=size * 0.09,
            clip=ball,
        )


def _arcs(canvas: Canvas, rng: Random, scheme: list[Colour]) -> None:
    back = max(scheme, key=sum)
    canvas.image.paste(vertical((lighten(back, 0.2), back), canvas.width, canvas.height), (0, 0))
    others = [colour for colour in scheme if colour != back]
    for centre in range(3):
        x = canvas.width * ((0.1, 0.9, 0.5)[centre] + rng.uniform(-0.1, 0.1))
        y = canvas.height * ((0.98, 0.62, 0.2)[centre] + rng.uniform(-0.08, 0.08))
        size = canvas.short * rng.uniform(0.34, 0.56)
        rng.shuffle(others)
        rings = 5
        canvas.fill(
            shapes.ellipse(x, y + size * 0.06, size),
            darken(back, 0.7),
            alpha=0.25,
            blur=size * 0.05,
        )
        for ring in range(rings):
            colour = others[ring % len(others)]
            disc = shapes.ellipse(x, y, size * (1 - ring / rings))
            canvas.fill(disc, Gradient((lighten(colour, 0.15), darken(colour, 0.08))))


def _veils(canvas: Canvas, rng: Random, scheme: list[Colour]) -> None:
    ordered = sorted(scheme, key=sum)
    canvas.image.paste(vertical((ordered[1], ordered[0]), canvas.width, canvas.height), (0, 0))
    for colour in (*ordered[1:], lighten(ordered[-1], 0.3), ordered[2]):
        noise = clouds_of_noise(rng, octaves=3)
        folds = (0.5 + 0.5 * abs(((noise * rng.uniform(2.2, 3.4)) % 2) - 1)) * noise
        canvas.veil(((folds - 0.18) * 1.7).clip(0, 1), colour, alpha=0.72)
    for _ in range(5):
        x, y = rng.random() * canvas.width, rng.random() * canvas.height
        size = canvas.short * rng.uniform(0.03, 0.12)
        colour = rng.choice(ordered[2:])
        canvas.glow(x, y, size * 2.5, lighten(colour, 0.4), 0.35)
        canvas.fill(
            shapes.ellipse(x, y, size), Gradient((lighten(colour, 0.35), colour)), alpha=0.85
        )
