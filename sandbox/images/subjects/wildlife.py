"""Animals that fly, swim and walk."""

from __future__ import annotations

from random import Random

from sandbox.images import shapes
from sandbox.images.canvas import Frame
from sandbox.images.palette import Colour, darken, lighten, luminance, mix

_CREAM: Colour = (252, 240, 222)
_INK: Colour = (38, 32, 44)


def draw_owl(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw an owl on a branch."""
    frame.fill(shapes.sweep([(-0.55, 0.02), (0, 0.05), (0.55, 0.0)], 0.07, tip=0.04), (104, 72, 56))
    body = shapes.blob(
        (0, 0.06),
        (0.3, 0.16),
        (0.34, 0.52),
        (0.28, 0.86),
        (0.2, 0.98),
        (0, 0.92),
        (-0.2, 0.98),
        (-0.28, 0.86),
        (-0.34, 0.52),
        (-0.3, 0.16),
    )
    frame.solid(body, colour)
    frame.fill(shapes.ellipse(0, 0.32, 0.2, 0.28), _CREAM, clip=body)
    for row in range(4):
        for column in range(-1, 2):
            x = column * 0.1 + (0.05 if row % 2 else 0)
            frame.fill(
                shapes.segment(x, 0.46 - row * 0.08, 0.032, 0.03, 180, 360),
                darken(colour, 0.1),
                alpha=0.7,
            )
    for side in (-1, 1):
        wing = shapes.blob(
            (side * 0.28, 0.64), (side * 0.38, 0.4), (side * 0.3, 0.12), (side * 0.19, 0.36)
        )
        frame.solid(wing, darken(colour, 0.22))
        frame.fill(shapes.ellipse(side * 0.13, 0.72, 0.135), _CREAM)
        frame.fill(shapes.ellipse(side * 0.125, 0.72, 0.085), (246, 180, 60))
        frame.fill(shapes.ellipse(side * 0.12, 0.72, 0.052), _INK)
        frame.fill(shapes.dot(side * 0.12 - 0.02, 0.745, 0.018), (255, 255, 255))
    frame.fill(shapes.polygon((-0.045, 0.66), (0.045, 0.66), (0, 0.56)), (240, 152, 56))


def draw_bird(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a bird in flight, wings up."""
    dark = darken(colour, 0.3)
    far = shapes.blob((-0.02, 0.5), (0.08, 0.8), (0.3, 1.02), (0.2, 0.66), (0.14, 0.5))
    frame.fill(far, dark)
    tail = shapes.polygon((-0.28, 0.44), (-0.68, 0.5), (-0.6, 0.42), (-0.66, 0.36), (-0.26, 0.36))
    frame.fill(tail, dark)
    body = shapes.blob(
        (-0.36, 0.42),
        (-0.1, 0.52),
        (0.2, 0.56),
        (0.38, 0.58),
        (0.44, 0.5),
        (0.34, 0.4),
        (0.1, 0.28),
        (-0.16, 0.3),
    )
    frame.fill(body, lighten(colour, 0.14), to=colour)
    frame.fill(shapes.ellipse(0.1, 0.3, 0.26, 0.1), _CREAM, clip=body, alpha=0.9)
    near = shapes.blob(
        (-0.1, 0.48), (-0.26, 0.78), (-0.34, 1.12), (-0.08, 0.9), (0.1, 0.66), (0.14, 0.48)
    )
    frame.fill(near, lighten(colour, 0.2), to=darken(colour, 0.14))
    frame.fill(shapes.polygon((0.42, 0.54), (0.56, 0.49), (0.41, 0.47)), (244, 160, 60))
    frame.fill(shapes.dot(0.34, 0.525, 0.022), _INK)


def draw_penguin(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a penguin."""
    frame.shadow(0.28)
    for side in (-1, 1):
        frame.fill(shapes.ellipse(side * 0.12, 0.03, 0.11, 0.045), (244, 164, 64))
    body = shapes.blob(
        (0, 0.02),
        (0.25, 0.1),
        (0.28, 0.4),
        (0.2, 0.74),
        (0.16, 0.92),
        (0, 1.0),
        (-0.16, 0.92),
        (-0.2, 0.74),
        (-0.28, 0.4),
        (-0.25, 0.1),
    )
    frame.solid(body, colour)
    frame.fill(shapes.ellipse(0, 0.34, 0.19, 0.34), (252, 250, 246), clip=body)
    for side in (-1, 1):
        frame.fill(shapes.ellipse(side * 0.075, 0.8, 0.085, 0.1), (252, 250, 246), clip=body)
        frame.fill(shapes.dot(side * 0.07, 0.83, 0.024), _INK)
        flap = shapes.blob(
            (side * 0.2, 0.62), (side * 0.36, 0.4), (side * 0.33, 0.24), (side * 0.22, 0.36)
        )
        frame.solid(flap, darken(colour, 0.15))
    frame.fill(shapes.polygon((-0.055, 0.785), (0.055, 0.785), (0, 0.7)), (244, 164, 64))


def draw_fish(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a striped fish."""
    tail = shapes.blob((-0.36, 0.5), (-0.66, 0.8), (-0.6, 0.5), (-0.66, 0.2))
    frame.fill(tail, lighten(colour, 0.2), to=darken(colour, 0.2))
    frame.fill(shapes.blob((-0.2, 0.7), (0.0, 1.0), (0.2, 0.88), (0.2, 0.7)), darken(colour, 0.15))
    frame.fill(
        shapes.blob((-0.1, 0.3), (-0.06, 0.08), (0.08, 0.14), (0.12, 0.3)), darken(colour, 0.15)
    )
    body = shapes.blob(
        (-0.46, 0.5), (-0.1, 0.78), (0.3, 0.74), (0.52, 0.5), (0.3, 0.26), (-0.1, 0.22)
    )
    frame.fill(body, lighten(colour, 0.24), to=darken(colour, 0.16))
    for x in (-0.2, 0.08):
        frame.fill(shapes.ellipse(x, 0.5, 0.062, 0.36), (255, 246, 232), clip=body, alpha=0.92)
    frame.fill(
        shapes.blob((0.06, 0.48), (-0.12, 0.42), (-0.06, 0.32), (0.12, 0.36)), darken(colour, 0.1)
    )
    frame.fill(shapes.ellipse(0.33, 0.57, 0.06), (255, 255, 255))
    frame.fill(shapes.ellipse(0.345, 0.57, 0.034), _INK)
    frame.fill(shapes.sweep([(0.5, 0.46), (0.42, 0.42), (0.36, 0.44)], 0.014), _INK, alpha=0.7)


def draw_whale(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a whale with its spout."""
    tail = shapes.blob(
        (-0.62, 0.5), (-0.9, 0.84), (-0.72, 0.78), (-0.64, 0.92), (-0.5, 0.86), (-0.46, 0.5)
    )
    frame.fill(tail, lighten(colour, 0.1), to=darken(colour, 0.1))
    body = shapes.blob(
        (-0.72, 0.6),
        (-0.4, 0.48),
        (0.0, 0.72),
        (0.42, 0.74),
        (0.68, 0.5),
        (0.62, 0.2),
        (0.3, 0.06),
        (-0.2, 0.1),
        (-0.56, 0.32),
    )
    frame.fill(body, lighten(colour, 0.16), to=darken(colour, 0.18))
    frame.fill(shapes.ellipse(0.3, 0.02, 0.6, 0.2), (234, 240, 244), clip=body)
    for i in range(4):
        frame.fill(
            shapes.sweep(
                [
                    (0.64 - i * 0.02, 0.2 - i * 0.045),
                    (0.3, 0.16 - i * 0.045),
                    (0.0, 0.17 - i * 0.04),
                ],
                0.008,
            ),
            mix(colour, (200, 210, 220), 0.4),
            clip=body,
        )
    frame.fill(
        shapes.blob((0.1, 0.2), (-0.02, -0.02), (0.14, 0.0), (0.28, 0.16)), darken(colour, 0.2)
    )
    frame.fill(shapes.dot(0.44, 0.36, 0.026), _INK)
    frame.fill(shapes.dot(0.435, 0.367, 0.009), (255, 255, 255))
    for side in (-1, 1):
        spout = shapes.sweep(
            [
                (0.3, 0.76),
                (0.3 + side * 0.03, 0.95),
                (0.3 + side * 0.16, 1.0),
                (0.3 + side * 0.2, 0.9),
            ],
            0.035,
            tip=0.02,
        )
        frame.fill(spout, (232, 246, 252), alpha=0.9)


def draw_butterfly(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a butterfly with open wings."""
    for side in (-1, 1):
        lower = shapes.blob(
            (0, 0.46),
            (side * 0.24, 0.42),
            (side * 0.34, 0.22),
            (side * 0.2, 0.08),
            (side * 0.06, 0.24),
        )
        frame.fill(lower, darken(colour, 0.1), to=darken(colour, 0.3))
        upper = shapes.blob(
            (0, 0.5),
            (side * 0.16, 0.82),
            (side * 0.42, 0.94),
            (side * 0.5, 0.74),
            (side * 0.34, 0.48),
        )
        frame.fill(upper, darken(colour, 0.45))
        inside = shapes.scaled(upper, side * 0.24, 0.68, 0.8)
        frame.fill(inside, lighten(colour, 0.25), to=colour)
        for x, y, radius in ((0.4, 0.8, 0.035), (0.32, 0.66, 0.028), (0.2, 0.2, 0.03)):
            frame.fill(shapes.dot(side * x, y, radius), _CREAM)
        frame.fill(shapes.sweep([(0, 0.72), (side * 0.05, 0.86), (side * 0.12, 0.94)], 0.01), _INK)
    frame.fill(shapes.ellipse(0, 0.5, 0.035, 0.24), _INK)


def draw_deer(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a standing deer with antlers, in profile."""
    frame.shadow(0.4)
    dark = darken(colour, 0.3)
    for x, tone in ((-0.2, dark), (0.16, dark), (-0.27, colour), (0.22, colour)):
        leg = shapes.polygon((x - 0.035, 0.42), (x + 0.04, 0.42), (x + 0.016, 0), (x - 0.016, 0))
        frame.fill(leg, tone, to=darken(tone, 0.35))
    body = shapes.blob(
        (-0.34, 0.5),
        (-0.28, 0.58),
        (0.0, 0.56),
        (0.2, 0.6),
        (0.3, 0.46),
        (0.2, 0.34),
        (-0.05, 0.34),
        (-0.3, 0.38),
    )
    neck = shapes.blob((0.12, 0.56), (0.24, 0.78), (0.36, 0.82), (0.34, 0.62), (0.28, 0.44))
    frame.fill(neck, lighten(colour, 0.12), to=colour)
    frame.fill(body, lighten(colour, 0.14), to=darken(colour, 0.1))
    head = shapes.blob((0.24, 0.84), (0.34, 0.88), (0.5, 0.76), (0.48, 0.72), (0.32, 0.73))
    frame.solid(head, colour)
    frame.fill(shapes.blob((0.27, 0.84), (0.16, 0.9), (0.2, 0.82)), dark)
    frame.fill(shapes.dot(0.495, 0.745, 0.018), _INK)
    frame.fill(shapes.dot(0.36, 0.81, 0.014), _INK)
    for dx in (0.0, 0.06):
        base = (0.28 + dx, 0.87)
        frame.fill(
            shapes.sweep([base, (0.22 + dx * 1.5, 0.99), (0.28 + dx * 2, 1.13)], 0.022, tip=0.012),
            (150, 112, 80),
        )
        for t, out in ((0.99, -0.09), (1.05, 0.1)):
            frame.fill(
                shapes.stroke(
                    [(0.23 + dx * 1.5, t - 0.02), (0.23 + dx * 1.5 + out, t + 0.07)],
                    0.016,
                    tip=0.008,
                ),
                (150, 112, 80),
            )
    frame.fill(shapes.ellipse(-0.35, 0.5, 0.045, 0.06), _CREAM)
    for x, y in ((-0.2, 0.5), (-0.1, 0.52), (-0.14, 0.45), (0.0, 0.5), (-0.24, 0.45)):
        frame.fill(shapes.dot(x, y, 0.014), lighten(colour, 0.55))


def draw_elephant(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw an elephant in profile."""
    frame.shadow(0.5)
    dark = darken(colour, 0.22)
    for x, tone in ((-0.22, dark), (0.12, dark), (-0.34, colour), (0.2, colour)):
        frame.fill(shapes.box(x - 0.07, 0, x + 0.07, 0.4, 0.04), tone, to=darken(tone, 0.2))
    body = shapes.blob(
        (-0.46, 0.46),
        (-0.36, 0.76),
        (0.0, 0.84),
        (0.28, 0.76),
        (0.34, 0.5),
        (0.2, 0.26),
        (-0.3, 0.26),
    )
    frame.fill(body, lighten(colour, 0.16), to=darken(colour, 0.1))
    trunk = [(0.48, 0.62), (0.62, 0.46), (0.62, 0.24), (0.56, 0.12), (0.66, 0.07)]
    frame.fill(shapes.sweep(trunk, 0.16, tip=0.07), lighten(colour, 0.06), to=darken(colour, 0.15))
    frame.fill(shapes.ellipse(0.42, 0.68, 0.2, 0.21), lighten(colour, 0.14), to=colour)
    frame.fill(shapes.sweep([(0.5, 0.54), (0.58, 0.46), (0.7, 0.5)], 0.04, tip=0.014), _CREAM)
    ear = shapes.blob((0.3, 0.84), (0.12, 0.86), (0.06, 0.62), (0.16, 0.44), (0.3, 0.54))
    frame.solid(ear, darken(colour, 0.1))
    frame.fill(shapes.dot(0.47, 0.72, 0.022), _INK if luminance(colour) > 90 else (240, 240, 240))
    frame.fill(
        shapes.sweep([(-0.45, 0.56), (-0.54, 0.44), (-0.52, 0.3)], 0.024, tip=0.014),
        darken(colour, 0.3),
    )
