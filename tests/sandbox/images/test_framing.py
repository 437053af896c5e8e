"""Cropping and scaling pictures, and converting them to RGB."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from sandbox import images
from sandbox.images import framing
from tests.sandbox.images.specimens import gradient


def fit(picture: Image.Image, width: int, height: int) -> Image.Image:
    developed = framing.develop(picture, width=width, height=height)
    return framing.frame(developed, width=width, height=height)


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


def test_the_crop_is_centered() -> None:
    middle = np.asarray(fit(striped(900, 300), 100, 100))[:, 2:-2].astype(int)
    assert np.abs(middle - (0, 255, 0)).max() <= 1


def test_a_picture_of_the_right_size_is_left_untouched() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    picture = Image.fromarray(noise)
    fitted = fit(picture, 80, 60)
    assert fitted.tobytes() == picture.tobytes()


def test_a_very_long_picture_is_never_enlarged_as_a_whole() -> None:
    long = gradient((20_000, 4), (0, 0, 0), (255, 255, 255))
    assert framing.develop(long, width=64, height=64).size == (20_000, 4)
    assert images.edit(image=long, prompt="night", seed=1, width=64, height=64).size == (64, 64)


def test_a_size_without_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one pixel"):
        fit(Image.new("RGB", (4, 4)), 0, 4)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK"])
def test_a_picture_of_another_mode_can_be_edited(mode: str) -> None:
    picture = gradient((60, 40), (200, 30, 60), (20, 60, 220)).convert(mode)
    edited = images.edit(image=picture, prompt="make it blue", seed=1, width=48, height=48)
    assert (edited.size, edited.mode) == ((48, 48), "RGB")


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_becomes_white(mode: str) -> None:
    picture = Image.new("RGBA", (4, 4), (200, 0, 0, 0)).convert(mode)
    assert fit(picture, 4, 4).getpixel((1, 1)) == (255, 255, 255)


def test_a_transparent_color_of_a_palette_becomes_white() -> None:
    picture = Image.new("P", (4, 4), 0)
    picture.putpalette([9, 9, 9] * 256)
    picture.info["transparency"] = 0
    assert fit(picture, 4, 4).getpixel((1, 1)) == (255, 255, 255)


def test_the_orientation_in_the_metadata_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise
    held = io.BytesIO()
    striped(90, 30).save(held, "JPEG", exif=exif, quality=95)
    fitted = fit(Image.open(held), 30, 90)
    red, _, blue = fitted.getpixel((15, 10))  # type: ignore[misc]
    assert red > 200 > 60 > blue
