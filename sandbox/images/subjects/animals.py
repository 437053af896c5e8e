"""Animals that sit: one figure with many heads."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from sandbox.images import shapes
from sandbox.images.canvas import Frame
from sandbox.images.palette import Colour, darken, lighten
from sandbox.images.shapes import Shape

_CREAM: Colour = (252, 240, 222)
_INK: Colour = (38, 32, 44)


@dataclass(frozen=True)
class Breed:
    """What tells one sitting animal from another."""

    ears: str  # pointed, floppy, round, long
    tail: str  # curl, brush, tuft, none
    muzzle: float  # how much snout
    belly: Colour | None = _CREAM
    stripes: bool = False
    mane: Colour | None = None
    patches: Colour | None = None


def sitting(breed: Breed) -> Callable[[Frame, Colour, Random], None]:
    """Return the verb that draws a sitting animal of `breed`."""

    def draw(frame: Frame, colour: Colour, rng: Random) -> None:
        frame.shadow(0.36)
        limbs = breed.patches or colour
        _tail(frame, breed, colour)
        body = shapes.blob(
            (-0.27, 0.02),
            (-0.29, 0.2),
            (-0.19, 0.44),
            (-0.1, 0.56),
            (0.1, 0.56),
            (0.19, 0.44),
            (0.29, 0.2),
            (0.27, 0.02),
            (0, 0.0),
        )
        frame.solid(body, colour)
        if breed.belly is not None:
            frame.fill(shapes.ellipse(0, 0.26, 0.13, 0.26), breed.belly, clip=body, alpha=0.92)
        if breed.stripes:
            _stripes(frame, body, colour)
        for side in (-1, 1):
            frame.solid(shapes.ellipse(side * 0.2, 0.1, 0.12, 0.12), darken(limbs, 0.04))
            frame.solid(
                shapes.box(side * 0.085 - 0.055, 0, side * 0.085 + 0.055, 0.34, 0.055), limbs
            )
            frame.fill(shapes.ellipse(side * 0.09, 0.03, 0.07, 0.042), lighten(limbs, 0.22))
        if breed.mane is not None:
            for i in range(14):
                angle = math.tau * i / 14
                frame.solid(
                    shapes.ellipse(0.24 * math.cos(angle), 0.72 + 0.23 * math.sin(angle), 0.1),
                    breed.mane,
                )
        _head(frame, breed, colour)

    return draw


def _tail(frame: Frame, breed: Breed, colour: Colour) -> None:
    if breed.tail == "curl":
        line = [(0.2, 0.06), (0.42, 0.08), (0.46, 0.28), (0.36, 0.42), (0.42, 0.52)]
        frame.fill(shapes.sweep(line, 0.085, tip=0.06), colour, to=darken(colour, 0.2))
    elif breed.tail == "brush":
        brush = shapes.blob(
            (0.16, 0.02),
            (0.4, 0.02),
            (0.54, 0.2),
            (0.5, 0.44),
            (0.4, 0.56),
            (0.36, 0.36),
            (0.28, 0.2),
        )
        frame.solid(brush, colour)
        frame.fill(shapes.ellipse(0.44, 0.52, 0.13, 0.13), _CREAM, clip=brush)
    elif breed.tail == "tuft":
        frame.fill(shapes.sweep([(0.2, 0.08), (0.42, 0.12), (0.44, 0.34)], 0.05), colour)
        frame.solid(shapes.ellipse(0.44, 0.38, 0.065, 0.085), breed.mane or darken(colour, 0.3))


def _stripes(frame: Frame, within: Shape, colour: Colour) -> None:
    dark = darken(colour, 0.55)
    for y in (0.16, 0.27, 0.38):
        for side in (-1, 1):
            stripe = shapes.polygon(
                (side * 0.4, y + 0.05), (side * 0.4, y - 0.01), (side * 0.12, y + 0.0)
            )
            frame.fill(stripe, dark, clip=within, alpha=0.8)


def _ears(frame: Frame, breed: Breed, ear: Colour) -> None:
    inner = (240, 164, 164)
    for side in (-1, 1):
        if breed.ears == "pointed":
            frame.solid(
                shapes.blob(
                    (side * 0.25, 0.74),
                    (side * 0.25, 0.99),
                    (side * 0.21, 0.99),
                    (side * 0.04, 0.86),
                ),
                ear,
            )
            frame.fill(
                shapes.polygon((side * 0.205, 0.8), (side * 0.215, 0.945), (side * 0.1, 0.86)),
                inner,
                alpha=0.85,
            )
        elif breed.ears == "round":
            frame.solid(shapes.ellipse(side * 0.19, 0.9, 0.09), ear)
            frame.fill(
                shapes.ellipse(side * 0.19, 0.9, 0.048),
                inner if breed.patches is None else darken(ear, 0.2),
                alpha=0.8,
            )
        elif breed.ears == "long":
            frame.solid(shapes.ellipse(side * 0.1, 1.04, 0.062, 0.22, -side * 7), ear)
            frame.fill(shapes.ellipse(side * 0.1, 1.04, 0.03, 0.16, -side * 7), inner, alpha=0.8)


def _head(frame: Frame, breed: Breed, colour: Colour) -> None:
    _ears(frame, breed, breed.patches or colour)
    head = shapes.blob(
        (0, 0.93),
        (0.2, 0.87),
        (0.275, 0.7),
        (0.19, 0.55),
        (0, 0.51),
        (-0.19, 0.55),
        (-0.275, 0.7),
        (-0.2, 0.87),
    )
    frame.solid(head, colour)
    if breed.stripes:
        for x in (-0.07, 0.0, 0.07):
            frame.fill(
                shapes.polygon((x - 0.017, 0.95), (x + 0.017, 0.95), (x, 0.81)),
                darken(colour, 0.55),
                clip=head,
                alpha=0.8,
            )
        _stripes(frame.inner(0, 0.4, 1.0), shapes.moved(head, lambda x, y: (x, y - 0.4)), colour)
    if breed.belly is not None:
        for side in (-1, 1):
            frame.fill(shapes.ellipse(side * 0.075, 0.6, 0.115, 0.095), breed.belly, clip=head)
    if breed.ears == "floppy":
        for side in (-1, 1):
            flap = shapes.blob(
                (side * 0.17, 0.9),
                (side * 0.29, 0.86),
                (side * 0.335, 0.66),
                (side * 0.27, 0.54),
                (side * 0.2, 0.66),
            )
            frame.solid(flap, darken(colour, 0.28))
    _face(frame, breed)


def _face(frame: Frame, breed: Breed) -> None:
    for side in (-1, 1):
        if breed.patches is not None:
            frame.fill(shapes.ellipse(side * 0.115, 0.72, 0.075, 0.09, side * 25), breed.patches)
        frame.fill(shapes.ellipse(side * 0.115, 0.725, 0.036, 0.045), _INK)
        frame.fill(shapes.dot(side * 0.115 - 0.012, 0.742, 0.014), (255, 255, 255))
        frame.fill(shapes.ellipse(side * 0.19, 0.635, 0.04, 0.026), (244, 150, 150), alpha=0.45)
    if breed.muzzle:
        frame.solid(
            shapes.ellipse(0, 0.61, 0.115 * breed.muzzle, 0.082 * breed.muzzle),
            breed.belly or _CREAM,
            across=False,
        )
    nose = 0.028 + 0.016 * breed.muzzle
    frame.fill(shapes.blob((-nose, 0.655), (nose, 0.655), (0, 0.615)), _INK)
    mouth = shapes.sweep(
        [(-0.06, 0.585), (-0.03, 0.565), (0, 0.595), (0.03, 0.565), (0.06, 0.585)], 0.011
    )
    frame.fill(mouth, _INK)
    if breed.ears == "pointed" and breed.tail == "curl":
        for side in (-1, 1):
            for y in (0.66, 0.625, 0.59):
                frame.fill(
                    shapes.stroke(
                        [(side * 0.13, y - 0.015), (side * 0.34, y + (y - 0.625) * 0.8)], 0.007
                    ),
                    _INK,
                    alpha=0.6,
                )
