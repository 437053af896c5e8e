"""Things people build and live in."""

from __future__ import annotations

from random import Random

from sandbox.images import shapes
from sandbox.images.canvas import Frame
from sandbox.images.palette import Colour, darken, lighten, mix
from sandbox.images.shapes import Shape

_LAMPLIGHT: Colour = (255, 218, 138)
_GLASS: Colour = (150, 196, 220)


def _opening(frame: Frame, shape: Shape, dark: Colour) -> None:
    """Cut an opening: dark by day, lit from within at night."""
    if frame.light.night:
        frame.alight(shape, _LAMPLIGHT)
    else:
        frame.fill(shape, dark)


def _window(frame: Frame, x: float, y: float, width: float, height: float) -> None:
    """Set a window with a cross, glowing at night."""
    edge = 0.012
    frame.fill(shapes.box(x - edge, y - edge, x + width + edge, y + height + edge), (250, 244, 232))
    pane = shapes.box(x, y, x + width, y + height)
    if frame.light.night:
        frame.alight(pane, _LAMPLIGHT)
        frame.shine(x + width / 2, y + height / 2, width * 2.2, _LAMPLIGHT, 0.4)
    else:
        frame.fill(pane, lighten(_GLASS, 0.3), to=darken(_GLASS, 0.2))
    bar = 0.008
    cross = shapes.box(x + width / 2 - bar / 2, y, x + width / 2 + bar / 2, y + height)
    cross += shapes.box(x, y + height / 2 - bar / 2, x + width, y + height / 2 + bar / 2)
    frame.fill(cross, (250, 244, 232))


def draw_house(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a cottage with a gable, a chimney and a garden door."""
    frame.shadow(0.56)
    roof = (176, 82, 66) if abs(colour[0] - 176) > 50 or colour[1] > 110 else (70, 76, 96)
    frame.solid(shapes.box(0.2, 0.62, 0.3, 0.98), darken(roof, 0.1))
    frame.fill(shapes.box(0.185, 0.95, 0.315, 0.99), darken(roof, 0.35))
    for step, reach in enumerate((0.03, 0.042, 0.055)):
        frame.fill(
            shapes.ellipse(0.26 + 0.05 * step, 1.05 + 0.085 * step, reach * 1.3, reach),
            (240, 240, 244),
            alpha=0.4,
            blur=0.01,
        )
    side = shapes.box(0.02, 0, 0.48, 0.48)
    frame.fill(side, darken(colour, 0.16), to=darken(colour, 0.3))
    front = shapes.polygon((-0.48, 0), (0.04, 0), (0.04, 0.48), (-0.22, 0.8), (-0.48, 0.48))
    frame.fill(front, lighten(colour, 0.16), to=colour)
    slope = shapes.polygon((-0.22, 0.84), (0.28, 0.84), (0.56, 0.44), (0.05, 0.44))
    frame.fill(slope, lighten(roof, 0.12), to=darken(roof, 0.15))
    for i in range(1, 5):
        t = i / 5
        frame.fill(
            shapes.stroke(
                [(-0.22 + 0.27 * t, 0.84 - 0.4 * t), (0.28 + 0.28 * t, 0.84 - 0.4 * t)], 0.006
            ),
            darken(roof, 0.35),
            alpha=0.45,
        )
    frame.fill(
        shapes.stroke([(-0.53, 0.44), (-0.22, 0.83), (0.08, 0.44)], 0.045), darken(roof, 0.22)
    )
    door = shapes.box(-0.29, 0, -0.15, 0.27, 0.03)
    frame.solid(door, (124, 76, 56))
    frame.fill(shapes.dot(-0.175, 0.13, 0.011), (244, 206, 110))
    _window(frame, -0.43, 0.2, 0.1, 0.13)
    _window(frame, -0.11, 0.2, 0.1, 0.13)
    _window(frame, 0.14, 0.17, 0.11, 0.15)
    _window(frame, 0.32, 0.17, 0.11, 0.15)
    _opening(frame, shapes.ellipse(-0.22, 0.58, 0.055), _GLASS)
    for x, radius in ((-0.44, 0.07), (0.02, 0.06), (0.45, 0.08), (0.37, 0.05)):
        frame.solid(shapes.ellipse(x, radius * 0.6, radius * 1.15, radius), (78, 132, 82))


def draw_castle(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a castle with pointed towers and flags."""
    frame.shadow(0.56)
    roof = (92, 84, 160)
    for x, wide, tall in (
        (-0.36, 0.15, 0.56),
        (0.36, 0.15, 0.56),
        (-0.16, 0.13, 0.72),
        (0.17, 0.13, 0.66),
    ):
        frame.solid(shapes.box(x - wide / 2, 0, x + wide / 2, tall), colour)
        for i in range(3):
            at = x - wide / 2 - 0.01 + i * (wide + 0.02) / 3
            frame.fill(
                shapes.box(at, tall, at + (wide + 0.02) / 4.4, tall + 0.035), darken(colour, 0.08)
            )
        frame.solid(
            shapes.polygon(
                (x - wide * 0.66, tall + 0.03), (x, tall + 0.26), (x + wide * 0.66, tall + 0.03)
            ),
            roof,
        )
        frame.fill(shapes.stroke([(x, tall + 0.25), (x, tall + 0.36)], 0.008), darken(roof, 0.4))
        flag = shapes.polygon((x, tall + 0.36), (x + 0.085, tall + 0.33), (x, tall + 0.30))
        frame.fill(flag, (232, 92, 88))
        _opening(
            frame,
            shapes.box(x - 0.017, tall - 0.19, x + 0.017, tall - 0.09, 0.017),
            darken(colour, 0.55),
        )
    frame.solid(shapes.box(-0.44, 0, 0.44, 0.34), lighten(colour, 0.06))
    for i in range(11):
        frame.solid(
            shapes.box(-0.45 + i * 0.084, 0.33, -0.405 + i * 0.084, 0.385), lighten(colour, 0.04)
        )
    gate = shapes.box(-0.09, -0.05, 0.09, 0.22, 0.09)
    frame.fill(gate, darken(colour, 0.7), clip=shapes.box(-0.2, 0, 0.2, 0.4))
    for x in (-0.3, -0.2, 0.2, 0.3):
        _opening(frame, shapes.box(x - 0.015, 0.15, x + 0.015, 0.23, 0.015), darken(colour, 0.5))


def draw_lighthouse(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a striped lighthouse with its beam."""
    beam = shapes.polygon((0, 0.885), (1.6, 1.1), (1.6, 0.66))
    frame.fill(beam, (255, 240, 190), alpha=0.5 if frame.light.night else 0.22, blur=0.01)
    frame.fill(beam, (255, 240, 190), alpha=0.16, blur=0.04)
    rock = shapes.blob(
        (-0.3, -0.03), (-0.24, 0.07), (-0.08, 0.1), (0.12, 0.09), (0.26, 0.06), (0.33, -0.03)
    )
    frame.fill(rock, (124, 116, 122), to=(72, 68, 84))
    body = shapes.polygon((-0.14, 0.05), (0.14, 0.05), (0.09, 0.8), (-0.09, 0.8))
    frame.solid(body, (248, 244, 236))
    for low, high in ((0.05, 0.18), (0.31, 0.44), (0.57, 0.70)):
        band = shapes.box(-0.3, low, 0.3, high)
        frame.fill(band, lighten(colour, 0.12), to=darken(colour, 0.25), across=True, clip=body)
    frame.solid(shapes.box(-0.125, 0.79, 0.125, 0.825, 0.01), (70, 76, 92))
    frame.fill(shapes.box(-0.065, 0.82, 0.065, 0.93), (255, 232, 150), to=(255, 250, 220))
    frame.fill(shapes.stroke([(0, 0.82), (0, 0.93)], 0.008), (70, 76, 92))
    frame.solid(shapes.segment(0, 0.93, 0.085, 0.075, 0, 180), darken(colour, 0.1))
    frame.fill(shapes.stroke([(0, 1.0), (0, 1.05)], 0.01), (70, 76, 92))
    frame.shine(0, 0.88, 0.36, (255, 240, 180), 0.7)
    frame.fill(shapes.box(-0.035, 0.05, 0.035, 0.16, 0.035), (90, 60, 56))
    for y in (0.25, 0.5):
        frame.fill(shapes.box(-0.02, y, 0.02, y + 0.05, 0.01), (90, 100, 120))


def draw_windmill(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a windmill with four latticed sails."""
    frame.shadow(0.3)
    body = shapes.polygon((-0.2, 0), (0.2, 0), (0.12, 0.6), (-0.12, 0.6))
    frame.solid(body, colour)
    frame.solid(shapes.segment(0, 0.6, 0.14, 0.13, 0, 180), (120, 78, 62))
    frame.solid(shapes.box(-0.05, 0, 0.05, 0.16, 0.04), (112, 72, 56))
    _window(frame, -0.035, 0.3, 0.07, 0.09)
    turn = rng.uniform(15, 60)
    for blade in range(4):
        angle = turn + 90 * blade
        sail = shapes.box(0.1, 0.0, 0.44, 0.1)
        frame.fill(shapes.turned(sail, 0, 0.62, angle), (250, 242, 224), alpha=0.92)
        lattice = shapes.stroke([(0, 0), (0.45, 0)], 0.022)
        for i in range(5):
            lattice += shapes.stroke([(0.12 + i * 0.078, 0), (0.12 + i * 0.078, 0.1)], 0.008)
        frame.fill(shapes.turned(lattice, 0, 0.62, angle), (104, 68, 52))
    frame.fill(shapes.ellipse(0, 0.62, 0.03), (80, 52, 44))


def draw_tower(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a pagoda of five roofs."""
    frame.shadow(0.36)
    level = 0.0
    for floor in range(5):
        wide = 0.2 - 0.025 * floor
        frame.solid(shapes.box(-wide, level, wide, level + 0.13), (236, 216, 188))
        for i in range(3):
            x = -wide * 0.6 + i * wide * 0.6
            _opening(
                frame, shapes.box(x - 0.022, level + 0.02, x + 0.022, level + 0.09), (110, 64, 60)
            )
        eave = wide + 0.11
        top = level + 0.12
        roof = [
            shapes.curve(
                [(-eave, top + 0.02), (-wide * 0.9, top + 0.018), (-wide * 0.5, top + 0.07)]
            )
            + shapes.curve(
                [(wide * 0.5, top + 0.07), (wide * 0.9, top + 0.018), (eave, top + 0.02)]
            )
            + shapes.curve([(eave, top + 0.02), (0, top - 0.025), (-eave, top + 0.02)])
        ]
        frame.fill(roof, lighten(colour, 0.14), to=darken(colour, 0.2))
        level += 0.172
    frame.fill(
        shapes.stroke([(0, level - 0.02), (0, level + 0.14)], 0.016, tip=0.005), (222, 176, 80)
    )


def draw_tent(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw a ridge tent, lit from inside, with a small fire."""
    frame.shadow(0.6)
    frame.fill(
        shapes.polygon((0.1, 0.66), (0.62, 0), (-0.2, 0)),
        darken(colour, 0.15),
        to=darken(colour, 0.32),
    )
    frame.fill(
        shapes.polygon((-0.1, 0.7), (0.34, 0), (-0.54, 0)),
        lighten(colour, 0.18),
        to=darken(colour, 0.06),
    )
    frame.fill(
        shapes.polygon((-0.1, 0.64), (0.06, 0), (-0.26, 0)), (255, 212, 128), to=(176, 96, 60)
    )
    frame.fill(shapes.polygon((-0.1, 0.64), (-0.26, 0), (-0.34, 0.02)), lighten(colour, 0.3))
    frame.shine(-0.1, 0.18, 0.42, (255, 200, 110), 0.45)
    fire = frame.inner(-0.72, 0, 0.32)
    fire.shine(0, 0.3, 1.6, (255, 170, 80), 0.5)
    fire.fill(
        shapes.stroke([(-0.3, 0.03), (0.3, 0.12)], 0.09)
        + shapes.stroke([(-0.3, 0.12), (0.3, 0.03)], 0.09),
        (96, 60, 46),
    )
    for reach, tone in ((1.0, (240, 110, 50)), (0.66, (252, 180, 66)), (0.36, (255, 238, 170))):
        flame = shapes.blob(
            (-0.22 * reach, 0.1),
            (-0.2 * reach, 0.34 * reach),
            (0.0, 0.86 * reach),
            (0.19 * reach, 0.36 * reach),
            (0.22 * reach, 0.1),
            (0, 0.05),
        )
        fire.alight(flame, tone)


def draw_sign(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw an empty board on two posts; the words are set on it later."""
    frame.shadow(0.62)
    post = (112, 78, 58)
    for x in (-0.42, 0.42):
        frame.solid(shapes.box(x - 0.032, 0, x + 0.032, 0.62), post)
    frame.fill(
        shapes.box(-0.66, 0.36, 0.66, 0.96, 0.05), darken(colour, 0.5), to=darken(colour, 0.6)
    )
    frame.fill(
        shapes.box(-0.635, 0.385, 0.635, 0.935, 0.035),
        lighten(colour, 0.08),
        to=darken(colour, 0.04),
    )
    for x in (-0.59, 0.59):
        for y in (0.43, 0.89):
            frame.fill(shapes.dot(x, y, 0.013), mix(colour, (255, 240, 200), 0.6))
    if frame.light.night:
        frame.shine(0, 0.66, 1.0, _LAMPLIGHT, 0.22)


def draw_streetlamp(frame: Frame, colour: Colour, rng: Random) -> None:
    """Draw an old street lamp and the light it throws."""
    cone = shapes.polygon((-0.05, 0.84), (0.05, 0.84), (0.34, 0), (-0.34, 0))
    frame.alight(cone, _LAMPLIGHT, alpha=0.26, blur=0.02)
    frame.alight(shapes.ellipse(0, 0.0, 0.34, 0.05), _LAMPLIGHT, alpha=0.3, blur=0.02)
    frame.solid(shapes.box(-0.016, 0, 0.016, 0.8), colour)
    frame.solid(shapes.box(-0.045, 0, 0.045, 0.07, 0.015), colour)
    frame.solid(shapes.box(-0.028, 0.07, 0.028, 0.12, 0.01), colour)
    frame.fill(shapes.stroke([(-0.1, 0.74), (0.1, 0.74)], 0.014), colour)
    frame.shine(0, 0.87, 0.45, _LAMPLIGHT, 0.75)
    frame.alight(
        shapes.polygon((-0.065, 0.94), (0.065, 0.94), (0.04, 0.8), (-0.04, 0.8)), (255, 240, 190)
    )
    frame.solid(shapes.polygon((-0.085, 0.94), (0.085, 0.94), (0.03, 1.0), (-0.03, 1.0)), colour)
    frame.fill(shapes.stroke([(-0.05, 0.8), (0.05, 0.8)], 0.02), colour)
