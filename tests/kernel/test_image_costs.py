"""Expensive images: decompression bombs, slow files, damage, and many at once."""

import random
import struct
import threading
import time
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from tests.kernel.pictures import chunk, exif, picture, png, refusal, saved
from vidgo.kernel import images
from vidgo.kernel.images import ImageRefused

MIMES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}


def bomb_png() -> bytes:
    return png(width=30_000, height=30_000, data=zlib.compress(bytes(1_000_000), 9))


def bomb_jpeg() -> bytes:
    content = bytearray(saved(picture(16, 16), "JPEG"))
    frame = content.index(b"\xff\xc0")
    content[frame + 5 : frame + 9] = struct.pack(">HH", 65000, 65000)
    return bytes(content)


def bomb_gif() -> bytes:
    content = bytearray(saved(picture(16, 16), "GIF"))
    content[6:10] = struct.pack("<HH", 65535, 65535)
    return bytes(content)


def bomb_gif_frame() -> bytes:
    content = bytearray(saved(picture(16, 16), "GIF"))
    frame = 13 + 3 * (2 << (content[10] & 7))
    assert content[frame] == 0x2C
    content[frame + 5 : frame + 9] = struct.pack("<HH", 65535, 65535)
    return bytes(content)


def bomb_webp() -> bytes:
    content = bytearray(saved(picture(16, 16), "WEBP", exif=exif([])))
    content[24:30] = b"\xff\x3f\x00\xff\x3f\x00"
    return bytes(content)


def scans_jpeg() -> bytes:
    content = saved(Image.new("RGB", (4000, 4000)), "JPEG", progressive=True)
    last = content[content.rindex(b"\xff\xc4") : -2]
    return content[:-2] + last * 2000 + content[-2:]


def segments_jpeg() -> bytes:
    content = saved(picture(), "JPEG")
    return content[:2] + b"\xff\xfe\x00\x02" * 1_000_000 + content[2:]


def chunks_png() -> bytes:
    return png(width=1, height=1, data=zlib.compress(bytes(4)), extra=chunk(b"abCd", b"") * 500_000)


def blocks_gif() -> bytes:
    content = saved(picture(), "GIF")
    start = 13 + 3 * (2 << (content[10] & 7))
    return content[:start] + b"!\xfe\x01a\x00" * 1_000_000 + content[start:]


def chunks_webp() -> bytes:
    content = saved(picture(), "WEBP", exif=exif([]))[12:] + b"abcd\0\0\0\0" * 500_000
    return b"RIFF" + struct.pack("<I", len(content) + 4) + b"WEBP" + content


@pytest.mark.parametrize(
    "bomb",
    [bomb_png, bomb_jpeg, bomb_gif, bomb_gif_frame, bomb_webp],
    ids=lambda bomb: bomb.__name__,
)
def test_a_small_file_of_many_pixels_is_refused_before_they_are_made(
    bomb: Callable[[], bytes],
) -> None:
    content = bomb()
    assert len(content) < 10_000

    started = time.process_time()
    assert refusal(content) == "too_many_pixels"
    assert time.process_time() - started < 0.2


@pytest.mark.parametrize(
    "build",
    [scans_jpeg, segments_jpeg, chunks_png, blocks_gif, chunks_webp],
    ids=lambda build: build.__name__,
)
def test_a_file_that_would_keep_a_decoder_busy_is_refused_quickly(
    build: Callable[[], bytes],
) -> None:
    content = build()
    assert len(content) < images.MAX_BYTES

    started = time.process_time()
    assert refusal(content) == "too_complex"
    assert time.process_time() - started < 1


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_exif_whose_tags_all_point_at_the_same_data_costs_nothing(format: str) -> None:
    tags = exif((tag, 7, 50_000, 100) for tag in range(1, 5000))
    content = saved(picture(), format, exif=b"Exif\0\0" + tags)

    started = time.process_time()
    images.inspect(content=content)
    assert time.process_time() - started < 0.2


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
    text = chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(1_000_000), 9)) * 500
    content = png(width=1, height=1, data=zlib.compress(bytes(4)), extra=text)

    started = time.process_time()
    images.inspect(content=content)
    assert time.process_time() - started < 0.2


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
