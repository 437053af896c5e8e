"""Things that travel."""

from __future__ import annotations

import math
from random import Random

from sandbox.images import shapes
from sandbox.images.canvas import Frame
from sandbox.images.palette import Colour, darken, lighten

_GLASS: Colour = (170, 212, 232)
_TYRE: Colour = (40, 40, 50)
_CREAM: Colour = (252, 242, 224)


def _wheel(frame: Frame, x: float, y: float, radius: float) -> None:
    frame.fill(shapes.ellipse(x, y, radius), _TYRE)
    frame.fill(shapes.ellipse(x, y, radius * 0.6), (206, 210, 218), to=(140, 146, 158))
    frame.fill(shapes.ellipse(x, y, radius * 0.2), (90, 94, 106))


def draw_car(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a small rounded car in profile."""
    frame.shadow(1.0)
    body = shapes.blob(
        (-0.98, 0.22),
        (-0.96, 0.5),
        (-0.7, 0.6),
        (-0.5, 0.66),
        (0.35, 0.66),
        (0.72, 0.58),
        (0.96, 0.46),
        (1.0, 0.24),
        (0.8, 0.15),
        (-0.8, 0.15),
    )
    cabin = shapes.blob(
        (-0.66, 0.58), (-0.48, 0.9), (-0.16, 1.0), (0.16, 0.97), (0.38, 0.82), (0.56, 0.58)
    )
    frame.fill(cabin, lighten(colour, 0.2), to=colour)
    frame.fill(body, lighten(colour, 0.16), to=darken(colour, 0.22))
    for glass in (
        shapes.blob((-0.5, 0.63), (-0.4, 0.82), (-0.2, 0.9), (-0.09, 0.9), (-0.09, 0.63)),
        shapes.blob((0.0, 0.63), (0.0, 0.9), (0.14, 0.88), (0.28, 0.78), (0.4, 0.63)),
    ):
        frame.fill(glass, lighten(_GLASS, 0.4), to=_GLASS)
    frame.fill(shapes.box(-0.95, 0.36, 0.95, 0.385, 0.01), lighten(colour, 0.45), alpha=0.8)
    frame.fill(
        shapes.stroke([(-0.045, 0.62), (-0.045, 0.24)], 0.012), darken(colour, 0.4), alpha=0.6
    )
    frame.fill(shapes.box(0.03, 0.5, 0.15, 0.525, 0.012), darken(colour, 0.5))
    frame.fill(shapes.ellipse(0.9, 0.43, 0.06, 0.07), (255, 246, 200))
    frame.fill(shapes.box(-0.985, 0.4, -0.93, 0.5, 0.02), (226, 66, 60))
    frame.fill(
        shapes.box(0.84, 0.16, 1.03, 0.24, 0.035) + shapes.box(-1.02, 0.16, -0.84, 0.24, 0.035),
        (190, 196, 206),
    )
    if frame.light.night:
        frame.fill(
            shapes.polygon((0.93, 0.44), (2.1, 0.6), (2.1, 0.0)),
            (255, 240, 190),
            alpha=0.25,
            blur=0.03,
        )
    for x in (-0.58, 0.6):
        frame.fill(shapes.ellipse(x, 0.2, 0.235), darken(colour, 0.6))
        _wheel(frame, x, 0.18, 0.19)


def draw_bus(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a camper bus in two tones."""
    frame.shadow(0.95)
    body = shapes.box(-0.92, 0.12, 0.92, 0.98, 0.2)
    frame.fill(body, _CREAM, to=darken(_CREAM, 0.06))
    lower = shapes.curve([(-1, 0.54), (0.2, 0.54), (0.75, 0.5), (1.0, 0.3)])
    frame.fill(
        [[*lower, (1.0, 0.0), (-1.0, 0.0)]],
        lighten(colour, 0.1),
        to=darken(colour, 0.18),
        clip=body,
    )
    for x in (-0.78, -0.4, -0.02, 0.36):
        frame.fill(shapes.box(x, 0.6, x + 0.3, 0.86, 0.05), lighten(_GLASS, 0.35), to=_GLASS)
    frame.fill(shapes.box(0.73, 0.58, 0.93, 0.86, 0.05), lighten(_GLASS, 0.4), to=_GLASS, clip=body)
    frame.fill(shapes.box(-0.9, 0.525, 0.62, 0.55, 0.01), darken(_CREAM, 0.2))
    frame.fill(shapes.ellipse(0.86, 0.36, 0.06, 0.075), (255, 246, 200))
    frame.fill(shapes.stroke([(0.19, 0.58), (0.19, 0.18)], 0.012), darken(colour, 0.4), alpha=0.6)
    frame.fill(shapes.box(-0.98, 0.12, 0.98, 0.2, 0.03), (196, 200, 208))
    for i, tone in enumerate(((232, 120, 90), (96, 156, 190), (246, 200, 96))):
        frame.solid(
            shapes.box(-0.55 + 0.34 * i, 0.98, -0.26 + 0.34 * i, 1.1 + 0.03 * (i % 2), 0.02), tone
        )
    for x in (-0.55, 0.55):
        _wheel(frame, x, 0.16, 0.175)


def draw_bicycle(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a bicycle with a basket."""
    frame.shadow(0.8, strength=0.25)
    for x in (-0.5, 0.52):
        rim = shapes.ellipse(x, 0.32, 0.3)[0]
        frame.fill(shapes.stroke([*rim, rim[0]], 0.035), _TYRE)
        for i in range(8):
            angle = math.pi * i / 8
            dx, dy = 0.29 * math.cos(angle), 0.29 * math.sin(angle)
            frame.fill(
                shapes.stroke([(x - dx, 0.32 - dy), (x + dx, 0.32 + dy)], 0.006), (170, 174, 184)
            )
    tubes = (
        [(-0.5, 0.32), (-0.24, 0.74)],
        [(-0.24, 0.74), (0.34, 0.78)],
        [(-0.5, 0.32), (-0.06, 0.3)],
        [(-0.06, 0.3), (0.36, 0.72)],
        [(-0.06, 0.3), (-0.26, 0.82)],
        [(0.52, 0.32), (0.32, 0.92)],
    )
    for tube in tubes:
        frame.fill(shapes.stroke(tube, 0.045), colour)
    frame.fill(shapes.sweep([(0.22, 0.98), (0.34, 0.96), (0.42, 0.9)], 0.03), (70, 60, 60))
    frame.fill(
        shapes.blob((-0.42, 0.86), (-0.14, 0.86), (-0.2, 0.81), (-0.36, 0.81)), (104, 66, 48)
    )
    frame.solid(
        shapes.polygon((0.42, 0.86), (0.74, 0.86), (0.68, 0.64), (0.46, 0.64)), (206, 164, 110)
    )
    for x, tone in ((0.48, (240, 120, 130)), (0.57, (250, 210, 90)), (0.67, (240, 150, 190))):
        frame.fill(shapes.ellipse(x, 0.9, 0.055), tone)
    frame.fill(shapes.ellipse(-0.06, 0.3, 0.06), (120, 124, 136))


def draw_sailboat(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a sailing boat and its reflection."""
    shade = darken(frame.light.sea, 0.3)
    frame.alight(shapes.ellipse(0, -0.02, 0.52, 0.05), shade, alpha=0.45, blur=0.012)
    for reach, y in ((0.34, -0.06), (0.24, -0.1), (0.12, -0.14)):
        frame.fill(
            shapes.box(-reach, y - 0.008, reach, y + 0.008, 0.008), (252, 246, 232), alpha=0.35
        )
    hull = shapes.blob(
        (-0.44, 0.17), (0.0, 0.14), (0.54, 0.2), (0.34, 0.0), (0.0, -0.015), (-0.34, 0.0)
    )
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
    frame.fill(jib, lighten(colour, 0.25), to=colour)
    frame.fill(shapes.polygon((0.02, 1.02), (0.16, 0.98), (0.02, 0.94)), colour)
    frame.fill(hull, lighten(colour, 0.1), to=darken(colour, 0.3))
    frame.fill(
        shapes.stroke(shapes.curve([(-0.42, 0.16), (0.0, 0.135), (0.51, 0.19)]), 0.02),
        (255, 250, 240),
    )


def draw_ship(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a steamer with a smoking funnel."""
    shade = darken(frame.light.sea, 0.3)
    frame.alight(shapes.ellipse(0, -0.01, 0.9, 0.05), shade, alpha=0.45, blur=0.012)
    for step in range(5):
        frame.fill(
            shapes.ellipse(
                0.06 - 0.13 * step, 0.98 + 0.075 * step, 0.07 + 0.03 * step, 0.05 + 0.02 * step
            ),
            (236, 236, 240),
            alpha=0.42,
            blur=0.014,
        )
    for x in (-0.12, 0.14):
        frame.solid(
            shapes.polygon((x - 0.07, 0.52), (x + 0.07, 0.52), (x + 0.055, 0.9), (x - 0.085, 0.9)),
            colour,
        )
        frame.fill(
            shapes.polygon(
                (x - 0.083, 0.83), (x + 0.058, 0.83), (x + 0.055, 0.9), (x - 0.085, 0.9)
            ),
            (44, 44, 56),
        )
    frame.solid(shapes.box(-0.46, 0.26, 0.46, 0.42, 0.02), (250, 248, 242))
    frame.solid(shapes.box(-0.34, 0.41, 0.36, 0.54, 0.02), (250, 248, 242))
    lamp = (255, 224, 140) if frame.light.night else (110, 150, 180)
    for row, count in ((0.34, 9), (0.47, 7)):
        for i in range(count):
            frame.alight(shapes.dot(-0.3 + i * 0.6 / (count - 1), row, 0.022), lamp)
    hull = shapes.polygon((-0.78, 0.28), (0.86, 0.3), (0.66, -0.02), (-0.64, -0.02))
    frame.fill(hull, (52, 62, 96), to=(30, 36, 62))
    frame.fill(shapes.box(-1, -0.02, 1, 0.05), darken(colour, 0.1), clip=hull)
    frame.fill(shapes.stroke([(-0.78, 0.28), (0.86, 0.3)], 0.018), (255, 250, 240))


def draw_rocket(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a rocket in flight, on its flame."""
    frame.shine(0, -0.02, 0.55, (255, 180, 90), 0.6)
    for reach, low, tone in (
        (0.12, -0.30, (244, 110, 50)),
        (0.08, -0.2, (254, 190, 70)),
        (0.042, -0.1, (255, 246, 196)),
    ):
        flame = shapes.blob(
            (-reach, 0.13),
            (-reach * 0.8, low * 0.3),
            (0, low),
            (reach * 0.8, low * 0.3),
            (reach, 0.13),
        )
        frame.alight(flame, tone)
    for side in (-1, 1):
        fin = shapes.blob(
            (side * 0.14, 0.36), (side * 0.34, 0.14), (side * 0.31, 0.02), (side * 0.12, 0.14)
        )
        frame.solid(fin, darken(colour, 0.08))
    body = shapes.blob(
        (0, 1.0), (0.13, 0.8), (0.19, 0.5), (0.13, 0.14), (-0.13, 0.14), (-0.19, 0.5), (-0.13, 0.8)
    )
    frame.solid(body, (246, 244, 240))
    frame.solid(shapes.blob((0, 1.0), (0.125, 0.8), (0.0, 0.77), (-0.125, 0.8)), colour)
    frame.fill(
        shapes.box(-0.3, 0.2, 0.3, 0.27), colour, to=darken(colour, 0.25), across=True, clip=body
    )
    frame.fill(shapes.ellipse(0, 0.56, 0.095), darken(colour, 0.25))
    frame.fill(shapes.ellipse(0, 0.56, 0.07), (190, 228, 244), to=(88, 140, 190))
    frame.fill(shapes.ellipse(-0.025, 0.585, 0.02), (255, 255, 255), alpha=0.9)
    frame.solid(
        shapes.blob((-0.035, 0.36), (0.035, 0.36), (0.03, 0.06), (-0.03, 0.06)),
        darken(colour, 0.15),
    )


def draw_plane(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw an airliner climbing."""
    for i in range(2):
        frame.fill(
            shapes.box(-2.0, 0.42 + 0.1 * i, -0.7, 0.45 + 0.1 * i, 0.015),
            (255, 255, 255),
            alpha=0.22,
            blur=0.02,
        )
    frame.fill(
        shapes.polygon((0.0, 0.56), (-0.3, 0.98), (-0.18, 0.98), (0.26, 0.58)), darken(colour, 0.3)
    )
    body = shapes.blob(
        (-0.86, 0.5),
        (-0.5, 0.62),
        (0.4, 0.64),
        (0.78, 0.54),
        (0.8, 0.46),
        (0.5, 0.38),
        (-0.4, 0.38),
    )
    frame.fill(
        shapes.polygon((-0.84, 0.52), (-1.02, 0.9), (-0.86, 0.9), (-0.56, 0.58)),
        lighten(colour, 0.1),
        to=colour,
    )
    frame.fill(body, (252, 250, 246), to=(206, 210, 220))
    frame.fill(shapes.box(-1, 0.3, 1, 0.44), colour, clip=body, alpha=0.9)
    for i in range(9):
        frame.fill(shapes.dot(-0.4 + i * 0.1, 0.535, 0.021), (70, 96, 130))
    frame.fill(shapes.blob((0.6, 0.56), (0.72, 0.55), (0.76, 0.5), (0.62, 0.5)), (70, 96, 130))
    frame.fill(
        shapes.polygon((-0.02, 0.46), (-0.42, 0.06), (-0.26, 0.06), (0.26, 0.46)),
        lighten(colour, 0.18),
        to=darken(colour, 0.12),
    )


def draw_balloon(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a hot-air balloon in gores of two colours."""
    other = (255, 244, 222)
    envelope = shapes.blob(
        (0, 1.0),
        (0.26, 0.93),
        (0.36, 0.7),
        (0.26, 0.46),
        (0.09, 0.27),
        (-0.09, 0.27),
        (-0.26, 0.46),
        (-0.36, 0.7),
        (-0.26, 0.93),
    )
    frame.fill(envelope, lighten(colour, 0.12), to=darken(colour, 0.22), across=True)
    for reach, tone in ((0.30, other), (0.185, colour), (0.07, other)):
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
    frame.fill(band, darken(colour, 0.3), clip=envelope, alpha=0.55)
    frame.fill(
        shapes.ellipse(0.2, 0.5, 0.3, 0.5),
        darken(colour, 0.6),
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


def draw_ufo(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a flying saucer with its beam."""
    beam = shapes.polygon((-0.2, 0.5), (0.2, 0.5), (0.62, -0.4), (-0.62, -0.4))
    frame.alight(beam, (190, 255, 220), alpha=0.35, blur=0.02)
    frame.fill(shapes.segment(0, 0.62, 0.28, 0.34, 0, 180), (200, 236, 246), to=(110, 160, 200))
    frame.fill(shapes.ellipse(0, 0.58, 0.66, 0.16), lighten(colour, 0.3), to=darken(colour, 0.35))
    frame.fill(shapes.ellipse(0, 0.63, 0.42, 0.08), lighten(colour, 0.15), to=darken(colour, 0.05))
    for i in range(5):
        x = -0.46 + i * 0.23
        frame.shine(x, 0.53, 0.12, (255, 240, 150), 0.7)
        frame.fill(shapes.dot(x, 0.53, 0.032), (255, 244, 170))


def draw_kite(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a kite with a ribbon tail."""
    frame.fill(
        shapes.sweep([(0, 0.2), (0.1, 0.0), (-0.1, -0.25), (0.06, -0.5)], 0.016), (255, 246, 230)
    )
    for y in (-0.06, -0.26, -0.44):
        frame.fill(
            shapes.polygon((0.0, y), (-0.09, y + 0.05), (-0.09, y - 0.05))
            + shapes.polygon((0.0, y), (0.09, y + 0.05), (0.09, y - 0.05)),
            (250, 206, 90),
        )
    for points, tone in (
        (((0, 1.0), (-0.34, 0.66), (0, 0.66)), lighten(colour, 0.2)),
        (((0, 1.0), (0.34, 0.66), (0, 0.66)), colour),
        (((0, 0.2), (-0.34, 0.66), (0, 0.66)), (250, 206, 90)),
        (((0, 0.2), (0.34, 0.66), (0, 0.66)), (232, 176, 60)),
    ):
        frame.fill(shapes.polygon(*points), tone)
