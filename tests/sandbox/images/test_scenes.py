"""Composing a picture from a prompt."""

from __future__ import annotations

import ast
import hashlib
import itertools
import os
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageStat

from generation.site import examples
from sandbox import images
from sandbox.images import lettering, scene, wording
from sandbox.images.canvas import Canvas, Frame
from sandbox.images.cuts import View
from sandbox.images.lexicon import FEATURES, LIGHTS, PLACES, SUBJECTS
from sandbox.images.palette import LIGHTS as LIGHTS_THERE
from sandbox.images.palette import NAMED
from sandbox.images.subjects import MODELS

PACKAGE = Path(images.__file__).parent
PROMPT = 'a red balloon over a neon city at night, rain, "OPEN"'
PROMPTS = [
    "mountains at sunset",
    "a cat in a cozy room",
    "a boat on the sea at dawn",
    "an astronaut in space",
    "a fox in a foggy forest",
    "city skyline at night",
    "a bottle on a pedestal",
    "春の桜",
]


def digest(image: Image.Image) -> str:
    return hashlib.sha256(image.tobytes()).hexdigest()


def test_the_same_prompt_seed_and_size_give_the_same_pixels() -> None:
    first = images.compose(prompt=PROMPT, seed=7, width=120, height=90)
    again = images.compose(prompt=PROMPT, seed=7, width=120, height=90)
    assert digest(first) == digest(again)


def test_another_process_with_other_hashing_draws_the_same_pixels() -> None:
    here = digest(images.compose(prompt=PROMPT, seed=7, width=120, height=90))
    code = (
        "import hashlib; from sandbox import images;"
        f"image = images.compose(prompt={PROMPT!r}, seed=7, width=120, height=90);"
        "print(hashlib.sha256(image.tobytes()).hexdigest())"
    )
    there = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=PACKAGE.parents[1],
        env={**os.environ, "PYTHONHASHSEED": "12345", "TZ": "Pacific/Apia"},
    )
    assert there.stdout.strip() == here


def test_threads_draw_the_same_pixels() -> None:
    alone = [digest(images.compose(prompt=p, seed=1, width=64, height=64)) for p in PROMPTS[:4]]
    with ThreadPoolExecutor(4) as pool:
        pictures = pool.map(
            lambda p: images.compose(prompt=p, seed=1, width=64, height=64), PROMPTS[:4]
        )
        assert [digest(picture) for picture in pictures] == alone


def test_another_seed_gives_another_picture() -> None:
    pictures = [images.compose(prompt=PROMPT, seed=s, width=64, height=64) for s in (1, 2, -3)]
    assert len({digest(picture) for picture in pictures}) == 3


@pytest.mark.parametrize(
    ("width", "height"),
    [
        (128, 128),
        (148, 110),
        (110, 148),
        (172, 96),
        (96, 172),
        (196, 84),
        (84, 196),
        (104, 156),
    ],
)
def test_a_picture_has_exactly_the_size_asked_for(width: int, height: int) -> None:
    picture = images.compose(prompt=PROMPT, seed=3, width=width, height=height)
    assert (picture.size, picture.mode) == ((width, height), "RGB")


@pytest.mark.parametrize("size", [(1, 1), (2, 90), (90, 2)])
def test_tiny_sizes_are_drawn(size: tuple[int, int]) -> None:
    for prompt in ("mountains", 'city by the river "HI"', "a boat", "an unknown thing"):
        assert images.compose(prompt=prompt, seed=1, width=size[0], height=size[1]).size == size


@pytest.mark.parametrize("size", [(0, 10), (10, 0), (-1, 5)])
def test_a_size_without_pixels_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="at least one pixel"):
        images.compose(prompt="x", seed=1, width=size[0], height=size[1])


def test_different_prompts_visibly_differ() -> None:
    pictures = [images.compose(prompt=p, seed=1, width=96, height=96) for p in PROMPTS]
    for first, second in itertools.combinations(pictures, 2):
        apart = sum(ImageStat.Stat(ImageChops.difference(first, second)).mean) / 3
        assert apart > 8


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "   ",
        '""',
        "“”",
        "'",
        '"',
        '"' * 51,
        "a" * 2000,
        f'"{"W" * 1990}"',
        "cat " * 500,
        "😀🎉 party",
        'שלום עולם "שלום"',
        '"日本語テキスト"',
        "«Привет, мир»",
        '"ÀÉÎÕÜ ß ø"',
        "\x00\x01\ud800 broken",
        "%s {} \\n <b>",
        '"one" "two" "three" "four" "five" "six"',
    ],
)
def test_any_prompt_gives_a_picture(prompt: str) -> None:
    assert images.compose(prompt=prompt, seed=1, width=64, height=48).size == (64, 48)


@pytest.mark.parametrize(
    ("prompt", "says"),
    [
        ('"JOY"', "JOY"),
        ('a poster that says "HELLO" over the sea at sunset', "HELLO"),
        ('neon sign "BAR 24" in a cyberpunk city', "BAR 24"),
        ('a cat in the forest at night, "Meow"', "Meow"),
    ],
)
def test_quoted_words_are_set_large_and_legible(prompt: str, says: str) -> None:
    picture = images.compose(prompt=prompt, seed=2, width=320, height=320)
    found = lettering.find(view=View(picture), text=says)
    assert found is not None
    assert found.text == says
    assert found.score > 0.76
    assert found.box[2] - found.box[0] > 0.25 * picture.width


def test_a_color_word_paints_the_thing_it_belongs_to() -> None:
    def share(prompt: str, hues: Iterable[int]) -> float:
        picture = images.compose(prompt=prompt, seed=1, width=128, height=128)
        hue, saturation, _ = (np.asarray(band) for band in picture.convert("HSV").split())
        return float((np.isin(hue, list(hues)) & (saturation > 90)).mean())

    reds, violets = [*range(9), *range(246, 256)], range(180, 215)
    assert share("a red armchair", reds) > share("a violet armchair", reds) + 0.03
    assert share("a violet armchair", violets) > share("a red armchair", violets) + 0.01


def test_night_is_darker_than_day() -> None:
    def level(prompt: str) -> float:
        picture = images.compose(prompt=prompt, seed=4, width=96, height=96)
        return float(ImageStat.Stat(picture.convert("L")).mean[0])

    assert level("a van in the mountains at night") < level("a van in the mountains at noon") - 40


def test_a_prompt_is_read_for_subjects_colors_and_quotes() -> None:
    brief = wording.read('A red balloon and a blue boat by the sea at night, it\'s "JOY"')
    assert [(s.name, s.color) for s in brief.subjects] == [
        ("balloon", NAMED["red"]), ("boat", NAMED["blue"]),
    ]  # fmt: skip
    assert (brief.places, brief.light, brief.quotes) == (("sea",), "night", ("JOY",))


@pytest.mark.parametrize(
    ("prompt", "place"),
    [
        ("a lighthouse on a cliff at dawn, film photograph", "sea"),
        ("a red fox", "forest"),
        ("a fox in a snowy forest, low sun", "forest"),
        ("a boat on a mountain lake", "mountains"),
        ('a poster that says "JOY"', "mountains"),
        ("a quiet city in the rain", "city"),
        ("a green armchair by the window", "room"),
        ("a balloon", "mountains"),
    ],
)
def test_a_scene_is_drawn_where_everything_named_is_known(prompt: str, place: str) -> None:
    assert scene.find_place(wording.read(prompt)) == place


@pytest.mark.parametrize(
    "prompt",
    [
        "a coffee shop storefront in Lisbon",  # a word it does not know
        "sushi",
        "a bright office",
        "a paper boat on a pond",
        "an empty room",
        "a fox playing the piano",
        "a boat in the forest",  # a subject where it never is
        "an armchair on the beach",
        "a fox and a cat in the forest",  # more than one subject
        "three balloons over the sea",
        "a fox as a watercolor",
        "a city by the sea",  # more than one place
        "a river in the forest",  # something the place does not have
        "a cat in a room in the rain",  # weather indoors
        "red",
        "",
    ],
)
def test_anything_else_is_a_test_card(prompt: str) -> None:
    assert scene.find_place(wording.read(prompt)) is None


def test_every_example_of_the_site_is_a_scene() -> None:
    for example in examples.EXAMPLES:
        if example.before is None:
            assert scene.find_place(wording.read(example.prompt)), example.name


def test_every_word_of_the_lexicon_leads_to_something_that_can_be_drawn() -> None:
    assert set(SUBJECTS.values()) == set(MODELS)
    assert set(PLACES.values()) == set(scene.PLACES)
    assert set(LIGHTS.values()) == set(LIGHTS_THERE)
    assert set().union(*FEATURES.values(), *(m.places for m in MODELS.values())) <= set(
        scene.PLACES
    )


@pytest.mark.parametrize("hour", ["day", "night"])
def test_every_subject_can_be_drawn_by_day_and_night(hour: str) -> None:
    for name, model in MODELS.items():
        canvas = Canvas(Image.new("RGB", (48, 48), (128, 128, 128)))
        frame = Frame(canvas, LIGHTS_THERE[hour], x=24, y=42, size=30)
        model.draw(frame, model.color, wording.chance(prompt=name, seed=1))
        drawn = np.abs(np.asarray(canvas.image).astype(int) - 128).max(axis=2) > 12
        assert drawn.mean() > 0.02, name


def test_the_engine_needs_only_the_standard_library_pillow_and_numpy() -> None:
    allowed = {*sys.stdlib_module_names, "PIL", "numpy"} - {"socket", "ssl", "http", "urllib"}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                own = name.startswith("sandbox")
                assert own or name.split(".")[0] in allowed, f"{path.name} imports {name}"
