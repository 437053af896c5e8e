"""Decoding of untrusted images, which must be complete, in a known format and not too large.

The bytes that this module returns were encoded from pixels or stripped to what encodes them, so
nothing else of a file survives: no EXIF, profile or comment, and no data appended to the file.
"""

import io
from dataclasses import dataclass
from typing import Literal

from PIL import Image

from vidgo.kernel.images import file_structure
from vidgo.kernel.images.file_structure import ImageFile, ImageRefused

MAX_BYTES = 20_000_000
MAX_PIXELS = 40_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")

_MIME = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
}
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_FIRST_ON_ITS_SIDE = 5


@dataclass(frozen=True, kw_only=True)
class ImageInfo:
    """An image's format and its size in pixels when upright."""

    format: str
    mime: str
    width: int
    height: int


class Opened:
    """A checked image: its format and size, its pixels, and its file without metadata."""

    def __init__(self, *, file: ImageFile, mode: str) -> None:
        self._file = file
        self._mode = mode

    @property
    def info(self) -> ImageInfo:
        """The format and the size of the image."""
        width, height = self._file.width, self._file.height
        if self._file.orientation >= _FIRST_ON_ITS_SIDE:
            width, height = height, width
        format = self._file.format
        return ImageInfo(format=format, mime=_MIME[format], width=width, height=height)

    @property
    def plain(self) -> bytes | None:
        """The file without its metadata; None if the image must be rotated or converted.

        Also None for WebP, whose metadata is not stripped because no WebP is passed on.
        """
        is_upright = self._file.orientation not in _UPRIGHT
        is_ready = is_upright and self._mode in {"RGB", "RGBA"} and self._file.format != "WEBP"
        return self._file.content if is_ready else None

    def draw(self) -> Image.Image:
        """Return the image upright, as RGB or, with transparency, RGBA, without metadata."""
        image = _plain(_decode(self._file))
        if self._file.orientation in _UPRIGHT:
            image = image.transpose(_UPRIGHT[self._file.orientation])
        return image


def inspect(
    *,
    content: bytes,
    max_bytes: int = MAX_BYTES,
    max_pixels: int = MAX_PIXELS,
    formats: tuple[str, ...] = FORMATS,
) -> ImageInfo:
    """Check a whole image and return its format and size; raises ImageRefused."""
    return open_file(
        content=content, max_bytes=max_bytes, max_pixels=max_pixels, formats=formats
    ).info


def open_image(
    *,
    content: bytes,
    max_bytes: int = MAX_BYTES,
    max_pixels: int = MAX_PIXELS,
    formats: tuple[str, ...] = FORMATS,
) -> Image.Image:
    """Decode the first frame of an image; raises ImageRefused.

    The result is upright, RGB or, with transparency, RGBA, and has no metadata.
    """
    return open_file(
        content=content, max_bytes=max_bytes, max_pixels=max_pixels, formats=formats
    ).draw()


def open_file(
    *,
    content: bytes,
    max_bytes: int = MAX_BYTES,
    max_pixels: int = MAX_PIXELS,
    formats: tuple[str, ...] = FORMATS,
) -> Opened:
    """Check the whole first frame of an image; raises ImageRefused.

    The frame is decoded completely; a JPEG at an eighth of its width, which still reads all of its
    data but takes half the time.
    """
    if len(content) > max_bytes:
        raise ImageRefused("too_large", f"The image is larger than {max_bytes} bytes.")
    file = file_structure.read(content=content)
    if file.format not in formats:
        allowed = ", ".join(formats)
        raise ImageRefused("unsupported_format", f"The image must be one of {allowed}.")
    _bound_pixels(file.width, file.height, max_pixels)
    decoded = _decode(file, max_pixels=max_pixels, small=True)
    return Opened(file=file, mode=decoded.mode)


def _decode(file: ImageFile, *, max_pixels: int = MAX_PIXELS, small: bool = False) -> Image.Image:
    """Decode the first frame of a file; `small` is enough to check that it is complete."""
    try:
        with Image.open(io.BytesIO(file.content), formats=(file.format,)) as decoder:
            # Check the decoder's view too, should it read the structure differently.
            _bound_pixels(decoder.width, decoder.height, max_pixels)
            if decoder.size != (file.width, file.height):
                raise ImageRefused("broken", "The image is broken or incomplete.")
            if small:
                decoder.draft(decoder.mode, (decoder.width // 8, decoder.height // 8))
            decoder.load()
    except ImageRefused:
        raise
    except Exception as exc:
        # A decoder may raise anything on hostile bytes.
        raise ImageRefused("broken", "The image is broken or incomplete.") from exc
    return decoder


def encode(*, image: Image.Image, format: Literal["png", "jpg"]) -> bytes:
    """Encode the pixels of an image and nothing else; transparency becomes white in a JPEG."""
    plain = _plain(image)
    out = io.BytesIO()
    if format == "png":
        # Level 3 takes about half the time of the default; files are a tenth larger.
        plain.save(out, "PNG", compress_level=3)
        return out.getvalue()
    if plain.mode == "RGBA":
        white = Image.new("RGB", plain.size, "white")
        white.paste(plain, mask=plain.getchannel("A"))
        plain = white
    plain.save(out, "JPEG", quality=92)
    return out.getvalue()


def _bound_pixels(width: int, height: int, max_pixels: int) -> None:
    if width < 1 or height < 1:
        raise ImageRefused("broken", "The image is broken or incomplete.")
    if width * height > max_pixels:
        raise ImageRefused(
            "too_many_pixels", f"The image has more than {max_pixels // 1_000_000} megapixels."
        )


def _plain(image: Image.Image) -> Image.Image:
    """Copy an image as RGB or RGBA without its metadata."""
    if image.mode.startswith("I"):
        # 16-bit gray; a plain conversion clips at 255 instead of scaling.
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    transparent = image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info
    plain = image.convert("RGBA" if transparent else "RGB")
    plain.info = {}
    return plain
