"""Files: unguessable names, and URLs that lead back to them and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import Organization
from generation.storage import files, inputs
from tests import factories
from tests.generation.conftest import files_in


def save(content: bytes = b"x") -> str:
    return files.save(folder="results", content=content, extension="png")


def test_a_name_cannot_be_guessed_and_no_folder_grows_large(storage: Path) -> None:
    names = {save() for _ in range(50)}
    assert len(names) == 50
    assert len({name.split("/")[1] for name in names}) > 25
    assert all(files.is_name(name) for name in names)
    assert all(len(Path(name).stem) == 32 for name in names)


def test_a_saved_file_is_read_and_removed(storage: Path) -> None:
    name = save(b"content")
    assert files.read(name=name) == b"content"
    assert (storage / name).stat().st_mode & 0o007 == 0
    files.remove(name=name)
    files.remove(name=name)
    with pytest.raises(FileNotFoundError):
        files.read(name=name)


def test_a_url_leads_back_to_its_name(settings: Settings) -> None:
    settings.VIDGO_PUBLIC_URL = "https://vidgo.example"
    name = save()
    url = files.url_of(name)
    assert url == f"https://vidgo.example/files/{name}"
    assert files.find_name(url) == name
    assert files.find_name(url + "?x=1#y") == name
    for other in (
        f"https://vidgo.example.evil/files/{name}",
        f"https://evil.example/files/{name}",
        f"http://vidgo.example/files/{name}",
        f"https://vidgo.example/{name}",
        f"https://user@vidgo.example/files/{name}",
        name,
        "",
    ):
        assert files.find_name(other) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "results",
        "results/ab/" + "a" * 31 + ".png",
        "results/ab/" + "a" * 33 + ".png",
        "results/ab/" + "a" * 32 + ".png\n",
        "results/ab/" + "a" * 32 + ".p/g",
        "results/../" + "a" * 32 + ".png",
        "results/a\x00/" + "a" * 32 + ".png",
        "/results/ab/" + "a" * 32 + ".png",
        "../results/ab/" + "a" * 32 + ".png",
    ],
)
def test_a_text_that_save_never_returns_is_no_name(text: str) -> None:
    assert not files.is_name(text)


@pytest.mark.django_db
def test_our_own_files_are_copied_only_while_they_are_kept(
    organization: Organization, storage: Path
) -> None:
    upload = factories.upload(organization=organization)
    url = files.url_of(upload.file)
    copy = inputs.take(url=url)
    assert copy.startswith("inputs/")
    assert files.read(name=copy) == files.read(name=upload.file)
    # A copy is private: nobody can edit another customer's input by its name.
    for unknown in (files.url_of(copy), files.url_of("nothing"), url + "x"):
        with pytest.raises(inputs.ImageUnreachable):
            inputs.take(url=unknown)
    (storage / upload.file).unlink()
    with pytest.raises(inputs.ImageUnreachable):
        inputs.take(url=url)
    type(upload).objects.update(removed_at=upload.created_at)
    with pytest.raises(inputs.ImageUnreachable):
        inputs.take(url=url)


@pytest.mark.django_db
def test_the_copies_of_ended_jobs_are_deleted_after_the_retention(
    organization: Organization, storage: Path, settings: Settings
) -> None:
    url = files.url_of(factories.upload(organization=organization).file)
    edit: dict[str, Any] = {
        "organization": organization,
        "model": "flux-kontext-pro-edit",
        "image_urls": [url],
    }
    finished, failed = factories.finished(**edit), factories.failed(**edit)
    waiting = factories.job(**edit)
    assert inputs.remove_expired() == 0
    settings.RESULT_RETENTION_DAYS = 0
    assert inputs.remove_expired() == 2
    assert inputs.remove_expired() == 0
    assert files_in(storage / "inputs") == [waiting.image_file.removeprefix("inputs/")]
    for job in (finished, failed):
        assert not (storage / job.image_file).exists()
        job.refresh_from_db()
        assert job.image_file == ""
