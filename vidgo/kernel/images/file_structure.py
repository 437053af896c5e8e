"""The structure of image files: their format and size, read before any decoding.

A hostile file need not be large to keep a decoder busy for hours: a progressive JPEG of 20 MB can
require 200,000 passes over 40 megapixels, a PNG can contain a million empty chunks. So each file is
parsed first, within limits, and only what encodes its first frame goes to the decoder: no text,
profile, thumbnail, animation or data after the end.
"""

import re
import struct
from dataclasses import dataclass

# A progressive JPEG has about ten scans; each is one more pass over the whole image.
MAX_JPEG_SCANS = 50
MAX_JPEG_SEGMENTS = 5_000
MAX_PNG_CHUNKS = 50_000
MAX_GIF_BLOCKS = 200_000
MAX_WEBP_CHUNKS = 10_000

_BROKEN = ("broken", "The image is broken or incomplete.")
_TOO_COMPLEX = ("too_complex", "The image is too complex to decode.")


class ImageRefused(Exception):
    """The bytes are not an acceptable image; `reason` is a stable slug, `message` for people."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


@dataclass(frozen=True, kw_only=True)
class ImageFile:
    """The structure of an image file; `content` has only what encodes its first frame.

    For a WebP, `content` is the whole file without any data after its end.
    """

    format: str
    width: int
    height: int
    # The EXIF orientation, 1 to 8; 1 is upright.
    orientation: int
    content: bytes


def read(*, content: bytes) -> ImageFile:
    """Read the structure of a JPEG, PNG, GIF or WebP file; raises ImageRefused."""
    try:
        if content.startswith(b"\xff\xd8\xff"):
            return _read_jpeg(content)
        if content.startswith(b"\x89PNG\r\n\x1a\n"):
            return _read_png(content)
        if content.startswith((b"GIF87a", b"GIF89a")):
            return _read_gif(content)
        if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
            return _read_webp(content)
    except (IndexError, struct.error) as exc:
        raise ImageRefused(*_BROKEN) from exc  # truncated
    raise ImageRefused("unsupported_format", "The file is not a JPEG, PNG, WebP or GIF image.")


# JPEG --------------------------------------------------------------------------------------------

_SOI, _EOI, _SOS, _EXIF = 0xD8, 0xD9, 0xDA, 0xE1
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Frames, tables, scans, and the JFIF and Adobe segments, which define the color space.
_KEPT_SEGMENTS = frozenset(range(0xC0, 0xD0)) | {_SOS, 0xDB, 0xDC, 0xDD, 0xE0, 0xEE}
_WITHOUT_LENGTH = frozenset({0x00, 0x01, *range(0xD0, _SOI + 1)})
# The end of a scan's data: any marker but an escaped FF, a restart or a fill byte.
_END_OF_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def _read_jpeg(content: bytes) -> ImageFile:
    kept = [content[:2]]
    width = height = scans = 0
    orientation = 1
    position = 2
    for _ in range(MAX_JPEG_SEGMENTS):
        position = content.find(b"\xff", position)
        if position < 0 or position + 1 >= len(content):
            break  # no end marker; the decoder checks whether anything is missing
        marker = content[position + 1]
        if marker == _EOI:
            kept.append(content[position : position + 2])
            break
        if marker == 0xFF or marker in _WITHOUT_LENGTH:
            position += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", content, position + 2)
        end = position + 2 + length
        if length < 2 or end > len(content):
            raise ImageRefused(*_BROKEN)
        if marker == _EXIF and content[position + 4 : position + 10] == b"Exif\0\0":
            orientation = _orientation(content[position + 10 : end])
        elif marker in _FRAMES:
            height, width = struct.unpack_from(">HH", content, position + 5)
        elif marker == _SOS:
            scans += 1
            following = _END_OF_SCAN.search(content, end)
            end = following.start() if following else len(content)
        if scans > MAX_JPEG_SCANS:
            raise ImageRefused(*_TOO_COMPLEX)
        if marker in _KEPT_SEGMENTS:
            kept.append(content[position:end])
        position = end
    else:
        raise ImageRefused(*_TOO_COMPLEX)
    return ImageFile(
        format="JPEG",
        width=width,
        height=height,
        orientation=orientation,
        content=b"".join(kept),
    )


# PNG ---------------------------------------------------------------------------------------------


def _read_png(content: bytes) -> ImageFile:
    kept = [content[:8]]
    width = height = 0
    orientation = 1
    position = 8
    for number in range(MAX_PNG_CHUNKS):
        length, kind = struct.unpack_from(">I4s", content, position)
        end = position + 12 + length
        if end > len(content) or (number == 0) != (kind == b"IHDR"):
            raise ImageRefused(*_BROKEN)
        if kind == b"IHDR":
            width, height = struct.unpack_from(">II", content, position + 8)
        elif kind == b"eXIf":
            orientation = _orientation(content[position + 8 : end - 4])
        if kind in {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}:
            kept.append(content[position:end])
        if kind == b"IEND":
            break
        position = end
    else:
        raise ImageRefused(*_TOO_COMPLEX)
    return ImageFile(
        format="PNG",
        width=width,
        height=height,
        orientation=orientation,
        content=b"".join(kept),
    )


# GIF ---------------------------------------------------------------------------------------------

_EXTENSION, _GRAPHIC_CONTROL, _IMAGE, _TRAILER = 0x21, 0xF9, 0x2C, b"\x3b"


def _read_gif(content: bytes) -> ImageFile:
    width, height, flags = struct.unpack_from("<HHB", content, 6)
    position = 13 + _color_table_bytes(flags)
    kept = [content[:position]]
    control = b""
    blocks_left = MAX_GIF_BLOCKS
    while content[position] != _IMAGE:
        start = position
        if content[position] != _EXTENSION:
            raise ImageRefused(*_BROKEN)
        position, blocks_left = _skip_blocks(content, position + 2, blocks_left)
        if content[start + 1] == _GRAPHIC_CONTROL:
            control = content[start:position]
    start = position
    # A frame that exceeds the screen enlarges the image.
    left, top, frame_width, frame_height = struct.unpack_from("<HHHH", content, position + 1)
    width, height = max(width, left + frame_width), max(height, top + frame_height)
    # Descriptor, color table and one byte for the code size come before the data.
    position += 10 + _color_table_bytes(content[position + 9]) + 1
    position, blocks_left = _skip_blocks(content, position, blocks_left)
    kept += [control, content[start:position], _TRAILER]
    return ImageFile(
        format="GIF", width=width, height=height, orientation=1, content=b"".join(kept)
    )


def _color_table_bytes(flags: int) -> int:
    return 3 * (2 << (flags & 7)) if flags & 0x80 else 0


def _skip_blocks(content: bytes, position: int, blocks_left: int) -> tuple[int, int]:
    """Return the position after a sequence of data blocks, and how many may still follow."""
    while blocks_left > 0:
        blocks_left -= 1
        size = content[position]
        position += 1 + size
        if size == 0:
            return position, blocks_left
    raise ImageRefused(*_TOO_COMPLEX)


# WebP --------------------------------------------------------------------------------------------


def _read_webp(content: bytes) -> ImageFile:
    (riff_bytes,) = struct.unpack_from("<I", content, 4)
    if 8 + riff_bytes > len(content):
        raise ImageRefused(*_BROKEN)
    content = content[: 8 + riff_bytes]
    kind = content[12:16]
    orientation = 1
    if kind == b"VP8X":
        width = 1 + int.from_bytes(content[24:27], "little")
        height = 1 + int.from_bytes(content[27:30], "little")
        orientation = _webp_orientation(content)
    elif kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", content, 21)
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif kind == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", content, 26))
    else:
        raise ImageRefused(*_BROKEN)
    return ImageFile(
        format="WEBP", width=width, height=height, orientation=orientation, content=content
    )


def _webp_orientation(content: bytes) -> int:
    orientation = 1
    position = 12
    for _ in range(MAX_WEBP_CHUNKS):
        if position + 8 > len(content):
            return orientation
        kind, length = struct.unpack_from("<4sI", content, position)
        if kind == b"EXIF":
            exif = content[position + 8 : position + 8 + length]
            orientation = _orientation(exif.removeprefix(b"Exif\0\0"))
        position += 8 + length + length % 2
    raise ImageRefused(*_TOO_COMPLEX)


# EXIF --------------------------------------------------------------------------------------------


def _orientation(exif: bytes) -> int:
    """Return the orientation in EXIF data; unreadable data counts as upright.

    Pillow would read every tag, and tags of a hostile file can all point at the same data.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return 1
    try:
        (offset,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, offset)
        for entry in range(offset + 2, offset + 2 + 12 * count, 12):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", exif, entry)
            if tag == 0x0112:
                return value if kind == 3 and 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1
