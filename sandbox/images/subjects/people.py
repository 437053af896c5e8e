"""People, and those who look like them."""

from __future__ import annotations

from random import Random

from sandbox.images import shapes
from sandbox.images.canvas import Frame
from sandbox.images.palette import Colour, darken, lighten

_SKINS: tuple[Colour, ...] = ((246, 208, 178), (224, 172, 132), (176, 120, 84), (120, 80, 60))
_HAIRS: tuple[Colour, ...] = ((58, 42, 40), (120, 76, 46), (206, 150, 80), (36, 34, 44))
_INK: Colour = (38, 32, 44)


def _head(frame: Frame, skin: Colour, hair: Colour, *, long: bool) -> None:
    if long:
        locks = shapes.blob(
            (-0.13, 0.9), (-0.17, 0.74), (-0.15, 0.58), (0.15, 0.58), (0.17, 0.74), (0.13, 0.9)
        )
        frame.solid(locks, hair)
    frame.fill(shapes.box(-0.035, 0.68, 0.035, 0.78), darken(skin, 0.15))
    face = shapes.ellipse(0, 0.85, 0.105, 0.12)
    frame.solid(face, skin)
    frame.fill(
        shapes.blob(
            (-0.118, 0.84),
            (-0.12, 0.94),
            (0, 1.0),
            (0.12, 0.94),
            (0.118, 0.84),
            (0.06, 0.92),
            (-0.05, 0.91),
        ),
        lighten(hair, 0.08),
        to=darken(hair, 0.1),
    )
    for side in (-1, 1):
        frame.fill(shapes.dot(side * 0.042, 0.845, 0.011), _INK)
        frame.fill(shapes.ellipse(side * 0.065, 0.808, 0.02, 0.012), (236, 120, 110), alpha=0.4)
    frame.fill(
        shapes.sweep([(-0.026, 0.795), (0, 0.783), (0.026, 0.795)], 0.009), darken(skin, 0.55)
    )


def draw_person(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a standing figure with a coat and a scarf."""
    frame.shadow(0.24)
    skin, hair = rng.choice(_SKINS), rng.choice(_HAIRS)
    for side in (-1, 1):
        frame.solid(
            shapes.box(side * 0.07 - 0.052, 0.02, side * 0.07 + 0.052, 0.4, 0.03), (58, 66, 100)
        )
        frame.fill(
            shapes.blob(
                (side * 0.02, 0.0), (side * 0.03, 0.055), (side * 0.1, 0.05), (side * 0.155, 0.0)
            ),
            (74, 50, 46),
        )
        frame.solid(
            shapes.sweep([(side * 0.14, 0.66), (side * 0.21, 0.5), (side * 0.2, 0.36)], 0.085),
            darken(colour, 0.1),
        )
        frame.fill(shapes.ellipse(side * 0.2, 0.34, 0.036), skin)
    coat = shapes.blob(
        (-0.1, 0.72), (-0.17, 0.66), (-0.18, 0.3), (0, 0.28), (0.18, 0.3), (0.17, 0.66), (0.1, 0.72)
    )
    frame.solid(coat, colour)
    frame.fill(shapes.stroke([(0, 0.68), (0, 0.29)], 0.01), darken(colour, 0.35))
    for y in (0.56, 0.47, 0.38):
        frame.fill(shapes.dot(0.028, y, 0.011), lighten(colour, 0.6))
    _head(frame, skin, hair, long=False)
    frame.solid(
        shapes.blob(
            (-0.105, 0.73), (0, 0.69), (0.105, 0.73), (0.1, 0.66), (0, 0.645), (-0.1, 0.66)
        ),
        (244, 196, 96),
    )
    frame.solid(shapes.box(0.02, 0.48, 0.085, 0.68, 0.01), (236, 184, 84))


def draw_woman(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a standing woman in a wide dress."""
    frame.shadow(0.26)
    skin, hair = rng.choice(_SKINS), rng.choice(_HAIRS)
    for side in (-1, 1):
        frame.fill(
            shapes.box(side * 0.05 - 0.03, 0.0, side * 0.05 + 0.03, 0.24, 0.02),
            skin,
            to=darken(skin, 0.15),
        )
        frame.fill(
            shapes.blob(
                (side * 0.02, 0.0), (side * 0.04, 0.04), (side * 0.09, 0.035), (side * 0.12, 0.0)
            ),
            darken(colour, 0.4),
        )
        frame.fill(
            shapes.sweep(
                [(side * 0.11, 0.66), (side * 0.19, 0.52), (side * 0.17, 0.38)], 0.055, tip=0.045
            ),
            skin,
            to=darken(skin, 0.1),
        )
    _head(frame, skin, hair, long=True)
    dress = [
        shapes.curve([(-0.1, 0.7), (-0.085, 0.52), (-0.28, 0.16)])
        + shapes.curve([(-0.28, 0.16), (-0.1, 0.13), (0.1, 0.17), (0.28, 0.15)])
        + shapes.curve([(0.28, 0.15), (0.085, 0.52), (0.1, 0.7)])
    ]
    frame.solid(dress, colour)
    for x in (-0.12, 0.0, 0.12):
        frame.fill(
            shapes.stroke([(x * 0.5, 0.48), (x * 1.5, 0.17)], 0.008),
            darken(colour, 0.35),
            alpha=0.5,
        )
    frame.fill(shapes.box(-0.1, 0.5, 0.1, 0.535), lighten(colour, 0.5), clip=dress)
    frame.fill(shapes.segment(0, 0.71, 0.06, 0.045, 180, 360), skin)


def draw_astronaut(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw an astronaut, arms out."""
    suit = (240, 240, 244)
    frame.solid(shapes.box(-0.2, 0.34, 0.2, 0.72, 0.05), (176, 182, 196))
    for side in (-1, 1):
        frame.solid(
            shapes.sweep([(side * 0.1, 0.62), (side * 0.28, 0.56), (side * 0.38, 0.7)], 0.12),
            darken(suit, 0.06),
        )
        frame.solid(shapes.ellipse(side * 0.39, 0.73, 0.055), colour)
        frame.solid(
            shapes.sweep([(side * 0.08, 0.34), (side * 0.12, 0.18), (side * 0.1, 0.04)], 0.135),
            darken(suit, 0.05),
        )
        frame.solid(
            shapes.box(side * 0.105 - 0.08, -0.02, side * 0.105 + 0.08, 0.08, 0.035), colour
        )
    frame.solid(shapes.box(-0.165, 0.28, 0.165, 0.68, 0.1), suit)
    frame.fill(shapes.box(-0.085, 0.42, 0.085, 0.54, 0.02), (90, 100, 126))
    for x, tone in ((-0.05, (236, 90, 80)), (0.0, (250, 206, 90)), (0.05, (96, 200, 150))):
        frame.fill(shapes.dot(x, 0.485, 0.017), tone)
    frame.fill(shapes.box(-0.165, 0.34, 0.165, 0.365), colour, alpha=0.9)
    frame.solid(shapes.ellipse(0, 0.82, 0.2, 0.19), suit)
    visor = shapes.ellipse(0.0, 0.82, 0.145, 0.125)
    frame.fill(visor, (50, 66, 120), to=(226, 140, 110))
    frame.fill(shapes.ellipse(-0.06, 0.87, 0.045, 0.026, 30), (255, 255, 255), alpha=0.75)
    frame.fill(shapes.ellipse(0.05, 0.76, 0.13, 0.05), (255, 214, 160), alpha=0.35, clip=visor)


def draw_robot(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a friendly robot."""
    frame.shadow(0.3)
    metal, dark = (206, 214, 224), (74, 84, 108)
    for side in (-1, 1):
        frame.solid(shapes.box(side * 0.1 - 0.04, 0.05, side * 0.1 + 0.04, 0.26), dark)
        frame.solid(shapes.box(side * 0.11 - 0.08, 0.0, side * 0.11 + 0.08, 0.085, 0.04), colour)
        frame.solid(
            shapes.sweep([(side * 0.2, 0.52), (side * 0.32, 0.44), (side * 0.32, 0.3)], 0.06), dark
        )
        frame.solid(shapes.ellipse(side * 0.32, 0.27, 0.06), metal)
        frame.solid(shapes.ellipse(side * 0.21, 0.53, 0.06), metal)
    frame.solid(shapes.box(-0.2, 0.22, 0.2, 0.6, 0.07), colour)
    frame.fill(shapes.box(-0.12, 0.32, 0.12, 0.5, 0.03), darken(colour, 0.5))
    for i, tone in enumerate(((248, 120, 110), (252, 206, 96), (110, 220, 170))):
        frame.fill(shapes.dot(-0.07 + 0.07 * i, 0.45, 0.021), tone)
    frame.fill(
        shapes.stroke(
            [
                (-0.08, 0.37),
                (-0.03, 0.37),
                (-0.01, 0.405),
                (0.02, 0.345),
                (0.04, 0.37),
                (0.08, 0.37),
            ],
            0.011,
        ),
        (140, 240, 220),
    )
    frame.solid(shapes.box(-0.055, 0.58, 0.055, 0.66), dark)
    frame.solid(shapes.box(-0.235, 0.64, 0.235, 0.92, 0.09), metal)
    frame.fill(shapes.box(-0.18, 0.69, 0.18, 0.87, 0.06), (34, 40, 66), to=(52, 62, 98))
    for side in (-1, 1):
        frame.shine(side * 0.085, 0.79, 0.1, (130, 240, 240), 0.7)
        frame.fill(shapes.ellipse(side * 0.085, 0.79, 0.036, 0.042), (160, 250, 246))
        frame.solid(
            shapes.box(side * 0.255 - 0.025, 0.73, side * 0.255 + 0.025, 0.83, 0.02), colour
        )
    frame.fill(shapes.sweep([(-0.045, 0.73), (0, 0.715), (0.045, 0.73)], 0.014), (160, 250, 246))
    frame.fill(shapes.stroke([(0, 0.92), (0, 1.0)], 0.02), dark)
    frame.shine(0, 1.02, 0.12, (255, 150, 120), 0.6)
    frame.fill(shapes.ellipse(0, 1.02, 0.036), (250, 120, 96))
