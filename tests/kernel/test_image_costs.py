"""Expensive images: decompression bombs, slow files, damage, and many at once.

`make bench` measures what they cost, next to a normal photo.
"""

import random
import threading
import tracemalloc
from collections.abc import Callable

import pytest
from PIL import Image

from tests.kernel.hostile_images import BOMBS, BUSY, shared_exif, unfolding_png
from tests.kernel.pictures import exif, picture, refusal, saved
from vidgo.kernel import images
from vidgo.kernel.images import ImageRefused

MIMES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb.__name__)
def test_a_small_file_of_many_pixels_is_refused_before_they_are_made(
    bomb: Callable[[], bytes],
) -> None:
    content = bomb()
    assert len(content) < 10_000

    assert refusal(content) == "too_many_pixels"


@pytest.mark.parametrize("build", BUSY, ids=lambda build: build.__name__)
def test_a_file_that_would_keep_a_decoder_busy_is_refused(build: Callable[[], bytes]) -> None:
    content = build()
    assert len(content) < images.MAX_BYTES

    assert refusal(content) == "too_complex"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_exif_whose_tags_all_point_at_the_same_data_is_not_read(format: str) -> None:
    assert images.inspect(content=shared_exif(format)).width == 60


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"II*\0",
        b"II*\0\xff\xff\xff\xff",
        b"MM\0*\0\0\0\x08\xff\xff",
        b"XX*\0\x08\0\0\0\x01\0",
        exif([(0x0112, 3, 1, 9)]),
        exif([(0x0112, 3, 1, 0)]),
        exif([(0x0112, 2, 1, 6)]),
        exif([(0x0100, 3, 1, 6)]),
        exif([(0x0112, 3, 1, 6)])[:-8],
    ],
)
def test_invalid_exif_leaves_the_image_unchanged(data: bytes) -> None:
    content = saved(picture(), "PNG", exif=data)

    assert images.open_image(content=content).size == (60, 40)


def test_text_that_decompresses_to_gigabytes_is_not_decompressed() -> None:
    content = unfolding_png()
    tracemalloc.start()
    try:
        images.inspect(content=content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000


@pytest.mark.parametrize("format", MIMES)
def test_damaged_images_are_refused_or_read_but_never_crash(format: str) -> None:
    whole = saved(Image.effect_noise((40, 30), 60).convert("RGB"), format)
    dice = random.Random(4)
    outcomes = set()
    for _ in range(300):
        content = bytearray(whole)
        for _ in range(dice.randint(1, 8)):
            at = dice.randrange(len(content) if dice.random() < 0.5 else min(64, len(content)))
            match dice.randrange(3):
                case 0:
                    content[at] = dice.randrange(256)
                case 1:
                    del content[at : at + dice.randint(1, 20)]
                case 2:
                    content[at:at] = dice.randbytes(dice.randint(1, 20))
        try:
            image = images.open_image(content=bytes(content), max_pixels=1_000_000)
        except ImageRefused as refused:
            outcomes.add(refused.reason)
        else:
            assert image.width * image.height <= 1_000_000
            outcomes.add("read")

    assert "broken" in outcomes


def test_threads_decode_side_by_side_with_their_own_limits() -> None:
    content = saved(picture(), "PNG")
    outcomes: dict[int, set[str]] = {limit: set() for limit in (2399, 2400)}

    def decode(limit: int) -> None:
        for _ in range(50):
            try:
                images.open_image(content=content, max_pixels=limit)
            except ImageRefused as refused:
                outcomes[limit].add(refused.reason)
            else:
                outcomes[limit].add("read")

    threads = [threading.Thread(target=decode, args=(limit,)) for limit in outcomes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert outcomes == {2399: {"too_many_pixels"}, 2400: {"read"}}
