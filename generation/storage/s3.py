"""A Django storage for a bucket of an S3-compatible object storage.

Every call has a timeout. Reads and writes are retried after a refused connection, a reset or a 5xx,
which is safe, because each name is written with one content only.
"""

from __future__ import annotations

import contextlib
import mimetypes
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import obstore
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.utils.deconstruct import deconstructible
from obstore.exceptions import BaseError
from obstore.store import S3Store

CONNECT_SECONDS = 3.0
# One try as a whole, of the largest file.
TRY_SECONDS = 10.0
RETRIES = 2
# No try begins later than this, so a call takes at most this plus one try.
LAST_TRY_AFTER_SECONDS = 5.0

_users: set[int] = set()


class StorageError(OSError):
    """The object storage does not answer, or refuses a call."""


@deconstructible
class S3Storage(Storage):
    """One bucket. Its files are private: we serve them, never the bucket itself."""

    def __init__(
        self,
        *,
        bucket: str,
        region: str,
        endpoint_url: str = "",
        access_key_id: str = "",
        secret_access_key: str = "",
    ) -> None:
        given = {
            "endpoint": endpoint_url,
            "access_key_id": access_key_id,
            "secret_access_key": secret_access_key,
        }
        self._bucket = bucket
        # Missing credentials are looked up in AWS's usual places, such as the role of a machine.
        self._options: dict[str, Any] = {
            "region": region,
            # Not every storage supports bulk deletes.
            "disable_bulk_delete": True,
            **{name: value for name, value in given.items() if value},
        }

    @cached_property
    def _client(self) -> S3Store:
        return S3Store(
            self._bucket,
            client_options={
                "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
                "timeout": timedelta(seconds=TRY_SECONDS),
                "allow_http": True,
            },
            retry_config={
                "max_retries": RETRIES,
                "retry_timeout": timedelta(seconds=LAST_TRY_AFTER_SECONDS),
                "backoff": {
                    "base": 2,
                    "init_backoff": timedelta(milliseconds=100),
                    "max_backoff": timedelta(seconds=1),
                },
            },
            **self._options,
        )

    @property
    def _store(self) -> S3Store:
        """The client; refuses to be used before and after a fork, because it would hang forever."""
        _users.add(os.getpid())
        if len(_users) > 1:
            raise RuntimeError("The object storage was used before this process was forked.")
        return self._client

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """Return the name unchanged: names are random, so they never conflict."""
        return name

    def exists(self, name: str) -> bool:
        """Return whether the file exists; raises `StorageError`."""
        try:
            self._head(name)
        except FileNotFoundError:
            return False
        return True

    def size(self, name: str) -> int:
        """Return a file's length in bytes; raises `FileNotFoundError`, `StorageError`."""
        return int(self._head(name)["size"])

    def get_modified_time(self, name: str) -> datetime:
        """Return when a file was written; raises `FileNotFoundError`, `StorageError`."""
        modified: datetime = self._head(name)["last_modified"]
        return modified

    def delete(self, name: str) -> None:
        """Delete a file; a missing one is no error. Raises `StorageError`."""
        with contextlib.suppress(FileNotFoundError), _translated(name):
            obstore.delete(self._store, name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Return the names of the folders and files in a folder; raises `StorageError`."""
        with _translated(path):
            found = obstore.list_with_delimiter(self._store, path.strip("/") or None)
        folders = [folder.rpartition("/")[2] for folder in found["common_prefixes"]]
        return folders, [str(each["path"]).rpartition("/")[2] for each in found["objects"]]

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        # Read as a whole, so that an error occurs before the first byte of a response is sent.
        with _translated(name):
            return ContentFile(obstore.get(self._store, name).bytes().to_bytes(), name)

    def _save(self, name: str, content: File[Any]) -> str:
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        with _translated(name):
            obstore.put(
                self._store,
                name,
                content.read(),
                attributes={"Content-Type": kind},
                use_multipart=False,
            )
        return name

    def _head(self, name: str) -> Any:
        with _translated(name):
            return obstore.head(self._store, name)


@contextlib.contextmanager
def _translated(name: str) -> Iterator[None]:
    """Translate the library's errors to `FileNotFoundError` and `StorageError`."""
    try:
        yield
    except FileNotFoundError as error:
        if "NoSuchBucket" in str(error):
            raise StorageError("There is no such bucket.") from None
        raise FileNotFoundError(name) from None
    except BaseError as error:
        # Further lines of the message are internals of the library.
        raise StorageError(str(error).partition("\n")[0]) from None
