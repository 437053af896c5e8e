"""The subjects that the engine can draw, with their sizes and places."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from sandbox.images.canvas import Frame
from sandbox.images.palette import Color
from sandbox.images.subjects import things, vehicles
from sandbox.images.subjects.animals import Breed, sitting

Draw = Callable[[Frame, Color, Random], None]

_ABROAD = ("forest", "mountains", "room", "sea", "city")


@dataclass(frozen=True)
class Model:
    """How to draw a subject, and how it usually looks."""

    draw: Draw
    color: Color
    size: float  # height, as a share of the picture's shorter side
    places: tuple[str, ...]  # the first is the default
    where: str = "ground"  # ground, back, sky, water
    reach: float = 0.4  # half its width, as a share of its height


def _animal(breed: Breed, color: Color, size: float, reach: float, home: str) -> Model:
    return Model(sitting(breed), color, size, (home, *_ABROAD), reach=reach)


MODELS: dict[str, Model] = {
    "lighthouse": Model(things.draw_lighthouse, (214, 66, 60), 0.52, ("sea",), "back", 0.34),
    "boat": Model(
        vehicles.draw_sailboat, (214, 74, 66), 0.36, ("sea", "mountains"), "water", 0.5
    ),
    "van": Model(
        vehicles.draw_bus, (62, 152, 158), 0.27, ("mountains", "city", "sea"), reach=0.95
    ),
    "balloon": Model(
        vehicles.draw_balloon, (230, 92, 76), 0.36,
        ("mountains", "sea", "city", "forest"), "sky", 0.36,
    ),
    "cat": _animal(Breed("pointed", "curl", 0.55), (236, 158, 84), 0.36, 0.46, "room"),
    "dog": _animal(Breed("floppy", "curl", 1.0), (206, 150, 98), 0.38, 0.46, "mountains"),
    "fox": _animal(Breed("pointed", "brush", 0.8), (226, 112, 56), 0.36, 0.5, "forest"),
    "wolf": _animal(Breed("pointed", "brush", 0.9), (128, 136, 154), 0.4, 0.5, "forest"),
    "astronaut": Model(things.draw_astronaut, (238, 136, 70), 0.44, ("space",), reach=0.44),
    "bottle": Model(things.draw_bottle, (70, 142, 128), 0.46, ("studio", "room"), reach=0.26),
    "chair": Model(things.draw_chair, (62, 134, 132), 0.36, ("room", "studio"), reach=0.54),
    "sign": Model(
        things.draw_sign, (52, 104, 98), 0.40,
        ("city", "mountains", "sea", "forest"), reach=0.68,
    ),
}  # fmt: skip
