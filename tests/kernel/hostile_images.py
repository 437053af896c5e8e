"""Image files that are made to cost much; the tests refuse them, and the benchmarks time them."""

import struct
import zlib

from PIL import Image

from tests.kernel.pictures import chunk, exif, picture, png, saved


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


def shared_exif(format: str) -> bytes:
    tags = exif((tag, 7, 50_000, 100) for tag in range(1, 5000))
    return saved(picture(), format, exif=b"Exif\0\0" + tags)


def unfolding_png() -> bytes:
    text = chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(1_000_000), 9)) * 500
    return png(width=1, height=1, data=zlib.compress(bytes(4)), extra=text)


BOMBS = (bomb_png, bomb_jpeg, bomb_gif, bomb_gif_frame, bomb_webp)
BUSY = (scans_jpeg, segments_jpeg, chunks_png, blocks_gif, chunks_webp)
