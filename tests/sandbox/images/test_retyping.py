"""Replacing and removing words in a customer's picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from sandbox import images
from sandbox.images.cuts import View
from sandbox.images.lettering import find
from tests.sandbox.images.specimens import blocks, changed, gradient, lettered, reads


def scene(prompt: str) -> Callable[[], Image.Image]:
    return lambda: images.compose(prompt=prompt, seed=2, width=288, height=288)


PICTURES: dict[str, Callable[[], Image.Image]] = {
    "black on white": lambda: lettered("JOY", height=0.16),
    "bold and wide": lambda: lettered("JOY", bold=0.05, stretch=1.25),
    "color on color": lambda: lettered("JOY", ground=(36, 88, 160), ink=(255, 220, 90)),
    "over a gradient": lambda: lettered(
        "JOY", ground=gradient((320, 320), (40, 20, 90), (250, 160, 110)), ink=(255, 255, 255)
    ),
    "across a scene": scene('a cat in a forest, "JOY"'),
    "in the sky": scene('sunset sea with a boat, "JOY"'),
    "on a sign": scene('a sign "JOY" in the mountains'),
    "in neon": scene('a neon sign "JOY" in a city'),
}


def edit(picture: Image.Image, prompt: str) -> Image.Image:
    return images.edit(
        image=picture, prompt=prompt, seed=1, width=picture.width, height=picture.height
    )


class Case:
    """A picture that says JOY, the same saying BFL, and the same saying nothing."""

    def __init__(self, name: str) -> None:
        self.before = PICTURES[name]()
        self.after = edit(self.before, 'Replace "JOY" with "BFL"')
        self.bare = edit(self.before, 'remove the text "JOY"')
        found = find(view=View(self.before), text="JOY")
        assert found is not None
        self.box = found.box


@pytest.fixture(scope="module", params=PICTURES)
def case(request: pytest.FixtureRequest) -> Case:
    return Case(request.param)


def test_the_new_word_stands_where_the_old_one_stood(case: Case) -> None:
    ink = changed(case.bare, case.after, least=24)
    assert reads(ink, "BFL") > 0.72
    assert reads(ink, "BFL") > reads(ink, "JOY") + 0.2
    x0, y0, x1, y1 = case.box
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    tall = y1 - y0
    assert abs((columns[0] + columns[-1]) / 2 - (x0 + x1) / 2) < 0.08 * (x1 - x0)
    assert abs(rows[-1] - y1) < 0.09 * tall + 2
    assert abs((rows[-1] - rows[0]) - tall) < 0.14 * tall + 2


def test_the_rest_of_the_frame_keeps_every_pixel(case: Case) -> None:
    touched = changed(case.before, case.after)
    x0, y0, x1, y1 = case.box
    margin = round(0.35 * (y1 - y0)) + 6
    touched[max(0, y0 - margin) : y1 + margin, max(0, x0 - margin) : x1 + margin] = False
    assert not touched.any()


def test_the_old_word_is_gone_and_the_new_one_can_be_found(case: Case) -> None:
    assert find(view=View(case.after), text="JOY") is None
    found = find(view=View(case.after), text="BFL")
    assert found is not None
    assert found.score > 0.74


def test_the_new_word_takes_the_color_of_the_old() -> None:
    for ink in ((255, 220, 90), (10, 10, 10)):
        picture = lettered("JOY", ground=(36, 108, 130), ink=ink, bold=0.04)
        after = edit(picture, 'replace "JOY" with "HHH"')
        bare = edit(picture, 'remove "JOY"')
        mask = np.asarray(changed(bare, after, least=40))
        assert np.abs(np.median(np.asarray(after)[mask], axis=0) - ink).max() <= 3


def test_a_plain_ground_is_restored_without_a_trace() -> None:
    ground = gradient((320, 320), (30, 60, 140), (250, 190, 120))
    bare = edit(lettered("JOY", ground=ground, ink=(255, 255, 255)), 'remove the text "JOY"')
    assert changed(ground, bare, least=4).sum() == 0


def test_a_face_that_is_not_the_bundled_one_is_replaced_too() -> None:
    picture = blocks("LIFE")
    after = edit(picture, 'change "LIFE" to "TILE"')
    ink = changed(edit(picture, 'erase "LIFE"'), after, least=24)
    assert reads(ink, "TILE") > 0.66
    assert reads(ink, "TILE") > reads(ink, "LIFE") + 0.1


@pytest.mark.parametrize(
    "prompt",
    [
        'replace "JOY" with "BFL"',
        'REPLACE "joy" BY "bfl"',
        "Change ‘JOY’ to ‘BFL’",
        "swap “JOY” for “BFL”",
        "change 'JOY' into 'BFL', keep everything else the same",
        'please write "BFL" instead of "JOY"',
        'Ersetze "JOY" durch "BFL"',
        "remplace «JOY» par «BFL»",
        "Replace JOY with BFL",
        'change "JOY" to BFL.',
    ],
)
def test_a_replacement_can_be_asked_for_in_many_ways(prompt: str) -> None:
    picture = lettered("JOY", bold=0.04)
    after = edit(picture, prompt)
    assert reads(np.asarray(after.convert("L")) < 128, "BFL") > 0.72


def test_a_phrase_broken_over_two_lines_is_replaced_as_a_whole() -> None:
    picture = lettered("GRAND", at=(0.5, 0.4), height=0.11, bold=0.03)
    picture = lettered("OPENING", ground=picture, at=(0.5, 0.6), height=0.11, bold=0.03)
    after = edit(picture, 'replace "Grand Opening" with "Closed Today"')
    assert find(view=View(after), text="CLOSED") is not None
    assert find(view=View(after), text="TODAY") is not None
    assert find(view=View(after), text="OPENING") is None


def test_a_longer_word_stays_on_its_sign() -> None:
    picture = scene('a sign "JOY" in the mountains')()
    touched = changed(picture, edit(picture, 'replace "JOY" with "CELEBRATIONS"'), least=12)
    columns = np.flatnonzero(touched.any(axis=0))
    assert columns[0] > 0.21 * 288
    assert columns[-1] < 0.79 * 288


@pytest.mark.parametrize("side", [0.14, 0.86])
def test_the_crop_moves_to_keep_a_replaced_word_in_the_frame(side: float) -> None:
    picture = lettered("JOY", size=(1000, 400), at=(side, 0.5), height=0.25, bold=0.03)
    after = images.edit(
        image=picture, prompt='replace "JOY" with "BFL"', seed=1, width=300, height=300
    )
    assert after.size == (300, 300)
    assert reads(np.asarray(after.convert("L")) < 128, "BFL") > 0.7


@pytest.mark.parametrize("new", ["", "W" * 300, "日本語", "שלום", "🎉🎉", "ÀÉÎ Ж", "\u200b"])
def test_any_new_word_can_be_set(new: str) -> None:
    picture = lettered("JOY")
    after = edit(picture, f'replace "JOY" with "{new}"')
    assert after.size == picture.size
    assert changed(picture, after).any()
