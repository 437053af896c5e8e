"""Files: where their bytes lie, and the unguessable addresses they are served from."""

from __future__ import annotations

import contextlib
import re
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from vidgo.kernel import ids

# About 190 random bits: nobody finds a file by trying.
TOKEN_LENGTH = 32
URL_PREFIX = "/files/"
NAME = re.compile(rf"[a-z]+/[0-9A-Za-z]{{2}}/[0-9A-Za-z]{{{TOKEN_LENGTH}}}\.[a-z]{{3,4}}")


def save(*, folder: str, content: bytes, extension: str) -> str:
    """Store bytes under a new unguessable name in `folder` and return the name.

    The network may be behind the storage: call this outside transactions.
    """
    token = ids.random_base62(TOKEN_LENGTH)
    # Two more levels keep any one directory small, as a file system likes it.
    name = f"{folder}/{token[:2]}/{token}.{extension}"
    return default_storage.save(name, ContentFile(content))


def read(*, name: str) -> bytes:
    """Return the bytes of a stored file; raises `FileNotFoundError`."""
    with default_storage.open(name, "rb") as stored:
        return bytes(stored.read())


def remove(*, name: str) -> None:
    """Delete a stored file; one that is gone already is no error."""
    with contextlib.suppress(FileNotFoundError):
        default_storage.delete(name)


def url_of(name: str) -> str:
    """Return the absolute address that serves the file without authentication."""
    return f"{settings.VIDGO_PUBLIC_URL}{URL_PREFIX}{name}"


def find_name(url: str) -> str | None:
    """Return the name behind one of our own addresses, None for anyone else's.

    It is only what the address says: such a file need not be there.
    """
    prefix = f"{settings.VIDGO_PUBLIC_URL}{URL_PREFIX}"
    if not url.startswith(prefix):
        return None
    return urlsplit(url[len(prefix) :]).path


def is_name(text: str) -> bool:
    """Tell whether the text looks like a name that `save` gives; others are not worth a query."""
    return NAME.fullmatch(text) is not None
