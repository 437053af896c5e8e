"""Getting any picture into shape: plain RGB, upright, exactly the size asked for."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageOps

Box = tuple[int, int, int, int]

_ORIENTATION = 0x0112  # the EXIF tag that says which way up a camera was held
_FARTHEST = 3.0  # how much longer than asked for a picture may be before its ends are cut off first


def develop(image: Image.Image) -> Image.Image:
    """Return a picture of any mode as RGB: first frame, upright, transparency over white.

    What is so already is returned itself, not copied: it may be large.
    """
    if getattr(image, "is_animated", False):
        image.seek(0)
    turned = image.getexif().get(_ORIENTATION, 1) != 1
    upright = ImageOps.exif_transpose(image) if turned else image
    if upright.mode == "RGB" and "transparency" not in upright.info:
        upright.load()
        return upright
    if upright.mode.startswith("I") or upright.mode == "F":
        return _from_deep(upright)
    if upright.mode in ("P", "PA", "LA", "La", "RGBa", "RGBA") or "transparency" in upright.info:
        seen = upright.convert("RGBA")
        paper = Image.new("RGB", seen.size, (255, 255, 255))
        paper.paste(seen, (0, 0), seen.getchannel("A"))
        return paper
    return upright.convert("RGB")


def _from_deep(image: Image.Image) -> Image.Image:
    """Bring 16 and 32 bit grey down to 8: floats run to 1 or 255, integers to 255 or 65535."""
    values = np.nan_to_num(np.asarray(image).astype(np.float32))
    top = float(values.max(initial=0.0))
    if image.mode == "F":
        scale = 255.0 if top <= 1.0 else 1.0
    else:
        scale = 1.0 if top <= 255 and image.mode == "I" else 255 / 65535
    gray = np.rint(values * scale).clip(0, 255).astype(np.uint8)
    return Image.fromarray(gray).convert("RGB")


def cover(image: Image.Image, *, width: int, height: int) -> Image.Image:
    """Return the whole of an RGB `image` sized so that it just covers `width` by `height`."""
    _check(width, height)
    if image.size == (width, height):
        return image
    ratio = (image.width / image.height) / (width / height)
    if ratio > _FARTHEST:
        image = _cut(image, round(image.height * width / height * _FARTHEST), image.height, None)
    elif ratio < 1 / _FARTHEST:
        image = _cut(image, image.width, round(image.width * height / width * _FARTHEST), None)
    scale = max(width / image.width, height / image.height)
    size = (max(width, round(image.width * scale)), max(height, round(image.height * scale)))
    if size == image.size:
        return image
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def frame(image: Image.Image, *, width: int, height: int, keep: Box | None = None) -> Image.Image:
    """Return an RGB `image` cropped to the ratio and sized; the crop moves to hold `keep`.

    Without `keep` the crop is taken from the centre.
    """
    _check(width, height)
    if image.size == (width, height):
        return image
    scale = min(image.width / width, image.height / height)
    across = min(image.width, max(1, round(width * scale)))
    down = min(image.height, max(1, round(height * scale)))
    cut = _cut(image, across, down, keep)
    if cut.size == (width, height):
        return cut
    return cut.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)


def _check(width: int, height: int) -> None:
    if width < 1 or height < 1:
        raise ValueError("A picture needs a width and a height of at least one pixel.")


def _cut(image: Image.Image, width: int, height: int, keep: Box | None) -> Image.Image:
    width, height = max(1, width), max(1, height)
    left = _start(image.width, width, (keep[0], keep[2]) if keep else None)
    top = _start(image.height, height, (keep[1], keep[3]) if keep else None)
    return image.crop((left, top, left + width, top + height))


def _start(whole: int, part: int, keep: tuple[int, int] | None) -> int:
    """Return where a window of `part` starts: centred, moved as little as holds `keep`."""
    start = (whole - part) // 2
    if keep is not None:
        if keep[1] - keep[0] >= part:
            start = (keep[0] + keep[1] - part) // 2
        else:
            start = min(max(start, keep[1] - part), keep[0])
    return min(max(0, start), whole - part)
