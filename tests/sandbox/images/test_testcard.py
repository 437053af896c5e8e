"""The test card, drawn for every prompt that is not a scene."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageChops

from sandbox import images
from sandbox.images import schemes, testcard, wording
from sandbox.images.cuts import View
from sandbox.images.lettering import find
from sandbox.images.palette import NAMED, Color

# The seven published sizes and the two extremes, at a quarter of their sides.
SIZES = {
    "1:1": (256, 256), "4:3": (288, 216), "3:4": (216, 288), "16:9": (320, 180),
    "9:16": (180, 320), "21:9": (392, 168), "16:21": (192, 252), "9:21": (168, 392),
}  # fmt: skip
PROMPT = "a coffee shop storefront in Lisbon"


def card(prompt: str = PROMPT, *, seed: int = 1, size: tuple[int, int] = (256, 256)) -> Image.Image:
    return images.compose(prompt=prompt, seed=seed, width=size[0], height=size[1])


def has(picture: Image.Image, color: Color, *, share: float = 0.01) -> bool:
    return bool((np.asarray(picture) == color).all(axis=2).mean() > share)


def test_a_card_says_what_it_is_and_what_was_asked_for() -> None:
    view = View(card("Lisbon", size=(640, 640)))
    assert find(view=view, text="SANDBOX") is not None
    assert find(view=view, text="Lisbon") is not None


def test_a_card_is_decided_by_prompt_seed_and_size() -> None:
    assert card().tobytes() == card().tobytes()
    others = (card(seed=2), card(f"{PROMPT}!"), card(size=(256, 255)).resize((256, 256)))
    assert all(ImageChops.difference(card(), other).getbbox() for other in others)


@pytest.mark.parametrize("size", SIZES.values(), ids=list(SIZES))
def test_type_and_composition_share_the_card_at_every_ratio(size: tuple[int, int]) -> None:
    layout = testcard.lay_out(*size)
    for box in (layout.picture, layout.strip, layout.type_area):
        assert 0 <= box[0] < box[2] <= size[0]
        assert 0 <= box[1] < box[3] <= size[1]
    areas = [
        (x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (layout.picture, layout.strip, layout.type_area)
    ]
    assert sum(areas) == size[0] * size[1]
    assert 0.3 < areas[2] / sum(areas) < 0.6
    assert card(size=size).size == size


@pytest.mark.parametrize("size", SIZES.values(), ids=list(SIZES))
@pytest.mark.parametrize("prompt", ["a", PROMPT, "one two three " * 140, "W" * 2000])
def test_no_type_comes_near_the_edge(prompt: str, size: tuple[int, int]) -> None:
    picture = card(prompt, size=size)
    x0, y0, x1, y1 = testcard.lay_out(*size).type_area
    paper = Image.new("RGB", (x1 - x0, y1 - y0), schemes.PAPER)
    inked = ImageChops.difference(picture.crop((x0, y0, x1, y1)), paper).getbbox()
    assert inked is not None
    margin = 0.03 * (size[0] * size[1]) ** 0.5
    assert min(inked[0], inked[1], x1 - x0 - inked[2], y1 - y0 - inked[3]) > margin


def test_a_card_has_the_colors_in_its_prompt() -> None:
    for first, second in (("teal", "orange"), ("pink", "black"), ("crimson", "cream")):
        picture = card(f"a {first} and {second} geometric wave")
        assert has(picture, NAMED[first])
        assert has(picture, NAMED[second])


def test_a_word_can_suggest_a_color() -> None:
    assert has(card("coffee beans"), NAMED["chocolate"])


def test_every_color_can_be_the_ground_of_a_composition() -> None:
    for name in NAMED:
        brief = wording.read(f"{name} gizmo")
        scheme = schemes.choose(
            words=brief.words, light=None, rng=wording.chance(prompt="", seed=1)
        )
        assert scheme.ground == NAMED[name]
        assert len(scheme.figures) >= 3


def test_at_night_the_paper_is_dark() -> None:
    day, night = (
        np.asarray(card(f"an arcade {hour}").convert("L")) for hour in ("at noon", "at night")
    )
    assert day[-4:, :].mean() > 200 > 60 > night[-4:, :].mean()


@pytest.mark.parametrize(
    "prompt", ["日本語のプロンプト", "שלום עולם", "🎉🦊", "Привет", "ÀÉÎ ß", "\ud800\x00"]
)
def test_any_script_is_set(prompt: str) -> None:
    assert card(prompt, size=(128, 96)).size == (128, 96)


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 3), (16, 16)])
def test_even_a_tiny_card_is_drawn(size: tuple[int, int]) -> None:
    assert card(size=size).size == size


def test_seeds_give_different_compositions() -> None:
    pictures = {
        card("a grey gizmo", seed=seed, size=(96, 96)).crop((0, 0, 96, 48)).tobytes()
        for seed in range(12)
    }
    assert len(pictures) >= 8


@pytest.mark.parametrize(
    ("size", "said"),
    [((1280, 720), "16:9"), ((1568, 672), "21:9"), ((768, 1008), "16:21"), ((1024, 1024), "1:1"),
     ((672, 1568), "9:21"), ((1000, 333), "3.00:1")],
)  # fmt: skip
def test_the_ratio_is_written_in_its_usual_form(size: tuple[int, int], said: str) -> None:
    assert testcard.ratio(*size) == said
