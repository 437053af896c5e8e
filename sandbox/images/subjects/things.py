"""Things on tables and floors."""

from __future__ import annotations

import math
from random import Random

from sandbox.images import shapes
from sandbox.images.canvas import Frame
from sandbox.images.palette import Colour, darken, lighten, mix
from sandbox.images.shapes import Shape

_CREAM: Colour = (252, 242, 224)
_WOOD: Colour = (164, 108, 70)


def draw_book(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a stack of books."""
    frame.shadow(0.5)
    tones = (colour, mix(colour, (250, 200, 90), 0.65), mix(colour, (70, 120, 170), 0.7))
    level = 0.0
    for i, tone in enumerate(tones):
        tall, wide = 0.2 - 0.02 * i, 0.46 - 0.05 * i
        shift = (0.0, 0.04, -0.03)[i]
        frame.solid(shapes.box(shift - wide, level, shift + wide, level + tall, 0.03), tone)
        frame.fill(
            shapes.box(
                shift - wide + 0.06, level + 0.03, shift + wide + 0.002, level + tall - 0.03
            ),
            _CREAM,
            to=darken(_CREAM, 0.15),
        )
        for line in range(1, 4):
            y = level + 0.03 + (tall - 0.06) * line / 4
            frame.fill(
                shapes.stroke([(shift - wide + 0.08, y), (shift + wide, y)], 0.004),
                darken(_CREAM, 0.3),
                alpha=0.6,
            )
        frame.fill(
            shapes.box(shift - wide + 0.02, level + 0.02, shift - wide + 0.04, level + tall - 0.02),
            lighten(tone, 0.5),
        )
        level += tall
    left = [(-0.4, level + 0.1), (-0.2, level + 0.17), (0.0, level + 0.1)]
    page = [[*shapes.curve(left), (0.0, level + 0.02), (-0.4, level + 0.03)]]
    frame.fill(page, (255, 252, 244), to=(224, 214, 200))
    frame.fill(shapes.moved(page, lambda x, y: (-x, y)), (250, 246, 236), to=(214, 204, 190))


def draw_lamp(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a lit lamp with a pleated shade."""
    frame.shine(0, 0.6, 0.95, (255, 214, 130), 0.5)
    frame.shadow(0.24)
    frame.solid(shapes.ellipse(0, 0.035, 0.2, 0.035), _WOOD)
    frame.solid(shapes.box(-0.022, 0.03, 0.022, 0.6), _WOOD)
    for y, reach in ((0.14, 0.06), (0.26, 0.085), (0.38, 0.06)):
        frame.solid(shapes.ellipse(0, y, reach, 0.065), darken(colour, 0.1))
    shade = shapes.polygon((-0.18, 0.98), (0.18, 0.98), (0.34, 0.56), (-0.34, 0.56))
    glow = mix(lighten(colour, 0.3), (255, 236, 170), 0.55)
    frame.alight(shade, glow)
    frame.fill(shade, darken(colour, 0.05), to=colour, across=True, alpha=0.35)
    for i in range(-3, 4):
        frame.fill(
            shapes.stroke([(i * 0.05, 0.98), (i * 0.095, 0.56)], 0.006),
            darken(colour, 0.2),
            alpha=0.4,
        )
    frame.alight(shapes.ellipse(0, 0.56, 0.34, 0.035), (255, 250, 224))


def draw_umbrella(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw an open umbrella."""
    frame.fill(
        shapes.sweep([(0, 0.62), (0, 0.3), (0, 0.08), (0.06, 0.01), (0.12, 0.08)], 0.03), _WOOD
    )
    dome = shapes.segment(0, 0.56, 0.52, 0.42, 0, 180)[0]
    hem: list[tuple[float, float]] = []
    for i in range(4):
        x0 = -0.52 + 0.26 * i
        hem += shapes.curve([(x0, 0.56), (x0 + 0.13, 0.61), (x0 + 0.26, 0.56)])
    canopy = [dome + hem]
    frame.fill(canopy, lighten(colour, 0.12), to=darken(colour, 0.1))
    for i, reach in enumerate((0.26, 0.0)):
        panel = [
            shapes.curve([(0, 0.98), (-0.24 - reach * 0.55, 0.86), (-0.26 - reach, 0.56)])
            + shapes.curve([(-reach, 0.56), (-reach * 0.7, 0.84), (0, 0.98)])
        ]
        frame.fill(panel, lighten(colour, 0.4 if i else 0.2), alpha=0.5, clip=canopy)
    frame.fill(shapes.stroke([(0, 0.97), (0, 1.04)], 0.022), _WOOD)


def draw_chair(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw an armchair."""
    frame.shadow(0.52)
    for x in (-0.34, 0.34):
        frame.solid(
            shapes.polygon((x - 0.03, 0.16), (x + 0.03, 0.16), (x + 0.012, 0), (x - 0.012, 0)),
            _WOOD,
        )
    frame.solid(shapes.box(-0.36, 0.2, 0.36, 1.0, 0.16), darken(colour, 0.08))
    frame.fill(
        shapes.box(-0.28, 0.4, 0.28, 0.92, 0.12), lighten(colour, 0.1), to=darken(colour, 0.1)
    )
    for x in (-0.12, 0.12):
        for y in (0.62, 0.78):
            frame.fill(shapes.dot(x, y, 0.014), darken(colour, 0.4))
    frame.solid(shapes.box(-0.34, 0.3, 0.34, 0.46, 0.07), lighten(colour, 0.14))
    frame.solid(shapes.box(-0.4, 0.14, 0.4, 0.34, 0.06), colour)
    for side in (-1, 1):
        frame.solid(
            shapes.box(side * 0.42 - 0.1, 0.14, side * 0.42 + 0.1, 0.6, 0.09), darken(colour, 0.04)
        )


def draw_gift(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a wrapped present."""
    frame.shadow(0.44)
    ribbon = (252, 214, 110) if colour[1] < 170 else (222, 84, 90)
    frame.solid(shapes.box(-0.36, 0, 0.36, 0.58, 0.02), colour)
    frame.solid(shapes.box(-0.07, 0, 0.07, 0.58), ribbon)
    frame.solid(shapes.box(-0.41, 0.54, 0.41, 0.7, 0.02), lighten(colour, 0.12))
    frame.solid(shapes.box(-0.07, 0.54, 0.07, 0.7), lighten(ribbon, 0.1))
    for side in (-1, 1):
        bow = shapes.blob((0, 0.72), (side * 0.1, 0.92), (side * 0.27, 0.94), (side * 0.26, 0.76))
        frame.solid(bow, ribbon)
        frame.fill(
            shapes.blob(
                (side * 0.05, 0.75), (side * 0.12, 0.86), (side * 0.2, 0.86), (side * 0.18, 0.78)
            ),
            darken(ribbon, 0.3),
        )
    frame.solid(shapes.ellipse(0, 0.75, 0.06), ribbon)


def draw_guitar(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw an acoustic guitar."""
    frame.shadow(0.2)
    frame.solid(shapes.box(-0.026, 0.4, 0.026, 0.92), (92, 60, 46))
    frame.solid(shapes.blob((-0.05, 0.9), (-0.055, 1.03), (0.055, 1.03), (0.05, 0.9)), (72, 46, 38))
    body = shapes.blob(
        (0, 0.0),
        (0.2, 0.04),
        (0.23, 0.2),
        (0.13, 0.32),
        (0.155, 0.44),
        (0.06, 0.53),
        (-0.06, 0.53),
        (-0.155, 0.44),
        (-0.13, 0.32),
        (-0.23, 0.2),
        (-0.2, 0.04),
    )
    frame.fill(body, darken(colour, 0.4))
    frame.solid(shapes.moved(body, lambda x, y: (x * 0.93, 0.262 + (y - 0.262) * 0.95)), colour)
    frame.fill(shapes.ellipse(0, 0.335, 0.082), lighten(colour, 0.5))
    frame.fill(shapes.ellipse(0, 0.335, 0.066), (46, 32, 32))
    frame.fill(shapes.box(-0.08, 0.13, 0.08, 0.155, 0.01), (72, 46, 38))
    strings: Shape = []
    for i in range(6):
        x = -0.0175 + i * 0.007
        strings += shapes.stroke([(x, 0.14), (x, 0.95)], 0.002)
    frame.fill(strings, (244, 236, 220), alpha=0.8)


def draw_camera(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a rangefinder camera."""
    frame.shadow(0.58)
    frame.solid(shapes.box(-0.24, 0.62, 0.06, 0.8, 0.03), (206, 210, 218))
    frame.solid(shapes.box(0.28, 0.66, 0.42, 0.74, 0.02), (226, 82, 74))
    frame.solid(shapes.box(-0.56, 0.04, 0.56, 0.68, 0.07), colour)
    frame.solid(shapes.box(-0.56, 0.52, 0.56, 0.66, 0.03), (216, 220, 226))
    frame.fill(shapes.box(0.3, 0.55, 0.46, 0.63, 0.015), (60, 80, 110))
    for reach, tone in ((0.27, (188, 194, 204)), (0.235, (50, 52, 62)), (0.17, (34, 44, 78))):
        frame.fill(shapes.ellipse(0, 0.32, reach), lighten(tone, 0.14), to=darken(tone, 0.1))
    frame.fill(shapes.ellipse(0, 0.32, 0.105), (96, 120, 190), to=(40, 48, 92))
    frame.fill(shapes.ellipse(-0.045, 0.37, 0.036), (255, 255, 255), alpha=0.8)


def draw_clock(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw an alarm clock."""
    frame.shadow(0.36)
    for side in (-1, 1):
        frame.fill(
            shapes.stroke([(side * 0.26, 0.12), (side * 0.34, 0.0)], 0.06), darken(colour, 0.4)
        )
        frame.solid(shapes.ellipse(side * 0.24, 0.88, 0.16, 0.11, -side * 32), lighten(colour, 0.1))
    frame.solid(shapes.ellipse(0, 0.47, 0.44), colour)
    frame.fill(shapes.ellipse(0, 0.47, 0.36), (255, 252, 244), to=(232, 226, 216))
    for i in range(12):
        angle = math.tau * i / 12
        frame.fill(
            shapes.dot(
                0.3 * math.cos(angle), 0.47 + 0.3 * math.sin(angle), 0.02 if i % 3 == 0 else 0.011
            ),
            (58, 60, 80),
        )
    hour, minute = rng.uniform(0, math.tau), rng.uniform(0, math.tau)
    frame.fill(
        shapes.stroke([(0, 0.47), (0.17 * math.cos(hour), 0.47 + 0.17 * math.sin(hour))], 0.034),
        (58, 60, 80),
    )
    frame.fill(
        shapes.stroke(
            [(0, 0.47), (0.26 * math.cos(minute), 0.47 + 0.26 * math.sin(minute))], 0.022
        ),
        (58, 60, 80),
    )
    frame.fill(shapes.ellipse(0, 0.47, 0.03), darken(colour, 0.1))


def draw_screen(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a laptop with a picture on its screen."""
    frame.shadow(0.76)
    frame.fill(shapes.box(-0.56, 0.14, 0.56, 0.96, 0.05), (60, 64, 80), to=(40, 44, 58))
    pane = shapes.box(-0.51, 0.2, 0.51, 0.91, 0.02)
    frame.alight(pane, lighten(colour, 0.5))
    frame.fill(pane, lighten(colour, 0.55), to=lighten(colour, 0.15))
    frame.fill(shapes.ellipse(0.22, 0.66, 0.09), (255, 236, 180), clip=pane)
    frame.fill(
        shapes.polygon((-0.6, 0.2), (-0.2, 0.62), (0.24, 0.2)), darken(colour, 0.15), clip=pane
    )
    frame.fill(
        shapes.polygon((-0.1, 0.2), (0.26, 0.48), (0.6, 0.2)), darken(colour, 0.32), clip=pane
    )
    frame.solid(
        shapes.polygon((-0.58, 0.14), (0.58, 0.14), (0.74, 0.03), (-0.74, 0.03)), (198, 204, 214)
    )
    frame.solid(shapes.box(-0.74, 0.0, 0.74, 0.045, 0.02), (172, 178, 190))


def draw_crown(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a jewelled crown."""
    frame.shadow(0.4)
    points = [
        (-0.42, 0.12),
        (-0.48, 0.72),
        (-0.24, 0.44),
        (0, 0.86),
        (0.24, 0.44),
        (0.48, 0.72),
        (0.42, 0.12),
    ]
    frame.solid(shapes.polygon(*points), colour)
    frame.solid(shapes.box(-0.44, 0.06, 0.44, 0.24, 0.03), lighten(colour, 0.12))
    for x, y in ((-0.48, 0.74), (0.0, 0.89), (0.48, 0.74)):
        frame.solid(shapes.ellipse(x, y, 0.06), (226, 70, 90))
    for x, tone in ((-0.26, (70, 150, 210)), (0.0, (226, 70, 90)), (0.26, (70, 170, 120))):
        frame.solid(shapes.ellipse(x, 0.15, 0.055, 0.05), tone)


def draw_sneaker(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a sports shoe in profile."""
    frame.shadow(0.72)
    upper = shapes.blob(
        (-0.66, 0.16),
        (-0.68, 0.6),
        (-0.6, 0.78),
        (-0.3, 0.7),
        (-0.1, 0.62),
        (0.2, 0.42),
        (0.56, 0.34),
        (0.72, 0.16),
    )
    frame.fill(upper, lighten(colour, 0.14), to=darken(colour, 0.12))
    frame.fill(
        shapes.blob((0.36, 0.38), (0.62, 0.33), (0.74, 0.16), (0.3, 0.16)), _CREAM, clip=upper
    )
    frame.fill(
        shapes.blob((-0.7, 0.5), (-0.52, 0.56), (-0.5, 0.16), (-0.7, 0.16)),
        darken(colour, 0.25),
        clip=upper,
    )
    frame.fill(shapes.star(-0.24, 0.32, 0.1), _CREAM, clip=upper)
    for i in range(5):
        x, y = -0.16 + 0.085 * i, 0.62 - 0.052 * i
        frame.fill(
            shapes.stroke([(x - 0.05, y - 0.06), (x + 0.035, y + 0.025)], 0.026), (255, 255, 255)
        )
    frame.fill(shapes.ellipse(-0.46, 0.74, 0.17, 0.05, -12), darken(colour, 0.5))
    sole = shapes.box(-0.72, 0.0, 0.78, 0.19, 0.09)
    frame.fill(sole, (255, 253, 248), to=(214, 212, 214))
    frame.fill(shapes.box(-0.7, 0.055, 0.76, 0.075), colour, clip=sole, alpha=0.8)
