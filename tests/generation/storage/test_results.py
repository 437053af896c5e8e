"""Results: a provider's bytes become exactly what was requested, or a fault of the provider."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from accounts.models import Organization
from generation import catalog
from generation.models import Asset
from generation.providers.base import Failure, FailureKind
from generation.storage import results
from tests import factories
from tests.generation.conftest import files_in


def encoded(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def prepare(content: bytes, *, size: str = "1:1", output_format: str = "png") -> results.Prepared:
    return results.prepare(
        content=content, size=catalog.load().sizes[size], output_format=output_format
    )


@pytest.mark.parametrize("size", catalog.load().sizes)
@pytest.mark.parametrize("made", [(256, 256), (320, 180), (485, 1055)])
def test_any_result_gets_the_requested_ratio(size: str, made: tuple[int, int]) -> None:
    result = prepare(factories.png(width=made[0], height=made[1]), size=size)
    wanted = catalog.load().sizes[size]
    assert result.width / result.height == pytest.approx(wanted.width / wanted.height, rel=0.01)
    assert result.width <= made[0]
    assert result.height <= made[1]
    assert result.width == made[0] or result.height == made[1]


def test_a_ratio_within_one_percent_is_kept() -> None:
    result = prepare(factories.png(width=1000, height=992))
    assert (result.width, result.height) == (1000, 992)
    result = prepare(factories.png(width=1000, height=980))
    assert (result.width, result.height) == (980, 980)


def test_the_center_is_kept() -> None:
    image = Image.new("RGB", (300, 100), "red")
    image.paste("blue", (100, 0, 200, 100))
    result = prepare(encoded(image))
    with Image.open(io.BytesIO(result.content)) as cropped:
        assert cropped.getcolors() == [(100 * 100, (0, 0, 255))]


@pytest.mark.parametrize(("output_format", "format"), [("png", "PNG"), ("jpg", "JPEG")])
@pytest.mark.parametrize("source", ["PNG", "JPEG", "WEBP"])
def test_the_result_has_the_requested_format_and_true_properties(
    output_format: str, format: str, source: str
) -> None:
    result = prepare(encoded(Image.new("RGB", (64, 64)), source), output_format=output_format)
    with Image.open(io.BytesIO(result.content)) as image:
        assert (image.format, image.size) == (format, (result.width, result.height))
    assert result.format == output_format
    assert result.sha256 == hashlib.sha256(result.content).hexdigest()


def test_no_metadata_of_a_provider_reaches_the_customer() -> None:
    exif = Image.Exif()
    exif[0x010E] = "made by someone"
    content = encoded(Image.new("RGB", (64, 64)), "JPEG", exif=exif)
    assert b"made by someone" in content
    for output_format in ("png", "jpg"):
        assert b"made by someone" not in prepare(content, output_format=output_format).content


@pytest.mark.parametrize("content", [b"", b"<html>", factories.png()[:-20], factories.huge_png()])
def test_no_usable_image_is_the_providers_fault(content: bytes) -> None:
    with pytest.raises(Failure) as failed:
        prepare(content)
    assert failed.value.kind is FailureKind.UNAVAILABLE


@pytest.mark.django_db
def test_expired_results_are_deleted(
    organization: Organization, storage: Path, settings: Settings
) -> None:
    settings.RESULT_RETENTION_DAYS = 3
    old, kept = (
        factories.asset_of(factories.finished(organization=organization)) for _ in range(2)
    )
    assert abs(old.expires_at - old.created_at - timedelta(days=3)) < timedelta(seconds=5)
    Asset.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert results.remove_expired() == 1
    assert results.remove_expired() == 0
    assert files_in(storage) == [kept.file]
    old.refresh_from_db()
    assert old.removed_at is not None


@pytest.mark.parametrize(("format", "output_format"), [("PNG", "png"), ("JPEG", "jpg")])
def test_a_result_that_is_right_keeps_its_pixels_and_loses_its_metadata(
    format: str, output_format: str
) -> None:
    image = Image.effect_noise((64, 64), 80).convert("RGB")
    exif = Image.Exif()
    exif[0x010E] = "a secret of the provider"
    content = encoded(image, format, exif=exif) + b"a second file"
    result = prepare(content, output_format=output_format)
    assert b"secret" not in result.content
    assert b"second file" not in result.content
    with Image.open(io.BytesIO(content)) as before, Image.open(io.BytesIO(result.content)) as after:
        assert after.tobytes() == before.tobytes()
        assert after.format == format
    assert result.sha256 == hashlib.sha256(result.content).hexdigest()


@pytest.mark.parametrize("mode", ["L", "P", "I;16", "CMYK"])
def test_an_unusual_color_mode_is_converted(mode: str) -> None:
    format = "JPEG" if mode == "CMYK" else "PNG"
    result = prepare(
        encoded(Image.new(mode, (32, 32)), format), output_format="jpg" if mode == "CMYK" else "png"
    )
    with Image.open(io.BytesIO(result.content)) as after:
        assert after.mode == "RGB"


def test_a_rotated_image_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    result = prepare(encoded(Image.new("RGB", (64, 64)), "JPEG", exif=exif), output_format="jpg")
    with Image.open(io.BytesIO(result.content)) as after:
        assert 0x0112 not in after.getexif()
