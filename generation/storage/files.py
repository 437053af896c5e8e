"""Files: where their bytes lie, and the unguessable addresses they are served from.

Where they lie is a setting, a folder or a bucket; everything else reaches them through here.
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

# About 190 random bits: nobody finds a file by trying.
TOKEN_LENGTH = 32
URL_PREFIX = "/files/"
NAME = re.compile(rf"[a-z]+/[0-9A-Za-z]{{2}}/[0-9A-Za-z]{{{TOKEN_LENGTH}}}\.[a-z]{{3,4}}")


class StorageAway(errors.Unavailable):
    default_message = "Files cannot be stored or read right now."


class _Seen:
    """Whether the storage refused what this process last asked of it."""

    is_away = False


def save(*, folder: str, content: bytes, extension: str) -> str:
    """Store bytes under a new unguessable name in `folder` and return the name.

    The network may be behind the storage: call this outside transactions. Raises `StorageAway`.
    """
    give_back_connection()
    token = ids.random_base62(TOKEN_LENGTH)
    # Two more levels keep any one directory small, as a file system likes it.
    name = f"{folder}/{token[:2]}/{token}.{extension}"
    with _reaching():
        return default_storage.save(name, ContentFile(content))


def open_file(*, name: str) -> File[Any]:
    """Return a stored file to be sent on; raises `FileNotFoundError` and `StorageAway`."""
    give_back_connection()
    with _reaching():
        return default_storage.open(name, "rb")


def read(*, name: str) -> bytes:
    """Return the bytes of a stored file; raises `FileNotFoundError` and `StorageAway`."""
    give_back_connection()
    with _reaching(), default_storage.open(name, "rb") as stored:
        return bytes(stored.read())


def remove(*, name: str) -> None:
    """Delete a stored file; one that is gone already is no error. Raises `StorageAway`."""
    with contextlib.suppress(FileNotFoundError), _reaching():
        default_storage.delete(name)


def list_older(*, folder: str, than: datetime) -> list[str]:
    """Return the names of the files in `folder` that were stored before a time.

    Asks about each of them: for small folders only. Raises `StorageAway`.
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
    """Return whether the storage failed this process the last time it was asked."""
    return _Seen.is_away


@contextlib.contextmanager
def _reaching() -> Iterator[None]:
    """Note whether the storage answers, whichever it is; raises `StorageAway`."""
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
    """Return the absolute address that serves the file without authentication."""
    return f"{settings.FILES_PUBLIC_URL or settings.VIDGO_PUBLIC_URL}{URL_PREFIX}{name}"


def find_name(url: str) -> str | None:
    """Return the name behind one of our own addresses, None for anyone else's.

    It is only what the address says: such a file need not be there. What was told before files had
    an address of their own still counts.
    """
    for base in (settings.FILES_PUBLIC_URL, settings.VIDGO_PUBLIC_URL):
        prefix = f"{base}{URL_PREFIX}"
        if base and url.startswith(prefix):
            return urlsplit(url[len(prefix) :]).path
    return None


def is_name(text: str) -> bool:
    """Return whether the text looks like a name that `save` gives; others are not worth a query."""
    return NAME.fullmatch(text) is not None
