"""Normalizing pictures: plain RGB, upright, exactly the requested size."""

from __future__ import annotations

from PIL import Image, ImageOps

Box = tuple[int, int, int, int]


def develop(image: Image.Image, *, width: int, height: int) -> Image.Image:
    """Return a picture as upright RGB over white, scaled down to cover `width` by `height`.

    Raises ValueError when a side, in pixels, is not positive.
    """
    if width < 1 or height < 1:
        raise ValueError("A picture needs a width and a height of at least one pixel.")
    upright = ImageOps.exif_transpose(image)
    if upright.mode != "RGB" or "transparency" in upright.info:
        seen = upright.convert("RGBA")
        upright = Image.new("RGB", seen.size, (255, 255, 255))
        upright.paste(seen, (0, 0), seen.getchannel("A"))
    scale = max(width / upright.width, height / upright.height)
    if scale >= 1:
        return upright
    size = (max(width, round(upright.width * scale)), max(height, round(upright.height * scale)))
    return upright.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def frame(image: Image.Image, *, width: int, height: int, keep: Box | None = None) -> Image.Image:
    """Return an RGB `image` cropped to the ratio and sized; the crop moves to include `keep`.

    Without `keep` the crop is centered.
    """
    scale = min(image.width / width, image.height / height)
    across = min(image.width, max(1, round(width * scale)))
    down = min(image.height, max(1, round(height * scale)))
    x0, y0, x1, y1 = keep or (0, 0, image.width, image.height)
    left, top = _start(image.width, across, x0, x1), _start(image.height, down, y0, y1)
    cut = image.crop((left, top, left + across, top + down))
    return cut.resize((width, height), Image.Resampling.LANCZOS)


def _start(whole: int, part: int, low: int, high: int) -> int:
    """Return where a window of `part` starts: centered, or moved to include low to high."""
    if high - low >= part:
        return min(max(0, (low + high - part) // 2), whole - part)
    return min(max((whole - part) // 2, high - part), low)
