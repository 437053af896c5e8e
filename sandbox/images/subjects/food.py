"""What one eats and drinks."""

from __future__ import annotations

import math
from random import Random

from sandbox.images import shapes
from sandbox.images.canvas import Frame
from sandbox.images.palette import Colour, darken, lighten, mix

_CREAM: Colour = (252, 242, 224)


def draw_cup(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a steaming cup on its saucer."""
    frame.shadow(0.52)
    frame.solid(shapes.ellipse(0, 0.05, 0.5, 0.065), lighten(colour, 0.3))
    frame.fill(shapes.ellipse(0, 0.065, 0.36, 0.04), darken(colour, 0.1))
    hoop = shapes.ellipse(0.34, 0.36, 0.14, 0.13)[0]
    frame.fill(shapes.stroke([*hoop, hoop[0]], 0.06), lighten(colour, 0.06), to=darken(colour, 0.2))
    body = [
        shapes.curve([(-0.36, 0.58), (-0.34, 0.3), (-0.2, 0.06)])
        + shapes.curve([(0.2, 0.06), (0.34, 0.3), (0.36, 0.58)])
    ]
    frame.solid(body, colour)
    frame.fill(shapes.ellipse(0, 0.58, 0.36, 0.075), lighten(colour, 0.35))
    frame.fill(shapes.ellipse(0, 0.572, 0.325, 0.06), (122, 74, 46), to=(84, 48, 34))
    frame.fill(shapes.heart(0, 0.572, 0.16), (236, 206, 166), alpha=0.9)
    for x, lean in ((-0.13, 0.05), (0.0, -0.05), (0.13, 0.05)):
        steam = shapes.sweep(
            [(x, 0.66), (x + lean, 0.76), (x - lean, 0.88), (x + lean * 0.6, 1.0)], 0.035, tip=0.012
        )
        frame.fill(steam, (255, 255, 255), alpha=0.5, blur=0.012)


def draw_bottle(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a glass bottle with a label and a stopper."""
    frame.shadow(0.26)
    frame.solid(shapes.box(-0.075, 0.8, 0.075, 1.0, 0.02), (60, 54, 64))
    frame.solid(shapes.box(-0.095, 0.77, 0.095, 0.82, 0.01), (226, 190, 110))
    glass = [
        [
            *shapes.curve([(-0.07, 0.79), (-0.075, 0.7), (-0.23, 0.58), (-0.24, 0.4)]),
            *((-0.24, 0.06), (-0.2, 0.0), (0.2, 0.0), (0.24, 0.06)),
            *shapes.curve([(0.24, 0.4), (0.23, 0.58), (0.075, 0.7), (0.07, 0.79)]),
        ]
    ]
    frame.fill(glass, lighten(colour, 0.35), to=darken(colour, 0.15), across=True, alpha=0.95)
    frame.fill(
        shapes.box(-0.3, 0.0, 0.3, 0.46), colour, to=darken(colour, 0.28), clip=glass, alpha=0.6
    )
    frame.fill(
        shapes.box(-0.16, 0.16, 0.16, 0.4, 0.01), _CREAM, to=darken(_CREAM, 0.1), across=True
    )
    frame.fill(
        shapes.box(-0.08, 0.29, 0.08, 0.305) + shapes.box(-0.05, 0.24, 0.05, 0.252), (90, 80, 80)
    )
    frame.fill(shapes.box(-0.2, 0.06, -0.17, 0.56, 0.015), (255, 255, 255), alpha=0.65)
    frame.fill(shapes.box(0.185, 0.1, 0.2, 0.5, 0.007), (255, 255, 255), alpha=0.35)


def draw_cake(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a cake of two tiers with candles."""
    frame.shadow(0.52)
    frame.solid(shapes.box(-0.54, 0, 0.54, 0.04, 0.02), (240, 236, 232))
    for low, high, reach, tone in (
        (0.04, 0.34, 0.44, lighten(colour, 0.15)),
        (0.34, 0.6, 0.3, colour),
    ):
        frame.solid(shapes.box(-reach, low, reach, high, 0.03), tone)
        icing = shapes.box(-reach - 0.015, high - 0.06, reach + 0.015, high + 0.02, 0.03)
        count = round(reach * 18)
        for i in range(count):
            x = -reach + (i + 0.5) * 2 * reach / count
            drop = 0.06 + 0.05 * ((i * 7) % 3)
            icing += shapes.box(
                x - reach / count, high - drop - 0.03, x + reach / count, high, reach / count
            )
        frame.fill(icing, _CREAM, to=darken(_CREAM, 0.05))
        for _ in range(round(reach * 22)):
            x = rng.uniform(-reach, reach) * 0.92
            frame.fill(
                shapes.dot(x, rng.uniform(low + 0.04, high - 0.12), 0.011),
                rng.choice(((246, 200, 80), (110, 190, 200), (240, 120, 140))),
            )
    for i in range(5):
        x = -0.2 + 0.1 * i
        frame.fill(
            shapes.box(x - 0.014, 0.61, x + 0.014, 0.8),
            lighten(mix(colour, (90, 160, 220), 0.5 * (i % 2)), 0.3),
        )
        frame.shine(x, 0.85, 0.13, (255, 220, 130), 0.6)
        frame.alight(
            shapes.blob((x, 0.8), (x + 0.022, 0.84), (x, 0.91), (x - 0.022, 0.84)), (255, 206, 90)
        )


def draw_apple(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw an apple with a leaf."""
    frame.shadow(0.36)
    body = shapes.blob(
        (0, 0.78),
        (0.2, 0.84),
        (0.4, 0.68),
        (0.4, 0.36),
        (0.22, 0.04),
        (0, 0.08),
        (-0.22, 0.04),
        (-0.4, 0.36),
        (-0.4, 0.68),
        (-0.2, 0.84),
    )
    frame.solid(body, colour)
    frame.fill(
        shapes.ellipse(-0.22, 0.6, 0.07, 0.14, 18), lighten(colour, 0.8), alpha=0.5, blur=0.012
    )
    frame.fill(shapes.ellipse(0, 0.76, 0.14, 0.035), darken(colour, 0.4), alpha=0.6)
    frame.fill(
        shapes.sweep([(0, 0.75), (0.01, 0.88), (0.06, 0.98)], 0.035, tip=0.028), (96, 66, 48)
    )
    frame.solid(shapes.blob((0.03, 0.86), (0.14, 0.98), (0.32, 0.98), (0.22, 0.86)), (104, 170, 86))


def draw_icecream(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a cone with three scoops."""
    cone = shapes.polygon((-0.17, 0.48), (0.17, 0.48), (0, 0.0))
    frame.solid(cone, (232, 178, 110))
    for i in range(-4, 6):
        for lean in (-0.3, 0.3):
            frame.fill(
                shapes.stroke([(i * 0.08 - lean * 0.5, 0.5), (i * 0.08 + lean, 0.0)], 0.009),
                (190, 130, 76),
                clip=cone,
                alpha=0.8,
            )
    for x, y, tone in (
        (-0.11, 0.58, lighten(colour, 0.1)),
        (0.11, 0.58, (250, 232, 190)),
        (0.0, 0.75, (150, 96, 70)),
    ):
        frame.solid(shapes.ellipse(x, y, 0.15), tone)
    frame.fill(shapes.blob((-0.1, 0.52), (0.0, 0.38), (0.06, 0.52)), lighten(colour, 0.1))
    frame.solid(shapes.ellipse(0.02, 0.92, 0.055), (216, 50, 70))
    frame.fill(shapes.sweep([(0.03, 0.96), (0.06, 1.03), (0.12, 1.06)], 0.012), (90, 120, 60))


def draw_burger(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a hamburger."""
    frame.shadow(0.5)
    frame.solid(shapes.box(-0.46, 0.0, 0.46, 0.2, 0.09), colour)
    frame.solid(shapes.box(-0.5, 0.17, 0.5, 0.34, 0.07), (110, 66, 48))
    frame.fill(
        shapes.polygon((-0.48, 0.37), (0.48, 0.37), (0.3, 0.32), (0.16, 0.22), (0.0, 0.33)),
        (252, 196, 70),
    )
    frame.solid(shapes.box(-0.47, 0.36, 0.47, 0.44, 0.03), (222, 78, 62))
    leaf = shapes.sweep(
        [
            (-0.5, 0.46),
            (-0.36, 0.43),
            (-0.22, 0.48),
            (-0.06, 0.43),
            (0.1, 0.48),
            (0.26, 0.43),
            (0.4, 0.48),
            (0.5, 0.45),
        ],
        0.075,
    )
    frame.fill(leaf, (130, 190, 88), to=(92, 154, 70))
    bun = shapes.segment(0, 0.5, 0.48, 0.44, 0, 180)
    frame.fill(bun, lighten(colour, 0.18), to=darken(colour, 0.08))
    for i in range(15):
        angle = math.radians(18 + 9.6 * i)
        reach = 0.26 + 0.1 * (i % 3) / 2
        frame.fill(
            shapes.ellipse(
                reach * 1.1 * math.cos(angle), 0.5 + reach * math.sin(angle), 0.02, 0.012, 30 * i
            ),
            _CREAM,
        )


def draw_pizza(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a slice of pizza."""
    slice_ = shapes.polygon((-0.42, 0.84), (0.42, 0.84), (0, 0.0))
    frame.fill(slice_, (252, 206, 100), to=(244, 176, 72))
    for x, y, radius in (
        (-0.16, 0.68, 0.1),
        (0.15, 0.62, 0.105),
        (-0.01, 0.4, 0.095),
        (0.02, 0.8, 0.08),
    ):
        frame.solid(shapes.ellipse(x, y, radius), colour)
        frame.fill(shapes.dot(x - 0.03, y + 0.02, 0.018), darken(colour, 0.3))
    for x, y, turn in ((-0.02, 0.62, 20), (0.2, 0.76, -40), (-0.08, 0.52, 60), (0.07, 0.26, 10)):
        frame.fill(shapes.ellipse(x, y, 0.045, 0.02, turn), (90, 150, 76))
    frame.solid(shapes.box(-0.48, 0.8, 0.48, 0.97, 0.085), (216, 146, 80))
