"""Fuzzed images: each is accepted or refused, and only pixels are kept."""

from __future__ import annotations

import io
import random
import tracemalloc
from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pytest_django import Settings

from generation.models import Upload
from generation.storage import files
from tests.conftest import Api
from vidgo.kernel import images
from vidgo.kernel.images.file_structure import ImageRefused

SECRET = b"GPS-52.5200-13.4050"
EXTENSIONS = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp"}
SMALL = (48, 36)


def photo(format: str) -> bytes:
    """Return a small photo with a location in its metadata, and data after its end."""
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    out = io.BytesIO()
    picture = Image.effect_noise(SMALL, 60).convert("RGB")
    picture.save(out, format, exif=exif, icc_profile=SECRET * 4)
    return out.getvalue() + b"PK\x03\x04" + SECRET


def mutants(format: str, *, seed: int, count: int) -> Iterator[bytes]:
    """Yield damaged copies: bytes changed, cut out, put in, doubled, the end cut off."""
    whole, dice = photo(format), random.Random(seed)
    for _ in range(count):
        content = bytearray(whole)
        for _ in range(dice.randint(1, 6)):
            # The structure is at the front, so half of the damage is done there.
            at = dice.randrange(len(content) if dice.random() < 0.5 else min(80, len(content)))
            match dice.randrange(5):
                case 0:
                    content[at] = dice.randrange(256)
                case 1:
                    del content[at : at + dice.randint(1, 20)]
                case 2:
                    content[at:at] = dice.randbytes(dice.randint(1, 20))
                case 3:
                    content[at:at] = content[at : at + 40]
                case 4 if dice.random() < 0.3:
                    del content[max(at, 16) :]
        yield bytes(content)


@pytest.mark.parametrize("format", EXTENSIONS)
def test_a_damaged_image_takes_little_memory_and_keeps_no_metadata(format: str) -> None:
    outcomes = set()
    tracemalloc.start()
    try:
        for content in mutants(format, seed=6, count=200):
            try:
                opened = images.open_file(content=content, max_pixels=1_000_000)
            except ImageRefused as refused:
                outcomes.add(refused.reason)
            else:
                outcomes.add("read")
                kept = opened.plain or images.encode(image=opened.draw(), format="png")
                assert SECRET not in kept
                assert b"PK\x03\x04" not in kept
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert {"read", "broken"} <= outcomes
    assert peak < 30_000_000


@pytest.mark.django_db
@pytest.mark.parametrize("format", EXTENSIONS)
def test_an_upload_of_a_damaged_image_is_accepted_or_refused(
    api: Api, settings: Settings, format: str
) -> None:
    settings.RATE_LIMIT_UPLOADS_PER_MINUTE = 1000
    api.client.raise_request_exception = False
    statuses = []
    for number, content in enumerate(mutants(format, seed=7, count=25)):
        name = f"{number}.{EXTENSIONS[format]}"
        answer = api.client.post(
            "/api/common/upload/stream",
            {"file": SimpleUploadedFile(name, content, content_type="image/png")},
            headers={"Authorization": f"Bearer {api.key}"},
        )
        statuses.append(answer.status_code)
        assert answer.status_code in (200, 400, 413), answer.content
    assert set(statuses) >= {200, 400}
    kept = list(Upload.objects.all())
    assert len(kept) == statuses.count(200)
    for row in kept:
        stored = files.read(name=row.file)
        assert SECRET not in stored
        with Image.open(io.BytesIO(stored)) as image:
            assert not image.getexif()
            assert "icc_profile" not in image.info
