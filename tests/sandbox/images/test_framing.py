"""Cropping and sizing, and pictures of every mode."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from sandbox import images
from sandbox.images import framing
from tests.sandbox.images.specimens import gradient


def fit(picture: Image.Image, width: int, height: int) -> Image.Image:
    return framing.frame(framing.develop(picture), width=width, height=height)


def striped(width: int, height: int) -> Image.Image:
    """Return a picture whose left third is red, middle green and right blue."""
    picture = Image.new("RGB", (width, height), (0, 255, 0))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width // 3 - 1, height), fill=(255, 0, 0))
    draw.rectangle((width - width // 3, 0, width, height), fill=(0, 0, 255))
    return picture


@pytest.mark.parametrize("source", [(300, 300), (640, 200), (90, 800), (31, 17), (1, 1)])
@pytest.mark.parametrize("target", [(128, 128), (172, 96), (96, 172), (7, 211)])
def test_a_picture_gets_exactly_the_size_asked_for(
    source: tuple[int, int], target: tuple[int, int]
) -> None:
    picture = gradient(source, (10, 20, 30), (240, 200, 90))
    fitted = fit(picture, target[0], target[1])
    assert (fitted.size, fitted.mode) == (target, "RGB")


def test_the_centre_is_kept() -> None:
    fitted = fit(striped(900, 300), 100, 100)
    assert np.asarray(fitted)[:, 2:-2].reshape(-1, 3).tolist() == [[0, 255, 0]] * (96 * 100)


def test_a_picture_of_the_right_size_is_left_untouched() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    picture = Image.fromarray(noise)
    fitted = fit(picture, 80, 60)
    assert fitted.tobytes() == picture.tobytes()


def test_a_picture_far_longer_than_asked_for_is_no_burden() -> None:
    long = gradient((20_000, 4), (0, 0, 0), (255, 255, 255))
    assert images.edit(image=long, prompt="sepia", seed=1, width=64, height=64).size == (64, 64)


def test_a_size_without_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one pixel"):
        fit(Image.new("RGB", (4, 4)), 0, 4)


MODES = ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV", "LAB"]


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_can_be_fitted_and_edited(mode: str) -> None:
    through = {"RGBa": "RGBA", "PA": "LA"}.get(mode, "RGB")
    picture = gradient((60, 40), (200, 30, 60), (20, 60, 220)).convert(through)
    if mode == "LAB":
        picture = Image.new("LAB", (60, 40), (120, 130, 140))
    else:
        picture = picture.convert(mode)
    for made in (
        fit(picture, 48, 48),
        images.edit(image=picture, prompt="make it blue", seed=1, width=48, height=48),
    ):
        assert (made.size, made.mode) == ((48, 48), "RGB")


@pytest.mark.parametrize(
    ("mode", "dtype", "middle"),
    [
        ("I;16", np.uint16, 32_896),
        ("I", np.int32, 32_896),
        ("I", np.int32, 128),
        ("F", np.float32, 0.5),
    ],
)
def test_deep_grey_keeps_its_tones(mode: str, dtype: type, middle: float) -> None:
    picture = Image.fromarray(np.full((8, 8), middle, dtype=dtype))
    assert picture.mode == mode
    pixels = np.asarray(fit(picture, 8, 8))
    assert np.abs(pixels.astype(int) - 128).max() <= 1


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_becomes_white(mode: str) -> None:
    picture = Image.new("RGBA", (4, 4), (200, 0, 0, 0)).convert(mode)
    assert fit(picture, 4, 4).getpixel((1, 1)) == (255, 255, 255)


def test_a_transparent_colour_of_a_palette_becomes_white() -> None:
    picture = Image.new("P", (4, 4), 0)
    picture.putpalette([9, 9, 9] * 256)
    picture.info["transparency"] = 0
    assert fit(picture, 4, 4).getpixel((1, 1)) == (255, 255, 255)


def test_the_orientation_a_camera_noted_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise
    held = io.BytesIO()
    striped(90, 30).save(held, "JPEG", exif=exif, quality=95)
    fitted = fit(Image.open(held), 30, 90)
    red, _, blue = fitted.getpixel((15, 10))  # type: ignore[misc]
    assert red > 200 > 60 > blue


def test_of_an_animation_the_first_frame_counts() -> None:
    held = io.BytesIO()
    frames = [Image.new("RGB", (20, 20), colour) for colour in ((250, 10, 10), (10, 10, 250))]
    frames[0].save(held, "GIF", save_all=True, append_images=frames[1:])
    moving = Image.open(held)
    moving.seek(1)
    assert fit(moving, 20, 20).getpixel((5, 5)) == (250, 10, 10)
