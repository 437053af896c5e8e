"""What the tests of generating share: a storage of their own, and a provider with a script."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from generation.engine import claims, driver, job_loop, polling
from generation.models import Job
from generation.providers import health
from tests.conftest import InThreads
from tests.generation.scripted import Scripted, install


@pytest.fixture(autouse=True)
def storage(settings: Settings, tmp_path: Path) -> Path:
    """A folder of its own for the files of each test."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def quick(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Let the engine wait for nothing that a test does not wait for."""
    settings.WORK_CYCLE_SECONDS = 5
    settings.SANDBOX_SECONDS = 0
    monkeypatch.setattr(driver, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(driver, "LOST_SECONDS", 0.05)
    monkeypatch.setattr(driver, "LOOK_FOR_LOST_SECONDS", 0.02)
    monkeypatch.setattr(health, "OPEN_SECONDS", 0.05)
    monkeypatch.setattr(claims, "POSTPONE_SECONDS", 0.02)
    monkeypatch.setattr(polling, "CLOSE_SECONDS", 0.02)
    monkeypatch.setattr(polling, "_usual", {})
    return settings


@pytest.fixture(autouse=True)
def _strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have each test's process know nothing yet of how providers are."""
    monkeypatch.setattr(health, "_well_at", {})


@pytest.fixture
def slices(quick: Settings, database_threads: InThreads) -> Iterator[None]:
    """Let slices run in this process; their threads have nothing to do when a test ends."""
    yield
    database_threads(lambda: None)


@pytest.fixture
def scripted(slices: None, monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """The only provider of every model; it is done at the first look unless told otherwise."""
    provider = Scripted()
    install(monkeypatch, provider)
    return provider


@pytest.fixture
def drive_to_end(slices: None) -> Callable[[Job], Job]:
    """Drive slices until the job is over, and return it as it is then."""

    def drive(job: Job, *, seconds: float = 10) -> Job:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            job_loop.drive()
            now = Job.objects.get(pk=job.pk)
            if now.is_over:
                return now
            time.sleep(0.01)
        raise AssertionError(f"{job} is still {now.status}")

    return drive


def files_in(storage: Path) -> list[str]:
    """Return the names of all stored files."""
    return sorted(str(path.relative_to(storage)) for path in storage.rglob("*") if path.is_file())
