"""Plants, and what hangs in the sky: trees, flowers, mushrooms, planets, hearts."""

from __future__ import annotations

import math
from random import Random

from sandbox.images import shapes
from sandbox.images.canvas import Frame
from sandbox.images.cosmos import paint_planet
from sandbox.images.palette import Colour, darken, lighten, mix
from sandbox.images.shapes import Shape
from sandbox.images.sky import hang_moon

_BARK: Colour = (104, 72, 56)
_LEAF: Colour = (72, 142, 84)


def draw_tree(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a broad tree with a crown of leaf clouds."""
    frame.shadow(0.36)
    trunk = [
        shapes.curve([(-0.07, 0.0), (-0.035, 0.16), (-0.03, 0.46)])
        + shapes.curve([(0.03, 0.46), (0.035, 0.16), (0.075, 0.0)])
    ]
    frame.solid(trunk, _BARK)
    for side in (-1, 1):
        frame.fill(
            shapes.sweep([(0, 0.3), (side * 0.1, 0.42), (side * 0.17, 0.55)], 0.04, tip=0.02),
            darken(_BARK, 0.1),
        )
    puffs = [
        (-0.2, 0.54, 0.17),
        (0.2, 0.56, 0.17),
        (-0.12, 0.72, 0.18),
        (0.13, 0.74, 0.17),
        (0.0, 0.82, 0.17),
        (0.0, 0.6, 0.2),
    ]
    crown: Shape = []
    for x, y, radius in puffs:
        crown += shapes.ellipse(x + rng.uniform(-0.015, 0.015), y, radius, radius * 0.95)
    frame.fill(crown, lighten(colour, 0.1), to=darken(colour, 0.22))
    for x, y, radius in puffs:
        frame.fill(
            shapes.ellipse(x + 0.06, y - 0.06, radius * 0.8),
            darken(colour, 0.26),
            alpha=0.35,
            clip=crown,
            blur=0.012,
        )
    for x, y, radius in puffs[2:5]:
        frame.fill(
            shapes.ellipse(x - 0.05, y + 0.05, radius * 0.58, radius * 0.46),
            lighten(colour, 0.34),
            alpha=0.55,
            clip=crown,
        )


def draw_pine(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a fir in four skirts, half of it in shade."""
    frame.shadow(0.28)
    frame.solid(shapes.box(-0.035, 0, 0.035, 0.16), _BARK)
    for level, reach, tall in (
        (0.10, 0.30, 0.36),
        (0.29, 0.25, 0.32),
        (0.47, 0.19, 0.29),
        (0.64, 0.13, 0.36),
    ):
        skirt = [
            shapes.curve([(0, level + tall), (-reach * 0.42, level + tall * 0.42), (-reach, level)])
            + shapes.curve([(-reach, level), (0, level - 0.035), (reach, level)])
            + shapes.curve([(reach, level), (reach * 0.42, level + tall * 0.42), (0, level + tall)])
        ]
        frame.fill(skirt, lighten(colour, 0.12), to=darken(colour, 0.2))
        frame.fill(
            shapes.box(0, level - 0.1, 0.5, level + tall),
            darken(colour, 0.4),
            alpha=0.28,
            clip=skirt,
        )


def draw_palm(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a leaning palm."""
    frame.shadow(0.2)
    trunk = [(0.0, 0.0), (0.03, 0.25), (0.07, 0.5), (0.14, 0.74)]
    frame.fill(shapes.sweep(trunk, 0.075, tip=0.04), (160, 116, 80), to=(110, 76, 56), across=True)
    for x, y, dx, dy in (
        (0.42, 0.06, 0.1, 0.14),
        (-0.42, 0.06, -0.1, 0.14),
        (0.36, -0.18, 0.12, 0.06),
        (-0.36, -0.18, -0.12, 0.06),
        (0.22, 0.24, 0.05, 0.18),
        (-0.22, 0.24, -0.05, 0.18),
        (0.14, -0.28, 0.08, -0.02),
        (-0.16, -0.28, -0.08, -0.02),
    ):
        tip = (0.14 + x, 0.74 + y)
        bend = (0.14 + x * 0.55 + dx * 0.4, 0.74 + y * 0.5 + dy)
        under = (0.14 + x * 0.5, 0.74 + y * 0.45 + dy * 0.25)
        leaf = [shapes.curve([(0.14, 0.74), bend, tip]) + shapes.curve([tip, under, (0.14, 0.74)])]
        tone = colour if x > 0 else lighten(colour, 0.14)
        frame.fill(leaf, lighten(tone, 0.08), to=darken(tone, 0.2))
    for x in (0.11, 0.155, 0.185):
        frame.fill(shapes.ellipse(x, 0.70, 0.03), (120, 78, 50))


def draw_flower(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw one large open flower on its stem."""
    frame.shadow(0.14)
    frame.fill(shapes.sweep([(0, 0), (0.03, 0.3), (0, 0.7)], 0.035), _LEAF, to=darken(_LEAF, 0.2))
    for side, base in ((-1, 0.16), (1, 0.28)):
        leaf = shapes.blob(
            (0.02, base),
            (side * 0.13, base + 0.05),
            (side * 0.26, base + 0.16),
            (side * 0.1, base + 0.13),
        )
        frame.solid(leaf, _LEAF)
    count = 10
    for ring, tone in ((0.0, darken(colour, 0.1)), (0.5, lighten(colour, 0.1))):
        for i in range(count):
            angle = 360 * (i + ring) / count
            reach = 0.155 - 0.02 * ring
            x = reach * math.cos(math.radians(angle))
            y = 0.72 + reach * math.sin(math.radians(angle))
            petal = shapes.ellipse(x, y, 0.125 - 0.02 * ring, 0.06, angle)
            frame.fill(petal, lighten(tone, 0.16), to=tone)
    frame.fill(shapes.ellipse(0, 0.72, 0.092), (244, 186, 60), to=(208, 130, 40))
    for i in range(14):
        angle = i * 2.4
        reach = 0.019 * math.sqrt(i * 1.1)
        frame.fill(
            shapes.dot(reach * math.cos(angle), 0.72 + reach * math.sin(angle), 0.008),
            (140, 82, 34),
        )


def draw_tulip(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a tulip between two long leaves."""
    frame.shadow(0.12)
    frame.fill(shapes.sweep([(0, 0), (0.02, 0.35), (0, 0.66)], 0.034), _LEAF, to=darken(_LEAF, 0.2))
    for side in (-1, 1):
        leaf = [
            shapes.curve([(0, 0), (side * 0.11, 0.26), (side * 0.2, 0.52)])
            + shapes.curve([(side * 0.2, 0.52), (side * 0.05, 0.32), (0, 0.04)])
        ]
        frame.fill(leaf, lighten(_LEAF, 0.1), to=darken(_LEAF, 0.2))
    for side in (-1, 1):
        petal = shapes.blob(
            (0, 0.62),
            (side * 0.15, 0.68),
            (side * 0.17, 0.86),
            (side * 0.11, 0.99),
            (side * 0.02, 0.82),
        )
        frame.solid(petal, darken(colour, 0.12))
    heart = shapes.blob(
        (0, 0.61), (0.11, 0.7), (0.09, 0.86), (0, 0.99), (-0.09, 0.86), (-0.11, 0.7)
    )
    frame.fill(heart, lighten(colour, 0.28), to=colour)


def draw_cactus(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a saguaro with two arms and a flower."""
    frame.shadow(0.24)
    for side, low, high in ((-1, 0.34, 0.72), (1, 0.24, 0.6)):
        arm = shapes.sweep(
            [(0, low), (side * 0.18, low), (side * 0.25, low + 0.06), (side * 0.25, high)], 0.12
        )
        frame.solid(arm, darken(colour, 0.08))
    body = shapes.box(-0.1, -0.02, 0.1, 0.96, 0.1)
    frame.solid(body, colour)
    for x in (-0.055, 0.0, 0.055):
        frame.fill(
            shapes.box(x - 0.005, 0.04, x + 0.005, 0.9, 0.004), darken(colour, 0.35), alpha=0.5
        )
    for turn in range(5):
        angle = 18 + 36 * turn
        frame.fill(
            shapes.ellipse(
                0.05 * math.cos(math.radians(angle)),
                0.96 + 0.05 * math.sin(math.radians(angle)),
                0.05,
                0.022,
                angle,
            ),
            (246, 130, 160),
        )


def draw_mushroom(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a spotted toadstool."""
    frame.shadow(0.3)
    stem = shapes.blob(
        (-0.13, 0.0), (-0.1, 0.3), (-0.085, 0.56), (0.085, 0.56), (0.1, 0.3), (0.13, 0.0)
    )
    frame.solid(stem, (244, 232, 210))
    frame.fill(shapes.ellipse(0, 0.5, 0.34, 0.07), (206, 184, 160))
    cap = shapes.segment(0, 0.5, 0.44, 0.46, 0, 180)
    cap = [cap[0] + shapes.curve([(-0.44, 0.5), (0, 0.44), (0.44, 0.5)])]
    frame.fill(cap, lighten(colour, 0.16), to=darken(colour, 0.12))
    for x, y, radius in (
        (-0.2, 0.68, 0.075),
        (0.08, 0.8, 0.085),
        (0.26, 0.62, 0.06),
        (-0.02, 0.58, 0.05),
        (-0.34, 0.56, 0.045),
    ):
        frame.fill(shapes.ellipse(x, y, radius, radius * 0.8), (255, 246, 232), clip=cap)


def draw_plant(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a leafy house plant in a pot."""
    frame.shadow(0.24)
    for i, angle in enumerate((20, 55, 90, 125, 160, 72, 108, 38, 142)):
        reach = 0.5 if i % 2 else 0.42
        x = reach * 0.7 * math.cos(math.radians(angle))
        y = 0.34 + reach * math.sin(math.radians(angle))
        frame.fill(
            shapes.sweep([(0, 0.3), (x * 0.4, 0.3 + (y - 0.3) * 0.6), (x, y)], 0.014),
            darken(colour, 0.3),
        )
        tone = mix(colour, lighten(colour, 0.35), (i % 3) / 3)
        leaf = shapes.ellipse(x, y, 0.15, 0.075, angle)
        frame.fill(leaf, lighten(tone, 0.12), to=darken(tone, 0.14))
        frame.fill(
            shapes.stroke(
                [(x * 0.72, 0.34 + (y - 0.34) * 0.72), (x * 1.2, 0.34 + (y - 0.34) * 1.2)], 0.008
            ),
            darken(tone, 0.25),
            alpha=0.6,
        )
    pot = shapes.polygon((-0.2, 0.3), (0.2, 0.3), (0.15, 0.0), (-0.15, 0.0))
    frame.solid(pot, (214, 120, 86))
    frame.solid(shapes.box(-0.225, 0.27, 0.225, 0.345, 0.02), (226, 136, 100))


def draw_planet(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a ringed planet."""
    x, y = frame.place(0, 0.5)
    paint_planet(frame.canvas, rng, x=x, y=y, size=frame.size * 0.36, colour=colour, ringed=True)


def draw_moon(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a large moon."""
    x, y = frame.place(0, 0.5)
    hang_moon(frame.canvas, frame.light, x=x, y=y, size=frame.size * 0.4, crescent=False)


def draw_star(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a five-pointed star with a glow."""
    frame.shine(0, 0.5, 0.9, lighten(colour, 0.3), 0.45)
    shape = shapes.star(0, 0.48, 0.46)
    frame.fill(shape, lighten(colour, 0.35), to=darken(colour, 0.06))
    for i in range(5):
        angle = math.radians(90 + 72 * i)
        after = math.radians(90 + 72 * i + 36)
        facet = shapes.polygon(
            (0, 0.48),
            (0.46 * math.cos(angle), 0.48 + 0.46 * math.sin(angle)),
            (0.193 * math.cos(after), 0.48 + 0.193 * math.sin(after)),
        )
        frame.fill(facet, darken(colour, 0.22), alpha=0.4)


def draw_heart(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a heart with a highlight."""
    shape = shapes.heart(0, 0.5, 0.9)
    frame.fill(shape, lighten(colour, 0.16), to=darken(colour, 0.16))
    frame.fill(shapes.ellipse(-0.2, 0.68, 0.09, 0.055, 35), lighten(colour, 0.75), alpha=0.75)


def draw_diamond(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a cut gem."""
    frame.shine(0, 0.5, 0.8, lighten(colour, 0.5), 0.35)
    xs = (-0.42, -0.2, 0.0, 0.2, 0.42)
    for i, tone in enumerate((0.35, 0.05, 0.2, -0.2)):
        face = shapes.polygon((xs[i], 0.62), (xs[i + 1], 0.62), (0, 0.04))
        frame.fill(face, lighten(colour, tone) if tone > 0 else darken(colour, -tone))
    for points, tone in (
        (((-0.42, 0.62), (-0.26, 0.86), (-0.2, 0.62)), 0.15),
        (((-0.26, 0.86), (-0.2, 0.62), (0.0, 0.86)), 0.5),
        (((-0.2, 0.62), (0.0, 0.86), (0.2, 0.62)), 0.3),
        (((0.0, 0.86), (0.2, 0.62), (0.26, 0.86)), 0.6),
        (((0.26, 0.86), (0.2, 0.62), (0.42, 0.62)), 0.1),
    ):
        frame.fill(shapes.polygon(*points), lighten(colour, tone))
