"""Everything else an editing prompt can ask for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageOps, ImageStat

from sandbox import images
from sandbox.images import instructions
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


def spread(picture: Image.Image) -> float:
    return float(ImageStat.Stat(picture.convert("L")).stddev[0])


def colourfulness(picture: Image.Image) -> float:
    return float(ImageStat.Stat(picture.convert("HSV").getchannel(1)).mean[0])


def detail(picture: Image.Image) -> float:
    return float(ImageStat.Stat(picture.convert("L").filter(ImageFilter.FIND_EDGES)).mean[0])


def warmth(picture: Image.Image) -> float:
    red, _, blue = ImageStat.Stat(picture).mean
    return red - blue


@pytest.mark.parametrize(
    ("prompt", "measure", "direction"),
    [
        ("make it brighter", level, 1),
        ("darken the image", level, -1),
        ("less bright", level, -1),
        ("make it night", level, -1),
        ("more contrast", spread, 1),
        ("reduce the contrast", spread, -1),
        ("more vibrant colors", colourfulness, 1),
        ("desaturate it a little", colourfulness, -1),
        ("warmer light", warmth, 1),
        ("make the picture cooler", warmth, -1),
        ("blur the image", detail, -1),
        ("sharpen", detail, 1),
    ],
)
def test_an_adjustment_moves_what_it_names(
    photo: Image.Image, prompt: str, measure: object, direction: int
) -> None:
    assert callable(measure)
    moved = measure(edit(photo, prompt)) - measure(photo)
    assert moved * direction > 0.02 * abs(measure(photo))


@pytest.mark.parametrize("prompt", ["black and white", "make it grayscale", "B&W please", "noir"])
def test_black_and_white_has_no_colour(photo: Image.Image, prompt: str) -> None:
    pixels = np.asarray(edit(photo, prompt))
    assert (pixels.max(axis=2) == pixels.min(axis=2)).all()


def test_sepia_is_brown_from_end_to_end(photo: Image.Image) -> None:
    pixels = np.asarray(edit(photo, "sepia tone")).astype(int)
    assert (pixels[:, :, 0] >= pixels[:, :, 2]).all()


def test_a_negative_of_a_negative_would_be_the_picture(photo: Image.Image) -> None:
    assert edit(photo, "invert the colors").tobytes() == ImageOps.invert(photo).tobytes()


@pytest.mark.parametrize(
    ("prompt", "turn"),
    [
        ("mirror the image", Image.Transpose.FLIP_LEFT_RIGHT),
        ("flip horizontally", Image.Transpose.FLIP_LEFT_RIGHT),
        ("flip it vertically", Image.Transpose.FLIP_TOP_BOTTOM),
        ("turn it upside down", Image.Transpose.ROTATE_180),
        ("rotate 90 degrees", Image.Transpose.ROTATE_270),
        ("rotate left", Image.Transpose.ROTATE_90),
        ("rotate 180°", Image.Transpose.ROTATE_180),
    ],
)
def test_turning_moves_every_pixel_and_changes_none(
    photo: Image.Image, prompt: str, turn: Image.Transpose
) -> None:
    assert edit(photo, prompt).tobytes() == photo.transpose(turn).tobytes()


def test_a_slanted_picture_has_no_empty_corners() -> None:
    white = Image.new("RGB", (120, 80), (250, 250, 250))
    assert np.asarray(edit(white, "rotate by 20 degrees")).min() > 240


def test_a_named_colour_changes_and_the_rest_of_the_frame_does_not() -> None:
    picture = gradient((200, 200), (250, 250, 250), (120, 130, 140))
    ImageDraw.Draw(picture).rectangle((60, 60, 139, 139), fill=(205, 40, 40))
    after = edit(picture, "change the red box to green")
    red, green, blue = after.getpixel((100, 100))  # type: ignore[misc]
    assert green > red + 40
    assert green > blue + 20
    touched = changed(picture, after)
    touched[54:146, 54:146] = False
    assert not touched.any()


def test_a_colour_without_a_source_tints_everything(photo: Image.Image) -> None:
    red, _, blue = ImageStat.Stat(edit(photo, "make it blue")).mean
    assert blue > red + 15


@pytest.mark.parametrize(
    ("prompt", "where", "keeps"),
    [
        ("make the sky pink", (100, 8), (100, 190)),
        ("make the background purple", (6, 100), (100, 100)),
        ("remove the background", (6, 8), (100, 100)),
    ],
)
def test_an_area_changes_and_what_stands_before_it_does_not(
    prompt: str, where: tuple[int, int], keeps: tuple[int, int]
) -> None:
    picture = gradient((200, 200), (80, 150, 230), (130, 190, 240))
    ImageDraw.Draw(picture).rectangle((0, 140, 200, 200), fill=(70, 120, 50))
    ImageDraw.Draw(picture).ellipse((60, 60, 140, 140), fill=(240, 200, 60))
    after = edit(picture, prompt)
    here = np.array(after.getpixel(where)) - np.array(picture.getpixel(where))
    assert np.abs(here).max() > 40
    there = np.array(after.getpixel(keeps)) - np.array(picture.getpixel(keeps))
    assert np.abs(there).max() <= 2


def test_blurring_the_background_spares_the_middle() -> None:
    dots = np.random.default_rng(3).integers(0, 2, (50, 50), dtype=np.uint8) * 255
    picture = Image.fromarray(dots).resize((200, 200), Image.Resampling.NEAREST).convert("RGB")
    ImageDraw.Draw(picture).ellipse((50, 40, 150, 160), fill=(200, 60, 60))
    ImageDraw.Draw(picture).ellipse((80, 80, 120, 120), fill=(30, 30, 160))
    after = edit(picture, "blur the background")
    assert not changed(picture, after, least=3)[70:130, 70:130].any()
    assert detail(after.crop((0, 0, 200, 24))) < 0.6 * detail(picture.crop((0, 0, 200, 24)))


def test_a_border_lies_on_the_edge_only(photo: Image.Image) -> None:
    after = edit(photo, "add a red border")
    assert after.getpixel((2, 128)) == after.getpixel((128, 253)) == (214, 58, 54)
    assert not changed(photo, after)[16:-16, 16:-16].any()


def test_a_vignette_darkens_the_corners_only(photo: Image.Image) -> None:
    after = edit(photo, "add a vignette")
    assert level(after.crop((0, 0, 30, 30))) < 0.75 * level(photo.crop((0, 0, 30, 30)))
    assert not changed(photo, after)[112:144, 112:144].any()


@pytest.mark.parametrize("what", ["snow", "confetti", "fireworks", "stars", "lightning", "a cat"])
def test_what_is_added_leaves_most_of_the_picture_alone(photo: Image.Image, what: str) -> None:
    touched = changed(photo, edit(photo, f"add {what}"), least=8)
    assert 0.001 < touched.mean() < 0.6


@pytest.mark.parametrize(
    "style",
    [
        "pencil sketch", "cartoon", "watercolor painting", "pixel art", "vintage photo",
        "cyberpunk", "pastel", "sunset", "winter", "autumn", "rain", "fog", "sun", "zoom in",
        "fireflies",
    ],
)  # fmt: skip
def test_every_style_can_be_seen(photo: Image.Image, style: str) -> None:
    after = edit(photo, f"make it {style}")
    assert instructions.read(f"make it {style}")
    assert (after.size, after.mode) == (photo.size, "RGB")
    assert changed(photo, after, least=8).mean() > 0.02


def test_several_instructions_apply_in_their_order(photo: Image.Image) -> None:
    both = edit(photo, "black and white, then add a red border")
    assert both.getpixel((2, 128)) == (214, 58, 54)
    other = edit(photo, "add a red border; black and white")
    assert len(set(other.getpixel((2, 128)))) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "prompt",
    ["", "   ", "enhance my vibe", "make it pop", "做得更好", "🙂", "keep it as it is", "a" * 2000,
     '""', "invert; invert", 'remove the text "NOWHERE"', "flip, flip", "\x00\ud800"],
)  # fmt: skip
def test_what_is_not_understood_changes_the_picture_gently(photo: Image.Image, prompt: str) -> None:
    after = edit(photo, prompt)
    apart = np.abs(np.asarray(after).astype(int) - np.asarray(photo).astype(int)).mean()
    assert 1 < apart < 40
    assert after.tobytes() == edit(photo, prompt).tobytes()


def test_a_grey_picture_asked_for_in_grey_is_not_handed_back_as_it_was() -> None:
    picture = gradient((64, 64), (20, 20, 20), (230, 230, 230))
    assert changed(picture, edit(picture, "black and white")).any()


def test_an_edit_is_the_same_every_time_and_in_every_thread(photo: Image.Image) -> None:
    prompts = ["add rain", "make it glorious", 'add "HI"', "night with stars", "sketch"] * 2
    alone = [edit(photo, prompt, seed=9).tobytes() for prompt in prompts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda p: edit(photo, p, seed=9).tobytes(), prompts)) == alone


def test_the_customers_picture_itself_is_never_written_to(photo: Image.Image) -> None:
    before = photo.tobytes()
    for prompt in ("add snow", 'add "HI"', "border", "make it glorious", "make the sky pink"):
        edit(photo, prompt)
    assert photo.tobytes() == before


@pytest.mark.parametrize("size", [(1, 1), (5, 90), (90, 5), (64, 64)])
def test_pictures_of_any_size_are_edited_to_any_size(size: tuple[int, int]) -> None:
    picture = gradient(size, (200, 30, 60), (20, 60, 220))
    for prompt in ('replace "A" with "B"', 'add "HI"', "blur the background", "add a cat", "rain",
                   "make the sky pink", "rotate 33 degrees", "pixel art", "cartoon"):  # fmt: skip
        after = images.edit(image=picture, prompt=prompt, seed=1, width=70, height=40)
        assert after.size == (70, 40)


@pytest.mark.parametrize(
    ("prompt", "verbs"),
    [
        ('Replace "A, B and C" with "D; E"', [("replace", "A, B and C", "D; E")]),
        ('add "X" on top and "Y" below', [("add text", "X", ""), ("add text", "Y", "")]),
        ('delete the word "OLD"', [("remove text", "OLD", "")]),
        ("remove all text", [("remove text", "", "")]),
        ('make the sign say "OPEN"', [("replace", "", "OPEN")]),
        ("replace the text Hello with Goodbye", [("replace", "Hello", "Goodbye")]),
        ("don't change the face", []),
        ("replace red with blue", [("recolour", "", "")]),
        ("remove the rain", []),
        ("add two dogs and snow", [("add subject", "", ""), ("weather", "", "")]),
    ],
)  # fmt: skip
def test_a_prompt_is_read_as_its_steps(prompt: str, verbs: list[tuple[str, str, str]]) -> None:
    assert [(s.verb, s.text, s.new) for s in instructions.read(prompt)] == verbs
