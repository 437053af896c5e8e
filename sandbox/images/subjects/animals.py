"""Sitting animals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from sandbox.images import shapes
from sandbox.images.canvas import Frame
from sandbox.images.palette import Color, darken, lighten

_CREAM: Color = (252, 240, 222)
_INK: Color = (38, 32, 44)


@dataclass(frozen=True)
class Breed:
    """How a kind of animal looks."""

    ears: str  # pointed, floppy
    tail: str  # curl, brush
    muzzle: float  # how much snout


def sitting(breed: Breed) -> Callable[[Frame, Color, Random], None]:
    """Return the function that draws a sitting animal of `breed`."""

    def draw(frame: Frame, color: Color, rng: Random) -> None:
        frame.shadow(0.36)
        _tail(frame, breed, color)
        body = shapes.outline(
            "-0.27 0.02, -0.29 0.2, -0.19 0.44, -0.1 0.56, 0.1 0.56, "
            "0.19 0.44, 0.29 0.2, 0.27 0.02, 0 0"
        )
        frame.solid(body, color)
        frame.fill(shapes.ellipse(0, 0.26, 0.13, 0.26), _CREAM, clip=body, alpha=0.92)
        for side in (-1, 1):
            frame.solid(shapes.ellipse(side * 0.2, 0.1, 0.12, 0.12), darken(color, 0.04))
            frame.solid(
                shapes.box(side * 0.085 - 0.055, 0, side * 0.085 + 0.055, 0.34, 0.055), color
            )
            frame.fill(shapes.ellipse(side * 0.09, 0.03, 0.07, 0.042), lighten(color, 0.22))
        _head(frame, breed, color)

    return draw


def _tail(frame: Frame, breed: Breed, color: Color) -> None:
    if breed.tail == "curl":
        line = [(0.2, 0.06), (0.42, 0.08), (0.46, 0.28), (0.36, 0.42), (0.42, 0.52)]
        frame.fill(shapes.sweep(line, 0.085, tip=0.06), color, to=darken(color, 0.2))
    else:
        brush = shapes.outline(
            "0.16 0.02, 0.4 0.02, 0.54 0.2, 0.5 0.44, 0.4 0.56, 0.36 0.36, 0.28 0.2"
        )
        frame.solid(brush, color)
        frame.fill(shapes.ellipse(0.44, 0.52, 0.13, 0.13), _CREAM, clip=brush)


def _ears(frame: Frame, breed: Breed, ear: Color) -> None:
    for side in (-1, 1):
        if breed.ears == "pointed":
            frame.solid(shapes.outline("0.25 0.74, 0.25 0.99, 0.21 0.99, 0.04 0.86", side), ear)
            inner = shapes.polygon((side * 0.205, 0.8), (side * 0.215, 0.945), (side * 0.1, 0.86))
            frame.fill(inner, (240, 164, 164), alpha=0.85)


def _head(frame: Frame, breed: Breed, color: Color) -> None:
    _ears(frame, breed, color)
    head = shapes.outline(
        "0 0.93, 0.2 0.87, 0.275 0.7, 0.19 0.55, 0 0.51, -0.19 0.55, -0.275 0.7, -0.2 0.87"
    )
    frame.solid(head, color)
    for side in (-1, 1):
        frame.fill(shapes.ellipse(side * 0.075, 0.6, 0.115, 0.095), _CREAM, clip=head)
    if breed.ears == "floppy":
        for side in (-1, 1):
            flap = shapes.outline("0.17 0.9, 0.29 0.86, 0.335 0.66, 0.27 0.54, 0.2 0.66", side)
            frame.solid(flap, darken(color, 0.28))
    _face(frame, breed)


def _face(frame: Frame, breed: Breed) -> None:
    for side in (-1, 1):
        frame.fill(shapes.ellipse(side * 0.115, 0.725, 0.036, 0.045), _INK)
        frame.fill(shapes.dot(side * 0.115 - 0.012, 0.742, 0.014), (255, 255, 255))
        frame.fill(shapes.ellipse(side * 0.19, 0.635, 0.04, 0.026), (244, 150, 150), alpha=0.45)
    snout = shapes.ellipse(0, 0.61, 0.115 * breed.muzzle, 0.082 * breed.muzzle)
    frame.solid(snout, _CREAM, across=False)
    nose = 0.028 + 0.016 * breed.muzzle
    frame.fill(shapes.blob((-nose, 0.655), (nose, 0.655), (0, 0.615)), _INK)
    mouth = shapes.sweep(
        [(-0.06, 0.585), (-0.03, 0.565), (0, 0.595), (0.03, 0.565), (0.06, 0.585)], 0.011
    )
    frame.fill(mouth, _INK)
    if breed.ears == "pointed" and breed.tail == "curl":
        for side in (-1, 1):
            for y in (0.66, 0.625, 0.59):
                hair = [(side * 0.13, y - 0.015), (side * 0.34, y + (y - 0.625) * 0.8)]
                frame.fill(shapes.stroke(hair, 0.007), _INK, alpha=0.6)
