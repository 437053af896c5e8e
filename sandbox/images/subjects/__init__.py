"""The things the engine can draw, and how large and where each of them stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from sandbox.images.canvas import Frame
from sandbox.images.palette import Colour
from sandbox.images.subjects import (
    buildings,
    food,
    nature,
    people,
    things,
    vehicles,
    wildlife,
)
from sandbox.images.subjects.animals import Breed, sitting

Draw = Callable[[Frame, Colour, Random], None]


@dataclass(frozen=True)
class Model:
    """How to draw a subject, and how it usually looks."""

    draw: Draw
    colour: Colour
    size: float  # height, as a share of the picture's shorter side
    where: str = "ground"  # ground, back, sky, water
    reach: float = 0.4  # half its width, as a share of its height


_DARK: Colour = (48, 44, 56)

MODELS: dict[str, Model] = {
    "tree": Model(nature.draw_tree, (84, 156, 88), 0.46, "back"),
    "pine": Model(nature.draw_pine, (46, 110, 88), 0.46, "back", 0.3),
    "palm": Model(nature.draw_palm, (66, 150, 92), 0.52, "back", 0.5),
    "flower": Model(nature.draw_flower, (246, 152, 80), 0.38, reach=0.3),
    "tulip": Model(nature.draw_tulip, (226, 70, 96), 0.38, reach=0.22),
    "cactus": Model(nature.draw_cactus, (84, 148, 96), 0.42, "back", 0.34),
    "mushroom": Model(nature.draw_mushroom, (216, 62, 56), 0.34, reach=0.45),
    "plant": Model(nature.draw_plant, (70, 146, 96), 0.4, reach=0.42),
    "house": Model(buildings.draw_house, (244, 220, 180), 0.38, "back", 0.58),
    "castle": Model(buildings.draw_castle, (206, 196, 200), 0.5, "back", 0.5),
    "lighthouse": Model(buildings.draw_lighthouse, (214, 66, 60), 0.52, "back", 0.34),
    "windmill": Model(buildings.draw_windmill, (236, 216, 190), 0.46, "back", 0.48),
    "tower": Model(buildings.draw_tower, (188, 66, 60), 0.54, "back", 0.34),
    "tent": Model(buildings.draw_tent, (240, 142, 70), 0.28, reach=0.75),
    "sailboat": Model(vehicles.draw_sailboat, (214, 74, 66), 0.36, "water", 0.5),
    "ship": Model(vehicles.draw_ship, (222, 92, 66), 0.32, "water", 0.85),
    "car": Model(vehicles.draw_car, (216, 70, 62), 0.22, reach=1.0),
    "bus": Model(vehicles.draw_bus, (62, 152, 158), 0.27, reach=0.95),
    "bicycle": Model(vehicles.draw_bicycle, (62, 140, 158), 0.3, reach=0.82),
    "rocket": Model(vehicles.draw_rocket, (226, 78, 66), 0.44, "sky", 0.34),
    "plane": Model(vehicles.draw_plane, (58, 128, 206), 0.18, "sky", 1.0),
    "balloon": Model(vehicles.draw_balloon, (230, 92, 76), 0.36, "sky", 0.36),
    "ufo": Model(vehicles.draw_ufo, (150, 158, 182), 0.24, "sky", 0.66),
    "kite": Model(vehicles.draw_kite, (226, 86, 96), 0.24, "sky", 0.34),
    "cat": Model(sitting(Breed("pointed", "curl", 0.55)), (236, 158, 84), 0.36, reach=0.46),
    "dog": Model(sitting(Breed("floppy", "curl", 1.0)), (206, 150, 98), 0.38, reach=0.46),
    "fox": Model(sitting(Breed("pointed", "brush", 0.8)), (226, 112, 56), 0.36, reach=0.5),
    "wolf": Model(sitting(Breed("pointed", "brush", 0.9)), (128, 136, 154), 0.4, reach=0.5),
    "rabbit": Model(sitting(Breed("long", "none", 0.6)), (226, 214, 206), 0.32, reach=0.34),
    "bear": Model(sitting(Breed("round", "none", 1.1)), (142, 98, 70), 0.42, reach=0.36),
    "panda": Model(
        sitting(Breed("round", "none", 0.8, None, patches=_DARK)), (246, 244, 240), 0.4, reach=0.36
    ),
    "lion": Model(
        sitting(Breed("round", "tuft", 1.0, mane=(170, 92, 48))), (236, 178, 96), 0.42, reach=0.5
    ),
    "tiger": Model(
        sitting(Breed("round", "curl", 0.9, stripes=True)), (240, 148, 62), 0.4, reach=0.46
    ),
    "mouse": Model(sitting(Breed("round", "curl", 0.5)), (168, 166, 178), 0.26, reach=0.46),
    "owl": Model(wildlife.draw_owl, (156, 110, 78), 0.34, reach=0.5),
    "bird": Model(wildlife.draw_bird, (74, 138, 200), 0.17, "sky", 0.62),
    "penguin": Model(wildlife.draw_penguin, (50, 58, 82), 0.36, reach=0.36),
    "fish": Model(wildlife.draw_fish, (244, 132, 62), 0.2, "water", 0.6),
    "whale": Model(wildlife.draw_whale, (66, 112, 164), 0.3, "water", 0.85),
    "butterfly": Model(wildlife.draw_butterfly, (244, 148, 66), 0.17, "sky", 0.5),
    "deer": Model(wildlife.draw_deer, (178, 122, 80), 0.42, reach=0.5),
    "elephant": Model(wildlife.draw_elephant, (150, 156, 172), 0.42, reach=0.66),
    "person": Model(people.draw_person, (66, 122, 158), 0.44, reach=0.26),
    "woman": Model(people.draw_woman, (214, 78, 96), 0.44, reach=0.3),
    "astronaut": Model(people.draw_astronaut, (238, 136, 70), 0.44, reach=0.44),
    "robot": Model(people.draw_robot, (88, 156, 196), 0.44, reach=0.38),
    "cup": Model(food.draw_cup, (230, 112, 92), 0.34, reach=0.52),
    "bottle": Model(food.draw_bottle, (70, 142, 128), 0.46, reach=0.26),
    "book": Model(things.draw_book, (200, 74, 70), 0.3, reach=0.5),
    "lamp": Model(things.draw_lamp, (244, 190, 110), 0.42, reach=0.36),
    "streetlamp": Model(buildings.draw_streetlamp, (52, 54, 68), 0.58, "back", 0.3),
    "umbrella": Model(things.draw_umbrella, (222, 68, 66), 0.36, reach=0.52),
    "chair": Model(things.draw_chair, (62, 134, 132), 0.36, reach=0.54),
    "cake": Model(food.draw_cake, (242, 160, 176), 0.36, reach=0.56),
    "apple": Model(food.draw_apple, (216, 58, 56), 0.26, reach=0.42),
    "gift": Model(things.draw_gift, (206, 66, 84), 0.28, reach=0.42),
    "guitar": Model(things.draw_guitar, (216, 146, 82), 0.5, reach=0.24),
    "camera": Model(things.draw_camera, (62, 60, 72), 0.28, reach=0.58),
    "clock": Model(things.draw_clock, (226, 92, 82), 0.32, reach=0.46),
    "screen": Model(things.draw_screen, (76, 138, 210), 0.32, reach=0.76),
    "heart": Model(nature.draw_heart, (226, 62, 84), 0.24, "sky", 0.46),
    "star": Model(nature.draw_star, (252, 204, 84), 0.22, "sky", 0.46),
    "crown": Model(things.draw_crown, (240, 188, 70), 0.28, reach=0.5),
    "planet": Model(nature.draw_planet, (226, 158, 104), 0.5, "sky", 0.6),
    "moon": Model(nature.draw_moon, (240, 236, 214), 0.32, "sky", 0.4),
    "sneaker": Model(things.draw_sneaker, (226, 84, 72), 0.26, reach=0.75),
    "icecream": Model(food.draw_icecream, (246, 160, 180), 0.42, reach=0.26),
    "burger": Model(food.draw_burger, (230, 162, 84), 0.28, reach=0.52),
    "pizza": Model(food.draw_pizza, (206, 68, 52), 0.32, reach=0.48),
    "diamond": Model(nature.draw_diamond, (94, 186, 226), 0.26, "sky", 0.44),
    "sign": Model(buildings.draw_sign, (52, 104, 98), 0.40, reach=0.68),
}
