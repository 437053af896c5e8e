"""The images that the vendors return: one for each size and format, drawn once."""

from __future__ import annotations

import io
from functools import cache

from PIL import Image, ImageDraw

# About a megapixel each, like the models' images.
PIXELS = {
    "1:1": (1024, 1024),
    "4:3": (1152, 864),
    "3:4": (864, 1152),
    "3:2": (1248, 832),
    "2:3": (832, 1248),
    "4:5": (896, 1120),
    "5:4": (1120, 896),
    "16:9": (1280, 720),
    "9:16": (720, 1280),
    "21:9": (1568, 672),
    "9:21": (672, 1568),
    "2:1": (1408, 704),
    "1:2": (704, 1408),
    "16:21": (768, 1008),
}
MIMES = {"png": "image/png", "jpeg": "image/jpeg", "jpg": "image/jpeg", "webp": "image/webp"}
FORMATS = {"png": "PNG", "jpeg": "JPEG", "jpg": "JPEG", "webp": "WEBP"}


@cache
def picture(*, size: str, format: str, scale: float = 1.0, blank: bool = False) -> bytes:
    """Return an encoded image of a size; `blank` makes it black."""
    width, height = (max(round(pixels * scale), 16) for pixels in PIXELS[size])
    if blank:
        image = Image.new("RGB", (width, height))
    else:
        across = Image.linear_gradient("L").rotate(90).resize((width, height))
        down = Image.linear_gradient("L").resize((width, height))
        image = Image.merge("RGB", (across, down, Image.new("L", (width, height), 160)))
        draw = ImageDraw.Draw(image)
        draw.ellipse((width // 4, height // 4, width * 3 // 4, height * 3 // 4), fill="#d9480f")
    out = io.BytesIO()
    image.save(out, FORMATS[format])
    return out.getvalue()
