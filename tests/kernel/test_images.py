"""Untrusted images: real ones are accepted, broken, expensive and disguised ones refused."""

import io
import struct
import zlib
from typing import Literal

import pytest
from PIL import Image, PngImagePlugin

from tests.kernel.pictures import animation, exif, is_red, picture, png, refusal, saved
from vidgo.kernel import images
from vidgo.kernel.images import ImageRefused, file_structure

SECRET = b"secret-payload"
MIMES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}


# Accepted ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", MIMES)
def test_an_image_is_recognized_by_its_bytes(format: str) -> None:
    content = saved(picture(), format)

    info = images.inspect(content=content)
    image = images.open_image(content=content)

    assert (info.format, info.mime) == (format, MIMES[format])
    assert (info.width, info.height) == image.size == (60, 40)
    assert image.mode == "RGB"
    assert is_red(image.getpixel((5, 5)))


@pytest.mark.parametrize(
    ("mode", "format", "seen"),
    [
        ("1", "PNG", "RGB"),
        ("L", "PNG", "RGB"),
        ("LA", "PNG", "RGBA"),
        ("P", "PNG", "RGB"),
        ("RGBA", "PNG", "RGBA"),
        ("I;16", "PNG", "RGB"),
        ("L", "JPEG", "RGB"),
        ("CMYK", "JPEG", "RGB"),
        ("YCbCr", "JPEG", "RGB"),
        ("RGBA", "WEBP", "RGBA"),
        ("L", "GIF", "RGB"),
        ("RGBA", "GIF", "RGBA"),
    ],
)
def test_every_pixel_format_becomes_one_of_two(mode: str, format: str, seen: str) -> None:
    source = picture(mode="L").convert("I;16") if mode == "I;16" else picture(mode=mode)
    if mode == "RGBA":
        source.putpixel((59, 39), (0, 0, 0, 0))

    assert images.open_image(content=saved(source, format)).mode == seen


def test_16_bit_gray_is_scaled_and_not_clipped() -> None:
    grey = Image.new("I;16", (4, 4), 32768)

    assert images.open_image(content=saved(grey, "PNG")).getpixel((0, 0)) == (128, 128, 128)


def test_a_transparent_palette_color_stays_transparent() -> None:
    source = picture(mode="P")
    content = saved(source, "PNG", transparency=source.getpixel((5, 5)))

    image = images.open_image(content=content)

    assert image.mode == "RGBA"
    assert image.getchannel("A").getpixel((5, 5)) == 0
    assert image.getchannel("A").getpixel((55, 35)) == 255


@pytest.mark.parametrize("options", [{"progressive": True}, {"subsampling": 0}, {"optimize": True}])
def test_ordinary_variants_of_jpeg_are_accepted(options: dict[str, object]) -> None:
    content = saved(picture(600, 400), "JPEG", **options)

    assert images.open_image(content=content).size == (600, 400)


def test_a_jpeg_with_restart_markers_is_accepted() -> None:
    content = saved(picture(600, 400), "JPEG", restart_marker_blocks=3)
    assert b"\xff\xd0" in content

    image = images.open_image(content=content)

    assert image.size == (600, 400)
    assert is_red(image.getpixel((10, 10)))


def test_a_phone_photo_with_several_images_is_its_first() -> None:
    content = saved(
        picture(), "MPO", save_all=True, append_images=[Image.new("RGB", (60, 40), "green")]
    )

    info = images.inspect(content=content)

    assert (info.format, info.width) == ("JPEG", 60)
    assert is_red(images.open_image(content=content).getpixel((5, 5)))


def test_webp_is_read_in_each_of_its_three_forms() -> None:
    lossy = saved(picture(61, 43), "WEBP")
    lossless = saved(picture(61, 43), "WEBP", lossless=True)
    extended = saved(picture(61, 43), "WEBP", exif=exif([]))
    assert [content[12:16] for content in (lossy, lossless, extended)] == [
        b"VP8 ",
        b"VP8L",
        b"VP8X",
    ]

    for content in (lossy, lossless, extended):
        file = file_structure.read(content=content)
        assert (file.width, file.height) == (61, 43)
        assert images.open_image(content=content).size == (61, 43)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_only_the_first_frame_is_seen(format: str) -> None:
    content = animation(format)

    image = images.open_image(content=content)

    assert images.inspect(content=content).format == format
    assert image.size == (60, 40)
    assert is_red(image.getpixel((30, 20)))
    assert getattr(image, "n_frames", 1) == 1


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_picture_taken_sideways_is_turned_upright(format: str, orientation: int) -> None:
    tags = Image.Exif()
    tags[0x0112] = orientation
    # Where the red quarter has to lie in the file to be seen at the upper left.
    stored = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    source = picture()
    if orientation in stored:
        source = source.transpose(stored[orientation])
    content = saved(source, format, exif=tags)

    info = images.inspect(content=content)
    image = images.open_image(content=content)

    assert (info.width, info.height) == image.size == (60, 40)
    assert is_red(image.getpixel((5, 5)))
    assert not is_red(image.getpixel((55, 35)))


# Refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xd8",
        b"GIF88a" + bytes(100),
        b"RIFF\x00\x00\x00\x00WAVE" + bytes(100),
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><svg/>",
        b"<!DOCTYPE html><html><body>GIF89a</body></html>",
        b"%PDF-1.7\n",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
        b"PK\x03\x04" + bytes(100),
        b"\x00\x00\x00\x18ftypavif" + bytes(100),
        *(saved(picture(), format) for format in ("BMP", "TIFF", "ICO", "TGA", "PPM", "JPEG2000")),
        b"GARBAGE" + saved(picture(), "PNG"),
    ],
    ids=range(18),
)
def test_other_formats_are_refused(content: bytes) -> None:
    assert refusal(content) == "unsupported_format"


def test_only_the_allowed_formats_are_accepted() -> None:
    with pytest.raises(ImageRefused) as refused:
        images.inspect(content=saved(picture(), "GIF"), formats=("PNG", "JPEG"))

    assert refused.value.reason == "unsupported_format"
    assert "PNG, JPEG" in refused.value.message


@pytest.mark.parametrize("format", MIMES)
def test_a_truncated_image_is_refused(format: str) -> None:
    noise = Image.effect_noise((300, 200), 60).convert("RGB")
    content = saved(noise, format)

    for part in (0.02, 0.3, 0.6, 0.9, 0.99):
        assert refusal(content[: int(len(content) * part)]) == "broken"


@pytest.mark.parametrize("format", MIMES)
def test_an_image_over_the_byte_limit_is_refused_unread(format: str) -> None:
    content = saved(picture(), format)

    assert refusal(content, max_bytes=len(content) - 1) == "too_large"
    images.inspect(content=content, max_bytes=len(content))


@pytest.mark.parametrize("format", MIMES)
def test_an_image_over_the_pixel_limit_is_refused(format: str) -> None:
    content = saved(picture(), format)

    assert refusal(content, max_pixels=60 * 40 - 1) == "too_many_pixels"
    images.inspect(content=content, max_pixels=60 * 40)


def test_an_image_without_pixels_is_refused() -> None:
    assert refusal(png(width=0, height=10, data=zlib.compress(b""))) == "broken"
    assert refusal(b"GIF89a" + struct.pack("<HHBBB", 0, 0, 0, 0, 0) + b";") == "broken"


def test_a_fake_header_on_something_else_is_refused() -> None:
    html = b"<script>alert(1)</script>" * 20
    for head in (b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\xff\0\0\0WEBPVP8 "):
        assert refusal(head + html) in {"broken", "too_many_pixels"}


# Output -----------------------------------------------------------------------------------------


def loaded_with_metadata(format: str) -> bytes:
    """An image with the secret in every kind of metadata of its format, and after its end."""
    tags = Image.Exif()
    tags[0x010E] = SECRET.decode()
    tags[0x0112] = 6
    options: dict[str, object] = {"exif": tags, "icc_profile": b"\0" * 128 + SECRET}
    if format == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_text("Comment", SECRET.decode())
        info.add_itxt("XML:com.adobe.xmp", SECRET.decode())
        options |= {"pnginfo": info, "dpi": (300, 300)}
    elif format == "GIF":
        options = {"comment": SECRET}
    else:
        options["xmp"] = SECRET
    if format == "JPEG":
        options |= {"comment": SECRET, "dpi": (300, 300)}
    archive = b"PK\x03\x04" + SECRET + b"<?php system($_GET['c']); ?><script>alert(1)</script>"
    return saved(picture(), format, **options) + archive


@pytest.mark.parametrize("target", ["png", "jpg"])
@pytest.mark.parametrize("format", MIMES)
def test_only_pixels_are_kept(format: str, target: Literal["png", "jpg"]) -> None:
    content = loaded_with_metadata(format)
    assert content.count(SECRET) > 1

    image = images.open_image(content=content)
    out = images.encode(image=image, format=target)

    assert image.info == {}
    assert not dict(image.getexif())
    for trace in (SECRET, b"PK\x03\x04", b"<?php", b"<script>", b"Exif", b"http://", b"ICC"):
        assert trace not in out
    with Image.open(io.BytesIO(out)) as again:
        again.load()
        assert again.format == {"png": "PNG", "jpg": "JPEG"}[target]
        assert not dict(again.getexif())
        assert set(again.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_pixels_hidden_in_the_image_itself_do_not_bring_metadata_along() -> None:
    image = picture()
    image.info |= {"icc_profile": SECRET, "exif": SECRET, "comment": SECRET, "xmp": SECRET}

    assert SECRET not in images.encode(image=image, format="png")
    assert SECRET not in images.encode(image=image, format="jpg")
    assert image.info["comment"] == SECRET


def test_an_encoded_png_keeps_every_pixel_and_its_transparency() -> None:
    image = picture(mode="RGBA")
    image.putpixel((3, 3), (1, 2, 3, 4))

    again = images.open_image(content=images.encode(image=image, format="png"))

    assert again.mode == "RGBA"
    assert again.tobytes() == image.tobytes()


def test_a_jpeg_shows_transparency_as_white() -> None:
    clear = Image.new("RGBA", (16, 16), (255, 0, 0, 0))

    again = images.open_image(content=images.encode(image=clear, format="jpg"))

    assert again.mode == "RGB"
    assert again.getpixel((8, 8)) == (255, 255, 255)
