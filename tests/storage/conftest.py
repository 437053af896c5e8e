"""An object storage, and the settings that use it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from pytest_django import Settings

from generation.engine import thread_pools
from generation.storage import files
from tests.generation.conftest import (  # noqa: F401  (fixtures)
    _unknown_providers,
    drive_to_end,
    quick,
    scripted,
    work_cycles,
)
from tests.object_storage import ObjectStorage
from vidgo.dev.process_groups import ProcessGroup


@pytest.fixture(scope="session")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStorage]:
    with ProcessGroup() as processes:
        server = ObjectStorage(processes=processes, folder=tmp_path_factory.mktemp("s3"))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def server(_server: ObjectStorage, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStorage]:
    """The server, running and empty before and after each test."""
    threads = ThreadPoolExecutor(thread_pools.STORAGE_THREADS)
    monkeypatch.setattr(thread_pools, "_storage", threads)
    yield _server
    _server.resume()
    # A work cycle that ended in an outage leaves a thread that may store its result only now.
    threads.shutdown()
    _server.empty()


@pytest.fixture
def bucket(
    server: ObjectStorage, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> ObjectStorage:
    """Store all files on the server; assume that the storage answers when a test begins."""
    monkeypatch.setattr(files._Seen, "is_away", False)
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "generation.storage.s3.S3Storage", "OPTIONS": server.options()},
    }
    return server
