"""Finding a word in a picture."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageFilter

from sandbox import images
from sandbox.images.cuts import View
from sandbox.images.lettering import Lettering, find
from tests.sandbox.images.specimens import blocks, gradient, lettered


def look(picture: Image.Image, text: str) -> Lettering | None:
    return find(view=View(picture), text=text)


SKY = gradient((320, 320), (30, 60, 140), (250, 190, 120))


@pytest.mark.parametrize("text", ["JOY", "SALE 50%", "joyful", "Open 24h"])
@pytest.mark.parametrize("style", ["plain", "bold", "wide", "light", "color", "gradient", "small"])
def test_a_word_is_found_where_it_stands(text: str, style: str) -> None:
    picture = {
        "plain": lambda: lettered(text),
        "bold": lambda: lettered(text, bold=0.06, stretch=0.9),
        "wide": lambda: lettered(text, bold=0.05, stretch=1.3, height=0.11),
        "light": lambda: lettered(text, ground=(20, 20, 30), ink=(240, 240, 235)),
        "color": lambda: lettered(text, ground=(200, 60, 60), ink=(250, 220, 90)),
        "gradient": lambda: lettered(text, ground=SKY, ink=(255, 255, 255)),
        "small": lambda: lettered(text, height=0.05, at=(0.3, 0.8)),
    }[style]()
    found = look(picture, text)
    assert found is not None
    assert found.text == text
    across, down = (0.3, 0.8) if style == "small" else (0.5, 0.5)
    assert abs((found.box[0] + found.box[2]) / 2 - across * 320) < 8
    assert abs((found.box[1] + found.box[3]) / 2 - down * 320) < 8


def test_letters_of_the_same_brightness_as_their_ground_are_found_by_color() -> None:
    picture = lettered("JOY", ground=(200, 60, 60), ink=(60, 118, 200))
    found = look(picture, "JOY")
    assert found is not None


def test_letters_of_another_face_are_found() -> None:
    found = look(blocks("LIFE"), "LIFE")
    assert found is not None
    assert found.text == "LIFE"
    assert found.box == (120, 120, 120 + 16 * 9, 120 + 7 * 9)


def test_case_does_not_matter() -> None:
    found = look(lettered("HARVEST"), "harvest")
    assert found is not None
    assert found.text == "HARVEST"


def test_a_word_survives_strong_jpeg_compression_and_noise() -> None:
    held = io.BytesIO()
    lettered("JOY", ground=SKY, ink=(20, 20, 40), bold=0.04).save(held, "JPEG", quality=35)
    rough = Image.blend(Image.open(held), Image.effect_noise((320, 320), 60).convert("RGB"), 0.12)
    assert look(rough, "JOY") is not None


def test_a_soft_picture_can_still_be_read() -> None:
    blurred = lettered("JOY", bold=0.03).filter(ImageFilter.GaussianBlur(2.5))
    assert look(blurred, "JOY") is not None


def test_a_large_picture_is_read_in_its_own_pixels() -> None:
    large = lettered("JOY", size=(3000, 2000), at=(0.7, 0.3), height=0.1)
    found = look(large, "JOY")
    assert found is not None
    assert abs((found.box[0] + found.box[2]) / 2 - 2100) < 20
    assert found.ink.size == (found.box[2] - found.box[0], found.box[3] - found.box[1])


def test_the_right_word_of_several_is_chosen() -> None:
    picture = lettered("MONDAY", at=(0.5, 0.2), height=0.12)
    picture = lettered("FRIDAY", ground=picture, at=(0.5, 0.75), height=0.12)
    for text, down in (("MONDAY", 0.2), ("FRIDAY", 0.75)):
        found = look(picture, text)
        assert found is not None
        assert abs((found.box[1] + found.box[3]) / 2 - down * 320) < 8


@pytest.mark.parametrize("text", ["JOY", "Welcome", "OK"])
@pytest.mark.parametrize("prompt", ["city at night", "a cat in a room", "forest"])
def test_nothing_is_found_where_there_is_no_type(prompt: str, text: str) -> None:
    assert look(images.compose(prompt=prompt, seed=3, width=256, height=256), text) is None


def test_another_word_is_not_taken_for_it() -> None:
    assert look(lettered("HELLO"), "BFL") is None
    assert look(lettered("WORLD"), "JOY") is None


@pytest.mark.parametrize("text", ["", "  ", "!!!", "日本", "🎉", "x" * 200])
def test_what_cannot_be_drawn_cannot_be_found(text: str) -> None:
    assert look(lettered("JOY"), text) is None
