"""Uploads: images customers send ahead of an edit, kept for a few days."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import re
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.utils import timezone

from accounts import organizations
from accounts.models import Organization
from generation.models import Upload
from generation.storage import files, inputs
from vidgo.kernel import errors, images

# The contract stores everything under this folder, whatever path is asked for.
FOLDER = "temp"
MAX_BYTES = 20_000_000
DATA_URL = re.compile(r"data:[\w.+-]+/[\w.+-]+(?:;[\w.+=-]+)*;base64,", re.IGNORECASE)
NAME_MAX_CHARACTERS = 120
WEBP_QUALITY = 95


class FileMissing(errors.Invalid):
    """The call carries no file."""


class FileEmpty(errors.FileFormat):
    default_message = "The file is empty."


class FileTooLarge(errors.TooLarge):
    default_message = f"The file is larger than {MAX_BYTES:,} bytes."


class BadBase64(errors.Invalid):
    """The text is not base64."""


def store(
    *, organization: Organization, content: bytes, original_name: str, file_name: str = ""
) -> Upload:
    """Check an image, strip its metadata, store it and return its row.

    Raises `FileEmpty`, `FileTooLarge` and `inputs.NotAnImage`; then nothing is stored.
    """
    organizations.require_active(organization=organization)
    info = check(content=content)
    content = _bare(content=content, format=info.format)
    extension = extension_of(info)
    name = files.save(folder=FOLDER, content=content, extension=extension)
    original = _plain_name(original_name) or f"image.{extension}"
    return Upload.objects.create(
        organization=organization,
        file=name,
        file_name=_plain_name(file_name) or original,
        original_name=original,
        mime=info.mime,
        width=info.width,
        height=info.height,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        expires_at=timezone.now() + timedelta(hours=settings.UPLOAD_RETENTION_HOURS),
    )


def check(*, content: bytes) -> images.ImageInfo:
    """Return what an image is; raises `FileEmpty`, `FileTooLarge` and `inputs.NotAnImage`."""
    if not content:
        raise FileEmpty(param="file")
    if len(content) > MAX_BYTES:
        raise FileTooLarge(param="file")
    return inputs.inspect(content=content, param="file")


def extension_of(info: images.ImageInfo) -> str:
    """Return what the names of such files end in."""
    return info.format.lower().replace("jpeg", "jpg")


def decode(text: object) -> bytes:
    """Return the bytes in a data URL or in bare base64; raises `BadBase64`."""
    if not isinstance(text, str) or not text.strip():
        raise BadBase64("'base64_data' is required.", param="base64_data")
    bare = DATA_URL.sub("", text.strip(), count=1)
    try:
        return base64.b64decode("".join(bare.split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadBase64("'base64_data' is not valid base64.", param="base64_data") from None


def fetch(*, url: object) -> tuple[bytes, str]:
    """Return what an address holds and the file name in it; raises `inputs.ImageUnreachable`."""
    if not isinstance(url, str) or not url:
        raise FileMissing("'file_url' is required.", param="file_url")
    content = inputs.fetch(url=url, param="file_url")
    return content, PurePosixPath(unquote(urlsplit(url).path)).name


def url_of(upload: Upload) -> str:
    """Return the absolute address that serves the upload."""
    return files.url_of(upload.file)


def remove_expired(*, limit: int = 1000) -> int:
    """Delete uploads past their retention and return how many there were."""
    removed = 0
    expired = Upload.objects.filter(removed_at=None, expires_at__lt=timezone.now())[:limit]
    for upload in expired:
        files.remove(name=upload.file)
        removed += Upload.objects.filter(pk=upload.pk).update(removed_at=timezone.now())
    return removed


def forget_removed(*, before: datetime) -> int:
    """Delete the rows of uploads that were removed before a moment; return how many there were."""
    forgotten, _ = Upload.objects.filter(removed_at__lt=before).delete()
    return forgotten


def _bare(*, content: bytes, format: str) -> bytes:
    """Return the image in its own format, first picture only, without any metadata."""
    image = images.open_image(content=content)
    match format:
        case "JPEG":
            return images.encode(image=image, format="jpg")
        case "PNG":
            return images.encode(image=image, format="png")
    out = io.BytesIO()
    image.save(out, format, quality=WEBP_QUALITY)
    return out.getvalue()


def _plain_name(name: str) -> str:
    """Return the last part of a name, printable and short: it is only ever shown."""
    last = PurePosixPath(name.replace("\\", "/")).name.removeprefix("..")
    return "".join(each for each in last if each.isprintable())[:NAME_MAX_CHARACTERS]
