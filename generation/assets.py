"""Assets: the image a job made, checked, cropped to the ratio asked for, and stored."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from django.utils import timezone
from PIL import Image

from generation import catalog, files
from generation.models import Asset
from generation.providers.base import Failure, FailureKind
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
    image = crop_to_ratio(image=opened.image, ratio=size.width / size.height)
    wanted: Literal["jpg", "png"] = "jpg" if output_format == "jpg" else "png"
    is_as_ordered = image is opened.image and opened.format == PILLOW_FORMATS[wanted]
    encoded = opened.plain if is_as_ordered else None
    if encoded is None:
        encoded = images.encode(image=image, format=wanted)
    return Prepared(
        content=encoded,
        format=output_format,
        width=image.width,
        height=image.height,
        sha256=hashlib.sha256(encoded).hexdigest(),
    )


def crop_to_ratio(*, image: Image.Image, ratio: float) -> Image.Image:
    """Return the centre of the image in a ratio, or the image itself when it is near enough."""
    if abs(image.width / image.height / ratio - 1) <= RATIO_TOLERANCE:
        return image
    width = min(image.width, round(image.height * ratio))
    height = min(image.height, round(image.width / ratio))
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


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
