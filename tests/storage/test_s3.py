"""The object storage: files are stored and read, and errors are raised soon."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import obstore
import pytest
from django.core.files.base import ContentFile

from generation.storage import s3
from generation.storage.s3 import S3Storage, StorageError
from tests.kernel.network import Request, Server
from tests.object_storage import ObjectStorage

NAME = "results/ab/abc.png"
LONG_AGO = "Sun, 01 Nov 2026 00:00:00 GMT"

# Uses the storage, forks, and uses it in the child, which would otherwise hang forever.
FORKING = """
import os, sys
from generation.storage.s3 import S3Storage
storage = S3Storage(bucket="b", region="r", endpoint_url="http://127.0.0.1:1", access_key_id="k",
                    secret_access_key="s")
def ask():
    try:
        storage.exists("x")
    except Exception as error:
        print(type(error).__name__, flush=True)
ask()
if os.fork() == 0:
    ask()
    os._exit(0)
os.wait()
ask()
"""


def storage_of(server: ObjectStorage, **changes: str) -> S3Storage:
    return S3Storage(**server.options(**changes))


def save(storage: S3Storage, content: bytes = b"content", name: str = NAME) -> str:
    return storage.save(name, ContentFile(content))


def test_a_saved_file_is_read_and_removed(server: ObjectStorage) -> None:
    storage = storage_of(server)
    assert save(storage) == NAME
    assert server.list_files() == [NAME]
    assert storage.open(NAME).read() == b"content"
    assert storage.exists(NAME)
    assert storage.size(NAME) == 7
    assert abs(storage.get_modified_time(NAME) - datetime.now(UTC)) < timedelta(seconds=10)
    assert obstore.get(storage._store, NAME).attributes["Content-Type"] == "image/png"
    storage.delete(NAME)
    storage.delete(NAME)
    assert server.list_files() == []
    assert not storage.exists(NAME)


def test_a_missing_file_raises_not_found(server: ObjectStorage) -> None:
    storage = storage_of(server)
    for ask in (storage.open, storage.size, storage.get_modified_time):
        with pytest.raises(FileNotFoundError, match=NAME):
            ask(NAME)


def test_folders_list_what_is_in_them(server: ObjectStorage) -> None:
    storage = storage_of(server)
    for name in ("drafts/ab/1.png", "drafts/ab/2.png", "drafts/cd/3.png"):
        save(storage, name=name)
    assert storage.listdir("drafts") == (["ab", "cd"], [])
    assert storage.listdir("drafts/ab") == ([], ["1.png", "2.png"])
    assert storage.listdir("nothing") == ([], [])


def test_a_name_can_be_written_again_with_the_same_bytes(server: ObjectStorage) -> None:
    storage = storage_of(server)
    assert save(storage) == save(storage) == NAME
    assert server.list_files() == [NAME]


def test_large_files_are_intact_and_concurrent_ones_do_not_mix(server: ObjectStorage) -> None:
    storage = storage_of(server)
    large = os.urandom(20_000_000)
    save(storage, large, "temp/ab/large.png")
    assert storage.open("temp/ab/large.png").read() == large

    def round_trip(number: int) -> bool:
        name, content = f"results/ab/{number}.png", str(number).encode() * 1000
        save(storage, content, name)
        return storage.open(name).read() == content

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(round_trip, range(64)))


@pytest.mark.parametrize(
    "changes",
    [{"secret_access_key": "wrong"}, {"access_key_id": "stranger"}, {"bucket": "another"}],
    ids=["a wrong secret", "an unknown key", "no such bucket"],
)
def test_a_refusal_is_an_error_and_not_a_missing_file(
    server: ObjectStorage, changes: dict[str, str]
) -> None:
    storage = storage_of(server, **changes)
    with pytest.raises(StorageError) as on_save:
        save(storage)
    with pytest.raises(StorageError) as on_read:
        storage.open(NAME)
    for raised in (on_save, on_read):
        assert "\n" not in str(raised.value)
        assert "secret" not in str(raised.value)


def test_an_outage_is_noticed_at_once_and_so_is_its_end(
    server: ObjectStorage,
) -> None:
    storage = storage_of(server)
    save(storage)
    server.stop()
    began = time.monotonic()
    for ask in (storage.open, storage.delete, storage.exists):
        with pytest.raises(StorageError):
            ask(NAME)
    with pytest.raises(StorageError):
        save(storage)
    assert time.monotonic() - began < 5
    server.start()
    assert storage.open(NAME).read() == b"content"


def test_a_server_that_hangs_times_out(
    server: ObjectStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert s3.TRY_SECONDS + s3.LAST_TRY_AFTER_SECONDS <= 15
    monkeypatch.setattr(s3, "TRY_SECONDS", 0.3)
    monkeypatch.setattr(s3, "LAST_TRY_AFTER_SECONDS", 0.2)
    storage = storage_of(server)
    server.freeze()
    began = time.monotonic()
    with pytest.raises(StorageError):
        save(storage)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("fault", ["503", "reset"])
def test_reads_and_writes_are_retried_after_a_temporary_fault(fault: str) -> None:
    asked: list[str] = []

    def flaky(request: Request) -> None:
        asked.append(request.line.split()[0])
        if len(asked) % 3:
            request.reset() if fault == "reset" else request.answer(503, Connection="close")
        else:
            request.answer(200, b"", Connection="close", ETag='"e"', Last_Modified=LONG_AGO)

    fake = Server(flaky)
    try:
        storage = S3Storage(
            bucket="b",
            region="r",
            endpoint_url=fake.url("").rstrip("/"),
            access_key_id="k",
            secret_access_key="s",
        )
        save(storage)
        assert storage.open(NAME).read() == b""
        assert asked == ["PUT"] * 3 + ["GET"] * 3
    finally:
        fake.stop()


def test_a_process_forked_after_the_first_use_is_refused_and_does_not_hang() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKING],
        stdout=subprocess.PIPE,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout.split() == ["StorageError", "RuntimeError", "StorageError"]
