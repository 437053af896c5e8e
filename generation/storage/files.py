"""Files: storing and reading them, and the unguessable URLs they are served from.

A setting decides whether they are in a folder or a bucket; all other code uses this module.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage

from vidgo.kernel import errors
from vidgo.kernel.db import ids
from vidgo.kernel.db.transactions import give_back_connection

log = structlog.get_logger(__name__)

# About 190 random bits, so that a file cannot be found by guessing.
TOKEN_LENGTH = 32
URL_PREFIX = "/files/"
NAME = re.compile(rf"[a-z]+/[0-9A-Za-z]{{2}}/[0-9A-Za-z]{{{TOKEN_LENGTH}}}\.[a-z]{{3,4}}")


class StorageAway(errors.Unavailable):
    default_message = "Files cannot be stored or read right now."


class _Seen:
    """Whether this process's last call of the storage failed."""

    is_away = False


def save(*, folder: str, content: bytes, extension: str) -> str:
    """Store bytes under a new unguessable name in `folder` and return the name.

    The storage may be on the network: call this outside transactions. Raises `StorageAway`.
    """
    give_back_connection()
    token = ids.random_base62(TOKEN_LENGTH)
    # A second level keeps each directory small, as file systems like it.
    name = f"{folder}/{token[:2]}/{token}.{extension}"
    with _reaching():
        return default_storage.save(name, ContentFile(content))


def open_file(*, name: str) -> File[Any]:
    """Return an open stored file; raises `FileNotFoundError` and `StorageAway`."""
    give_back_connection()
    with _reaching():
        return default_storage.open(name, "rb")


def read(*, name: str) -> bytes:
    """Return the bytes of a stored file; raises `FileNotFoundError` and `StorageAway`."""
    give_back_connection()
    with _reaching(), default_storage.open(name, "rb") as stored:
        return bytes(stored.read())


def remove(*, name: str) -> None:
    """Delete a stored file; a missing one is no error. Raises `StorageAway`."""
    with contextlib.suppress(FileNotFoundError), _reaching():
        default_storage.delete(name)


def list_older(*, folder: str, than: datetime) -> list[str]:
    """Return the names of the files in `folder` that were stored before a time.

    Asks the storage about each file: for small folders only. Raises `StorageAway`.
    """
    with _reaching():
        try:
            folders, _ = default_storage.listdir(folder)
        except FileNotFoundError:
            return []
        names = [
            f"{folder}/{each}/{name}"
            for each in folders
            for name in default_storage.listdir(f"{folder}/{each}")[1]
        ]
        return [name for name in names if default_storage.get_modified_time(name) < than]


def is_away() -> bool:
    """Return whether this process's last call of the storage failed."""
    return _Seen.is_away


@contextlib.contextmanager
def _reaching() -> Iterator[None]:
    """Note whether the storage answers; raises `StorageAway` if it doesn't."""
    try:
        yield
    except FileNotFoundError:
        _Seen.is_away = False
        raise
    except OSError as error:
        _Seen.is_away = True
        log.warning("storage_away", reason=str(error))
        raise StorageAway from error
    _Seen.is_away = False


def url_of(name: str) -> str:
    """Return the absolute URL that serves the file without authentication."""
    return f"{settings.FILES_PUBLIC_URL or settings.VIDGO_PUBLIC_URL}{URL_PREFIX}{name}"


def find_name(url: str) -> str | None:
    """Return the file name in one of our own URLs, None for any other URL.

    The file need not exist. URLs on VIDGO_PUBLIC_URL, from before FILES_PUBLIC_URL was set, count.
    """
    for base in (settings.FILES_PUBLIC_URL, settings.VIDGO_PUBLIC_URL):
        prefix = f"{base}{URL_PREFIX}"
        if base and url.startswith(prefix):
            return urlsplit(url[len(prefix) :]).path
    return None


def is_name(text: str) -> bool:
    """Return whether the text has the format of a name that `save` returns."""
    return NAME.fullmatch(text) is not None
