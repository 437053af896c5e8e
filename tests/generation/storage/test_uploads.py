"""Uploads: what is accepted, under which name, and when it is deleted."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from accounts import organizations
from accounts.models import Organization
from generation.models import Upload
from generation.storage import inputs, uploads
from tests import factories
from tests.generation.conftest import files_in
from vidgo.kernel import errors

pytestmark = pytest.mark.django_db


def store(organization: Organization, content: bytes, **names: str) -> Upload:
    return uploads.store(
        organization=organization, content=content, **{"original_name": "fox.png", **names}
    )


def test_an_upload_is_stored_with_its_properties(organization: Organization, storage: Path) -> None:
    upload = store(organization, factories.png(width=90, height=60), file_name="mine.png")
    content = (storage / upload.file).read_bytes()
    assert (upload.width, upload.height, upload.mime) == (90, 60, "image/png")
    assert upload.size_bytes == len(content)
    assert (upload.original_name, upload.file_name) == ("fox.png", "mine.png")
    assert upload.file.startswith("temp/")
    assert 71 < (upload.expires_at - timezone.now()).total_seconds() / 3600 <= 72
    assert Upload.objects.for_organization(organization).get() == upload


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("fox.png", "fox.png"),
        ("", "image.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\fox.png", "fox.png"),
        ("fox\x00\r\n.png", "fox.png"),
        ("лиса.png", "лиса.png"),
        ("x" * 500, "x" * 120),
        ("..", "image.png"),
        ("/", "image.png"),
    ],
)
def test_a_name_is_cleaned_for_display(organization: Organization, given: str, kept: str) -> None:
    assert store(organization, factories.png(), original_name=given).original_name == kept


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", uploads.FileEmpty),
        (b"nonsense", inputs.NotAnImage),
        (b"x" * (uploads.MAX_BYTES + 1), uploads.FileTooLarge),
    ],
)
def test_a_refused_upload_stores_nothing(
    organization: Organization, storage: Path, content: bytes, kind: type[errors.DomainError]
) -> None:
    with pytest.raises(kind) as refused:
        store(organization, content)
    assert refused.value.param == "file"
    assert not Upload.objects.exists()
    assert files_in(storage) == []


def test_a_suspended_organization_stores_nothing(organization: Organization) -> None:
    organization.suspended_at = timezone.now()
    with pytest.raises(organizations.Suspended):
        store(organization, factories.png())


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "data:image/png;base64,{}",
        "DATA:IMAGE/PNG;BASE64,{}",
        "data:image/svg+xml;charset=utf-8;base64,{}",
        "  {}\n",
    ],
)
def test_base64_is_plain_or_a_data_url(text: str) -> None:
    content = bytes(range(256))
    encoded = base64.b64encode(content).decode()
    assert uploads.decode(text.format(encoded)) == content
    broken_into_lines = "\r\n".join(encoded[at : at + 76] for at in range(0, len(encoded), 76))
    assert uploads.decode(text.format(broken_into_lines)) == content


@pytest.mark.parametrize("text", [None, 7, "", " ", "a", "====", "a-b_", "data:;base64,"])
def test_invalid_base64_is_refused(text: object) -> None:
    with pytest.raises(uploads.BadBase64):
        uploads.decode(text)


def test_expired_uploads_are_deleted(organization: Organization, storage: Path) -> None:
    old, kept = (store(organization, factories.png()) for _ in range(2))
    Upload.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert uploads.remove_expired() == 1
    assert uploads.remove_expired() == 0
    assert files_in(storage) == [kept.file]
    old.refresh_from_db()
    assert old.removed_at is not None


def test_a_missing_file_does_not_stop_the_sweep(organization: Organization, storage: Path) -> None:
    upload = store(organization, factories.png())
    (storage / upload.file).unlink()
    Upload.objects.update(expires_at=timezone.now())
    assert uploads.remove_expired() == 1


def test_one_call_deletes_a_bounded_number(organization: Organization) -> None:
    for _ in range(3):
        store(organization, factories.png())
    Upload.objects.update(expires_at=timezone.now())
    assert [uploads.remove_expired(limit=2) for _ in range(3)] == [2, 1, 0]
