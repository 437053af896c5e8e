"""Editing a picture, and the caption for what the engine cannot do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageStat

from sandbox import images
from sandbox.images import instructions
from sandbox.images.cuts import View
from sandbox.images.lettering import find
from sandbox.images.schemes import PAPER
from tests.sandbox.images.specimens import changed, gradient


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    return images.compose(prompt="a lighthouse by the sea", seed=3, width=256, height=256)


def edit(picture: Image.Image, prompt: str, *, seed: int = 1) -> Image.Image:
    return images.edit(
        image=picture, prompt=prompt, seed=seed, width=picture.width, height=picture.height
    )


def level(picture: Image.Image) -> float:
    return float(ImageStat.Stat(picture.convert("L")).mean[0])


def has_caption(picture: Image.Image) -> bool:
    """Return whether the bottom rows of the picture are the caption's paper."""
    return bool((np.asarray(picture)[-2:] == PAPER).all())


def test_night_is_darker_and_bluer(photo: Image.Image) -> None:
    after = edit(photo, "make it night")
    assert level(after) < level(photo) - 20
    red, _, blue = ImageStat.Stat(after).mean
    assert blue > red
    assert not has_caption(after)


def test_a_starry_night_has_stars_above_and_none_below(photo: Image.Image) -> None:
    plain, starry = edit(photo, "turn it to night"), edit(photo, "turn it into a starry night")
    stars = changed(plain, starry, least=40)
    assert stars[:128].any()
    assert not stars[160:].any()


def test_a_sketch_is_dark_lines_on_paper(photo: Image.Image) -> None:
    pixels = np.asarray(edit(photo, "as a pencil sketch").convert("L"))
    assert np.median(pixels) > 220
    assert pixels.min() < 120


@pytest.mark.parametrize("prompt", ["black and white", "make it grayscale", "in monochrome"])
def test_black_and_white_has_no_color(photo: Image.Image, prompt: str) -> None:
    pixels = np.asarray(edit(photo, prompt))
    assert (pixels.max(axis=2) == pixels.min(axis=2)).all()


def test_a_named_color_changes_and_the_rest_of_the_frame_does_not() -> None:
    picture = gradient((200, 200), (250, 250, 250), (120, 130, 140))
    ImageDraw.Draw(picture).rectangle((60, 60, 139, 139), fill=(205, 40, 40))
    after = edit(picture, "change the red box to green")
    red, green, blue = after.getpixel((100, 100))  # type: ignore[misc]
    assert green > red + 40
    assert green > blue + 20
    touched = changed(picture, after)
    touched[54:146, 54:146] = False
    assert not touched.any()


@pytest.mark.parametrize("prompt", ["make it blue", "tint the picture blue"])
def test_a_color_for_the_whole_picture_tints_it(photo: Image.Image, prompt: str) -> None:
    red, _, blue = ImageStat.Stat(edit(photo, prompt)).mean
    assert blue > red + 15


def test_several_instructions_apply_in_their_order(photo: Image.Image) -> None:
    tinted = np.asarray(edit(photo, "black and white, then make it blue")).astype(int)
    assert (tinted.max(axis=2) > tinted.min(axis=2)).mean() > 0.9
    gray = np.asarray(edit(photo, "make it blue; black and white"))
    assert (gray.max(axis=2) == gray.min(axis=2)).all()


@pytest.mark.parametrize(
    "prompt",
    ["add a red hat", "make it winter", "rotate left", "make the sky pink", "blur the background",
     'add the text "HELLO"', 'make the sign say "OPEN"', 'change "JOY" to red', "remove the night",
     'replace "NOWHERE" with "HERE"', "replace the purple door with a green one",
     "", "   ", "keep it as it is", "做得更好", "🙂", "a" * 2000, '""', "\x00\ud800"],
)  # fmt: skip
def test_what_the_engine_cannot_do_is_quoted_below_the_unchanged_picture(prompt: str) -> None:
    picture = gradient((256, 192), (200, 60, 50), (90, 20, 30))
    after = edit(picture, prompt)
    assert has_caption(after)
    touched = changed(picture, after)
    assert not touched[: round(0.9 * 192)].any()
    assert touched[-1].any()
    assert after.tobytes() == edit(picture, prompt).tobytes()


def test_the_caption_says_sandbox_and_the_instruction(photo: Image.Image) -> None:
    after = images.edit(image=photo, prompt="Add confetti", seed=1, width=900, height=900)
    view = View(after.crop((0, 820, 900, 900)).resize((1800, 160)))
    for words in ("SANDBOX", "Add confetti", "Not edited"):
        assert find(view=view, text=words) is not None


def test_a_long_instruction_ends_inside_the_picture(photo: Image.Image) -> None:
    after = np.asarray(edit(photo, "add a hat " * 100))
    assert (after[-14:, -3:] == PAPER).all()


def test_only_what_was_not_done_is_quoted(photo: Image.Image) -> None:
    both = edit(photo, "make it night and add a hat")
    night, hat = edit(photo, "make it night"), edit(photo, "add a hat")
    assert has_caption(both)
    assert not changed(both, night)[:220].any()
    assert not changed(both, hat)[-10:].any()


def test_an_edit_is_the_same_every_time_and_in_every_thread(photo: Image.Image) -> None:
    prompts = ["starry night", "make it glorious", 'replace "A" with "B"', "sketch"] * 2
    alone = [edit(photo, prompt, seed=9).tobytes() for prompt in prompts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda p: edit(photo, p, seed=9).tobytes(), prompts)) == alone


def test_the_customers_picture_itself_is_never_written_to(photo: Image.Image) -> None:
    before = photo.tobytes()
    for prompt in ("starry night", "make it glorious", "make it blue", "sketch", "black and white"):
        edit(photo, prompt)
    assert photo.tobytes() == before


@pytest.mark.parametrize(
    ("prompt", "steps"),
    [
        ('Replace "A, B and C" with "D; E"', [("retype", "A, B and C", "D; E")]),
        ('write "NEW" instead of "OLD"', [("retype", "OLD", "NEW")]),
        ('delete the word "OLD"', [("retype", "OLD", "")]),
        ('change "JOY" to BFL.', [("retype", "JOY", "BFL")]),
        ("Replace JOY with BFL", [("retype", "JOY", "BFL")]),
        ("replace red with blue", [("recolor", "red", "blue")]),
        ("Make the green armchair orange, don't change the room", [("recolor", "green", "orange")]),
        ("Make it night, with the windows lit", [("night", "", "")]),
        ("make the black and white cat orange", [("", "", "")]),
        ("a red car on a green field", [("", "", "")]),
        ("don't change the face", []),
        ("add two dogs and make it night", [("", "", ""), ("night", "", "")]),
    ],
)  # fmt: skip
def test_a_prompt_is_read_as_its_steps(prompt: str, steps: list[tuple[str, str, str]]) -> None:
    assert [(step.verb, step.old, step.new) for step in instructions.read(prompt)] == steps
