"""Still objects, and an astronaut."""

from __future__ import annotations

from random import Random

from sandbox.images import shapes
from sandbox.images.canvas import Frame
from sandbox.images.palette import Color, darken, lighten, mix

_LAMPLIGHT: Color = (255, 218, 138)
_CREAM: Color = (252, 242, 224)
_WOOD: Color = (164, 108, 70)


def draw_lighthouse(frame: Frame, color: Color, rng: Random) -> None:
    """Draw a striped lighthouse with its beam."""
    beam = shapes.polygon((0, 0.885), (1.6, 1.1), (1.6, 0.66))
    frame.fill(beam, (255, 240, 190), alpha=0.5 if frame.light.night else 0.22, blur=0.01)
    frame.fill(beam, (255, 240, 190), alpha=0.16, blur=0.04)
    rock = shapes.outline("-0.3 -0.03, -0.24 0.07, -0.08 0.1, 0.12 0.09, 0.26 0.06, 0.33 -0.03")
    frame.fill(rock, (124, 116, 122), to=(72, 68, 84))
    body = shapes.polygon((-0.14, 0.05), (0.14, 0.05), (0.09, 0.8), (-0.09, 0.8))
    frame.solid(body, (248, 244, 236))
    for low, high in ((0.05, 0.18), (0.31, 0.44), (0.57, 0.70)):
        band = shapes.box(-0.3, low, 0.3, high)
        frame.fill(band, lighten(color, 0.12), to=darken(color, 0.25), across=True, clip=body)
    frame.solid(shapes.box(-0.125, 0.79, 0.125, 0.825, 0.01), (70, 76, 92))
    frame.fill(shapes.box(-0.065, 0.82, 0.065, 0.93), (255, 232, 150), to=(255, 250, 220))
    frame.fill(shapes.stroke([(0, 0.82), (0, 0.93)], 0.008), (70, 76, 92))
    frame.solid(shapes.segment(0, 0.93, 0.085, 0.075, 0, 180), darken(color, 0.1))
    frame.fill(shapes.stroke([(0, 1.0), (0, 1.05)], 0.01), (70, 76, 92))
    frame.shine(0, 0.88, 0.36, (255, 240, 180), 0.7)
    frame.fill(shapes.box(-0.035, 0.05, 0.035, 0.16, 0.035), (90, 60, 56))
    for y in (0.25, 0.5):
        frame.fill(shapes.box(-0.02, y, 0.02, y + 0.05, 0.01), (90, 100, 120))


def draw_sign(frame: Frame, color: Color, rng: Random) -> None:
    """Draw an empty board on two posts; the words are set on it later."""
    frame.shadow(0.62)
    post = (112, 78, 58)
    for x in (-0.42, 0.42):
        frame.solid(shapes.box(x - 0.032, 0, x + 0.032, 0.62), post)
    frame.fill(shapes.box(-0.66, 0.36, 0.66, 0.96, 0.05), darken(color, 0.5), to=darken(color, 0.6))
    frame.fill(
        shapes.box(-0.635, 0.385, 0.635, 0.935, 0.035),
        lighten(color, 0.08),
        to=darken(color, 0.04),
    )
    for x in (-0.59, 0.59):
        for y in (0.43, 0.89):
            frame.fill(shapes.dot(x, y, 0.013), mix(color, (255, 240, 200), 0.6))
    if frame.light.night:
        frame.shine(0, 0.66, 1.0, _LAMPLIGHT, 0.22)


def draw_chair(frame: Frame, color: Color, rng: Random) -> None:
    """Draw an armchair."""
    frame.shadow(0.52)
    for x in (-0.34, 0.34):
        frame.solid(
            shapes.polygon((x - 0.03, 0.16), (x + 0.03, 0.16), (x + 0.012, 0), (x - 0.012, 0)),
            _WOOD,
        )
    frame.solid(shapes.box(-0.36, 0.2, 0.36, 1.0, 0.16), darken(color, 0.08))
    frame.fill(shapes.box(-0.28, 0.4, 0.28, 0.92, 0.12), lighten(color, 0.1), to=darken(color, 0.1))
    for x in (-0.12, 0.12):
        for y in (0.62, 0.78):
            frame.fill(shapes.dot(x, y, 0.014), darken(color, 0.4))
    frame.solid(shapes.box(-0.34, 0.3, 0.34, 0.46, 0.07), lighten(color, 0.14))
    frame.solid(shapes.box(-0.4, 0.14, 0.4, 0.34, 0.06), color)
    for side in (-1, 1):
        frame.solid(
            shapes.box(side * 0.42 - 0.1, 0.14, side * 0.42 + 0.1, 0.6, 0.09), darken(color, 0.04)
        )


def draw_bottle(frame: Frame, color: Color, rng: Random) -> None:
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
    frame.fill(glass, lighten(color, 0.35), to=darken(color, 0.15), across=True, alpha=0.95)
    frame.fill(
        shapes.box(-0.3, 0.0, 0.3, 0.46), color, to=darken(color, 0.28), clip=glass, alpha=0.6
    )
    frame.fill(
        shapes.box(-0.16, 0.16, 0.16, 0.4, 0.01), _CREAM, to=darken(_CREAM, 0.1), across=True
    )
    frame.fill(
        shapes.box(-0.08, 0.29, 0.08, 0.305) + shapes.box(-0.05, 0.24, 0.05, 0.252), (90, 80, 80)
    )
    frame.fill(shapes.box(-0.2, 0.06, -0.17, 0.56, 0.015), (255, 255, 255), alpha=0.65)
    frame.fill(shapes.box(0.185, 0.1, 0.2, 0.5, 0.007), (255, 255, 255), alpha=0.35)


def draw_astronaut(frame: Frame, color: Color, rng: Random) -> None:
    """Draw an astronaut, arms out."""
    suit = (240, 240, 244)
    frame.solid(shapes.box(-0.2, 0.34, 0.2, 0.72, 0.05), (176, 182, 196))
    for side in (-1, 1):
        frame.solid(
            shapes.sweep([(side * 0.1, 0.62), (side * 0.28, 0.56), (side * 0.38, 0.7)], 0.12),
            darken(suit, 0.06),
        )
        frame.solid(shapes.ellipse(side * 0.39, 0.73, 0.055), color)
        frame.solid(
            shapes.sweep([(side * 0.08, 0.34), (side * 0.12, 0.18), (side * 0.1, 0.04)], 0.135),
            darken(suit, 0.05),
        )
        frame.solid(shapes.box(side * 0.105 - 0.08, -0.02, side * 0.105 + 0.08, 0.08, 0.035), color)
    frame.solid(shapes.box(-0.165, 0.28, 0.165, 0.68, 0.1), suit)
    frame.fill(shapes.box(-0.085, 0.42, 0.085, 0.54, 0.02), (90, 100, 126))
    for x, tone in ((-0.05, (236, 90, 80)), (0.0, (250, 206, 90)), (0.05, (96, 200, 150))):
        frame.fill(shapes.dot(x, 0.485, 0.017), tone)
    frame.fill(shapes.box(-0.165, 0.34, 0.165, 0.365), color, alpha=0.9)
    frame.solid(shapes.ellipse(0, 0.82, 0.2, 0.19), suit)
    visor = shapes.ellipse(0.0, 0.82, 0.145, 0.125)
    frame.fill(visor, (50, 66, 120), to=(226, 140, 110))
    frame.fill(shapes.ellipse(-0.06, 0.87, 0.045, 0.026, 30), (255, 255, 255), alpha=0.75)
    frame.fill(shapes.ellipse(0.05, 0.76, 0.13, 0.05), (255, 214, 160), alpha=0.35, clip=visor)
