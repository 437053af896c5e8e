"""Vehicles."""

from __future__ import annotations

from random import Random

from sandbox.images import shapes
from sandbox.images.canvas import Frame
from sandbox.images.palette import Color, darken, lighten

_GLASS: Color = (170, 212, 232)
_TYRE: Color = (40, 40, 50)
_CREAM: Color = (252, 242, 224)


def _wheel(frame: Frame, x: float, y: float, radius: float) -> None:
    frame.fill(shapes.ellipse(x, y, radius), _TYRE)
    frame.fill(shapes.ellipse(x, y, radius * 0.6), (206, 210, 218), to=(140, 146, 158))
    frame.fill(shapes.ellipse(x, y, radius * 0.2), (90, 94, 106))


def draw_bus(frame: Frame, color: Color, rng: Random) -> None:
    """Draw a camper bus in two tones."""
    frame.shadow(0.95)
    body = shapes.box(-0.92, 0.12, 0.92, 0.98, 0.2)
    frame.fill(body, _CREAM, to=darken(_CREAM, 0.06))
    lower = shapes.curve([(-1, 0.54), (0.2, 0.54), (0.75, 0.5), (1.0, 0.3)])
    frame.fill(
        [[*lower, (1.0, 0.0), (-1.0, 0.0)]],
        lighten(color, 0.1),
        to=darken(color, 0.18),
        clip=body,
    )
    for x in (-0.78, -0.4, -0.02, 0.36):
        frame.fill(shapes.box(x, 0.6, x + 0.3, 0.86, 0.05), lighten(_GLASS, 0.35), to=_GLASS)
    frame.fill(shapes.box(0.73, 0.58, 0.93, 0.86, 0.05), lighten(_GLASS, 0.4), to=_GLASS, clip=body)
    frame.fill(shapes.box(-0.9, 0.525, 0.62, 0.55, 0.01), darken(_CREAM, 0.2))
    frame.fill(shapes.ellipse(0.86, 0.36, 0.06, 0.075), (255, 246, 200))
    frame.fill(shapes.stroke([(0.19, 0.58), (0.19, 0.18)], 0.012), darken(color, 0.4), alpha=0.6)
    frame.fill(shapes.box(-0.98, 0.12, 0.98, 0.2, 0.03), (196, 200, 208))
    for i, tone in enumerate(((232, 120, 90), (96, 156, 190), (246, 200, 96))):
        frame.solid(
            shapes.box(-0.55 + 0.34 * i, 0.98, -0.26 + 0.34 * i, 1.1 + 0.03 * (i % 2), 0.02), tone
        )
    for x in (-0.55, 0.55):
        _wheel(frame, x, 0.16, 0.175)


def draw_sailboat(frame: Frame, color: Color, rng: Random) -> None:
    """Draw a sailing boat and its reflection."""
    under = shapes.moved(shapes.ellipse(0, -0.02, 0.52, 0.05), frame.place)
    shade = darken(frame.light.sea, 0.3)
    frame.canvas.fill(under, shade, alpha=0.45, blur=0.012 * frame.size)
    for reach, y in ((0.34, -0.06), (0.24, -0.1), (0.12, -0.14)):
        frame.fill(
            shapes.box(-reach, y - 0.008, reach, y + 0.008, 0.008), (252, 246, 232), alpha=0.35
        )
    hull = shapes.outline("-0.44 0.17, 0 0.14, 0.54 0.2, 0.34 0, 0 -0.015, -0.34 0")
    frame.fill(shapes.stroke([(0.02, 0.12), (0.02, 1.02)], 0.022), (110, 76, 56))
    main = [
        shapes.curve([(0.0, 0.98), (-0.16, 0.6), (-0.42, 0.24)])
        + shapes.curve([(-0.42, 0.24), (-0.2, 0.21), (0.0, 0.23)])
    ]
    frame.fill(main, (255, 252, 244), to=(226, 222, 224), across=False)
    jib = [
        shapes.curve([(0.045, 0.92), (0.2, 0.56), (0.46, 0.25)])
        + shapes.curve([(0.46, 0.25), (0.26, 0.22), (0.045, 0.24)])
    ]
    frame.fill(jib, lighten(color, 0.25), to=color)
    frame.fill(shapes.polygon((0.02, 1.02), (0.16, 0.98), (0.02, 0.94)), color)
    frame.fill(hull, lighten(color, 0.1), to=darken(color, 0.3))
    frame.fill(
        shapes.stroke(shapes.curve([(-0.42, 0.16), (0.0, 0.135), (0.51, 0.19)]), 0.02),
        (255, 250, 240),
    )


def draw_balloon(frame: Frame, color: Color, rng: Random) -> None:
    """Draw a hot-air balloon in two colors."""
    other = (255, 244, 222)
    envelope = shapes.outline(
        "0 1, 0.26 0.93, 0.36 0.7, 0.26 0.46, 0.09 0.27, "
        "-0.09 0.27, -0.26 0.46, -0.36 0.7, -0.26 0.93"
    )
    frame.fill(envelope, lighten(color, 0.12), to=darken(color, 0.22), across=True)
    for reach, tone in ((0.30, other), (0.185, color), (0.07, other)):
        gore = shapes.blob(
            (0, 1.0),
            (reach * 0.75, 0.93),
            (reach, 0.7),
            (reach * 0.75, 0.46),
            (reach * 0.28, 0.26),
            (-reach * 0.28, 0.26),
            (-reach * 0.75, 0.46),
            (-reach, 0.7),
            (-reach * 0.75, 0.93),
        )
        frame.fill(gore, lighten(tone, 0.12), to=darken(tone, 0.16), across=True, clip=envelope)
    band = shapes.box(-0.5, 0.60, 0.5, 0.68)
    frame.fill(band, darken(color, 0.3), clip=envelope, alpha=0.55)
    frame.fill(
        shapes.ellipse(0.2, 0.5, 0.3, 0.5),
        darken(color, 0.6),
        alpha=0.16,
        clip=envelope,
        blur=0.05,
    )
    for x in (-0.07, 0.07):
        frame.fill(shapes.stroke([(x, 0.27), (x * 0.7, 0.12)], 0.007), (90, 64, 52))
    frame.solid(shapes.box(-0.065, 0.0, 0.065, 0.12, 0.02), (164, 112, 70))
    frame.fill(shapes.box(-0.075, 0.1, 0.075, 0.13, 0.01), (122, 80, 52))
    if frame.light.night:
        frame.shine(0, 0.5, 0.5, (255, 190, 100), 0.5)
