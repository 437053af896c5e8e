"""Fixtures for tests of generation: a storage for each test, and a scripted provider."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from generation.engine import claims, driver, failures, job_loop, polling
from generation.models import Job
from generation.providers import circuit_breaker
from tests.conftest import InThreads
from tests.generation.scripted import Scripted, install


@pytest.fixture(autouse=True)
def storage(settings: Settings, tmp_path: Path) -> Path:
    """Give each test its own folder for files."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def quick(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Shorten the engine's waits for tests."""
    settings.WORK_CYCLE_SECONDS = 5
    settings.SANDBOX_SECONDS = 0
    monkeypatch.setattr(failures, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(driver, "LOST_SECONDS", 0.05)
    monkeypatch.setattr(driver, "LOOK_FOR_LOST_SECONDS", 0.02)
    monkeypatch.setattr(circuit_breaker, "OPEN_SECONDS", 0.05)
    monkeypatch.setattr(claims, "POSTPONE_SECONDS", 0.02)
    monkeypatch.setattr(polling, "CLOSE_SECONDS", 0.02)
    monkeypatch.setattr(polling, "_usual", {})
    return settings


@pytest.fixture(autouse=True)
def _unknown_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what this process knows about the health of providers."""
    monkeypatch.setattr(circuit_breaker, "_well_at", {})


@pytest.fixture
def work_cycles(quick: Settings, database_threads: InThreads) -> Iterator[None]:
    """Let work cycles run in this process, and wait for their threads when a test ends."""
    yield
    database_threads(lambda: None)


@pytest.fixture
def scripted(work_cycles: None, monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """Install the only provider of every model, which is ready at the first poll by default."""
    provider = Scripted()
    install(monkeypatch, provider)
    return provider


@pytest.fixture
def drive_to_end(work_cycles: None) -> Callable[[Job], Job]:
    """Return a function that runs work cycles until a job is over, and returns the job."""

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
