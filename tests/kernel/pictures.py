"""Images for tests: real ones, and files assembled byte by byte."""

import io
import struct
import zlib
from collections.abc import Iterable
from typing import Any

import pytest
from PIL import Image, ImageDraw

from vidgo.kernel import images
from vidgo.kernel.images import ImageRefused


def picture(width: int = 60, height: int = 40, mode: str = "RGB") -> Image.Image:
    """A picture whose upper left quarter is red, on blue."""
    image = Image.new("RGB", (width, height), "blue")
    ImageDraw.Draw(image).rectangle((0, 0, width // 2 - 1, height // 2 - 1), fill="red")
    return image.convert(mode)


def saved(image: Image.Image, format: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def animation(format: str) -> bytes:
    frames = [Image.new("RGB", (60, 40), colour) for colour in ("red", "green", "blue")]
    options = {"save_all": True, "append_images": frames[1:], "duration": 100}
    if format == "WEBP":
        options["lossless"] = True
    return saved(frames[0], format, **options)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*, width: int, height: int, data: bytes, extra: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + extra
        + chunk(b"IDAT", data)
        + chunk(b"IEND", b"")
    )


def exif(tags: Iterable[tuple[int, int, int, int]]) -> bytes:
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    count = len(entries) // 12
    return b"II*\0" + struct.pack("<IH", 8, count) + entries + b"\0\0\0\0"


def is_red(pixel: object) -> bool:
    assert isinstance(pixel, tuple)
    return pixel[0] > 200 and pixel[1] < 60 and pixel[2] < 60


def refusal(content: bytes, **bounds: Any) -> str:
    """The reason for which both functions refuse some bytes."""
    with pytest.raises(ImageRefused) as inspected:
        images.inspect(content=content, **bounds)
    with pytest.raises(ImageRefused) as opened:
        images.open_image(content=content, **bounds)
    assert inspected.value.reason == opened.value.reason
    assert inspected.value.message.endswith(".")
    return inspected.value.reason
