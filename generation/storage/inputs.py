"""Inputs: the image of an edit, copied when the job is submitted.

Because of the copy, a wrong URL is an error of the submit, before anything is charged, and the job
doesn't depend on the customer's server.
"""

from __future__ import annotations

import contextlib
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from generation.models import ENDS, Asset, Job, Upload
from generation.storage import files
from vidgo.kernel import errors, http, images
from vidgo.kernel.db import row_level_security

FOLDER = "inputs"
PARAM = "input.image_urls"


class ImageUnreachable(errors.Invalid):
    """The image could not be fetched."""


class NotAnImage(errors.FileFormat):
    """The fetched file is not an image we accept."""


def take(*, url: str) -> str:
    """Fetch and check the image at `url`, store a copy and return its name.

    Talks to the network for up to ten seconds: call it outside transactions. Raises
    `ImageUnreachable` and `NotAnImage`.
    """
    content = fetch(url=url, param=PARAM)
    info = inspect(content=content, param=PARAM)
    return files.save(folder=FOLDER, content=content, extension=info.format.lower())


def inspect(*, content: bytes, param: str) -> images.ImageInfo:
    """Return the properties of an image; raises `NotAnImage`, naming the parameter."""
    try:
        return images.inspect(content=content)
    except images.ImageRefused as refused:
        raise NotAnImage(f"'{param}': {refused}", param=param) from None


def fetch(*, url: str, param: str) -> bytes:
    """Return the content of a customer's URL; raises `ImageUnreachable`, naming the parameter.

    Our own URLs are read from the storage directly.
    """
    name = files.find_name(url)
    if name is not None:
        return _own(name, param=param)
    try:
        response = http.fetch_sync(url=url, policy=http.CUSTOMER_IMAGE)
    except http.FetchError as error:
        raise ImageUnreachable(f"'{param}': {error}", param=param) from None
    if response.status != 200:
        raise ImageUnreachable(
            f"'{param}': the address answered with status {response.status}.", param=param
        )
    return response.body


def remove_expired(*, limit: int = 1000) -> int:
    """Delete the copies of jobs that ended RESULT_RETENTION_DAYS ago, and return how many."""
    long_ago = timezone.now() - timedelta(days=settings.RESULT_RETENTION_DAYS)
    over = Job.objects.filter(status__in=ENDS, ended_at__lt=long_ago).exclude(image_file="")
    removed = 0
    for job in over[:limit]:
        files.remove(name=job.image_file)
        removed += Job.objects.filter(pk=job.pk).update(image_file="")
    return removed


def is_kept(*, name: str) -> bool:
    """Return whether an upload or result is still kept, of any organization: its name is secret."""
    if not files.is_name(name):
        return False
    with row_level_security.bypass_rls():
        return (
            Upload.objects.filter(file=name, removed_at=None).exists()
            or Asset.objects.filter(file=name, removed_at=None).exists()
        )


def _own(name: str, *, param: str) -> bytes:
    if is_kept(name=name):
        with contextlib.suppress(FileNotFoundError):
            return files.read(name=name)
    raise ImageUnreachable(f"'{param}': there is no such file.", param=param)
