"""Assets: the image a job made, checked, cropped to the ratio asked for, and stored."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from django.utils import timezone

from generation import catalog
from generation.models import Asset
from generation.providers.base import Failure, FailureKind
from generation.storage import files
from vidgo.kernel import http, images

FOLDER = "results"
RATIO_TOLERANCE = 0.01
PILLOW_FORMATS = {"jpg": "JPEG", "png": "PNG"}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A result ready to be stored: exactly the format and ratio that was ordered."""

    content: bytes
    format: str
    width: int
    height: int
    sha256: str


def prepare(*, content: bytes, size: catalog.Size, output_format: str) -> Prepared:
    """Check a provider's result, crop it to the ratio ordered, and drop its metadata.

    What is as ordered keeps its own bytes: encoding it again costs quality and most of the time.
    CPU-bound: call it in a thread. Raises `Failure` when the provider sent no usable image.
    """
    try:
        opened = images.open_file(content=content, max_bytes=http.VENDOR_RESULT.max_bytes)
    except images.ImageRefused as refused:
        raise Failure(
            FailureKind.UNAVAILABLE, f"The provider returned an unusable image: {refused}"
        ) from None
    wanted: Literal["jpg", "png"] = "jpg" if output_format == "jpg" else "png"
    box = find_crop(
        width=opened.info.width, height=opened.info.height, ratio=size.width / size.height
    )
    encoded = opened.plain if box is None else None
    if encoded is None or opened.info.format != PILLOW_FORMATS[wanted]:
        image = opened.draw()
        encoded = images.encode(image=image.crop(box) if box else image, format=wanted)
    left, top, right, bottom = box or (0, 0, opened.info.width, opened.info.height)
    return Prepared(
        content=encoded,
        format=output_format,
        width=right - left,
        height=bottom - top,
        sha256=hashlib.sha256(encoded).hexdigest(),
    )


def find_crop(*, width: int, height: int, ratio: float) -> tuple[int, int, int, int] | None:
    """Return the box of the centre of a picture in a ratio; None when it is near enough."""
    if abs(width / height / ratio - 1) <= RATIO_TOLERANCE:
        return None
    across, down = min(width, round(height * ratio)), min(height, round(width / ratio))
    left, top = (width - across) // 2, (height - down) // 2
    return left, top, left + across, top + down


def store(*, prepared: Prepared) -> str:
    """Write a result's bytes and return their name; the job's row comes after."""
    return files.save(folder=FOLDER, content=prepared.content, extension=prepared.format)


def url_of(asset: Asset) -> str:
    """Return the absolute address the customer downloads the result from."""
    return files.url_of(asset.file)


def remove_expired(*, limit: int = 1000) -> int:
    """Delete results past their retention and return how many there were."""
    expired = Asset.objects.filter(removed_at=None, expires_at__lt=timezone.now())[:limit]
    removed = 0
    for asset in expired:
        files.remove(name=asset.file)
        removed += Asset.objects.filter(pk=asset.pk).update(removed_at=timezone.now())
    return removed
