"""Results, uploads and inputs in a bucket: the same URLs, headers and retention."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Organization
from billing import ledger
from billing.models import Wallet
from generation import tasks
from generation.models import Asset, Job, Upload
from generation.storage import drafts, files
from tests import factories
from tests.cast import FUNDS_CREDITS
from tests.conftest import Api
from tests.generation.api.conftest import refused
from tests.object_storage import ObjectStorage

pytestmark = pytest.mark.django_db(transaction=True)

EDIT = "flux-kontext-pro-edit"


def upload(api: Api) -> Any:
    return api.client.post(
        "/api/common/upload/stream",
        {"file": SimpleUploadedFile("fox.png", factories.png())},
        headers={"Authorization": f"Bearer {api.key}"},
    )


def submit_edit(api: Api, url: str) -> Any:
    body = {"model": EDIT, "input": {"prompt": "make it blue", "image_urls": [url]}}
    return api.post("/api/generate/submit", body)


def path_of(url: str) -> str:
    return "/files/" + (files.find_name(url) or "")


def test_an_edit_from_the_upload_to_the_end_of_its_retention(
    api: Api,
    wallet: Wallet,
    bucket: ObjectStorage,
    quick: Settings,
    drive_to_end: Callable[..., Job],
) -> None:
    sent = upload(api).json()["data"]
    task = submit_edit(api, sent["file_url"]).json()["data"]["task_id"]
    drive_to_end(Job.objects.get(public_id=task))
    (made,) = api.get(f"/api/generate/status/{task}").json()["data"]["files"]
    assert [name.partition("/")[0] for name in bucket.list_files()] == ["inputs", "results", "temp"]

    answer = Client().get(path_of(made["file_url"]))
    content = b"".join(answer)
    assert len(content) == made["file_size"]
    assert (bucket.bucket / Asset.objects.get().file).read_bytes() == content
    assert answer["Content-Type"] == "image/png"
    assert answer["Content-Length"] == str(len(content))
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"

    long_ago = timezone.now() - timedelta(days=400)
    Asset.objects.update(expires_at=long_ago)
    Upload.objects.update(expires_at=long_ago)
    Job.objects.update(ended_at=long_ago)
    tasks.sweep()
    assert bucket.list_files() == []
    for url in (made["file_url"], sent["file_url"]):
        refused(Client().get(path_of(url)), 410, "resource_not_found_error")


def test_a_file_missing_from_the_bucket_is_not_found(
    organization: Organization, bucket: ObjectStorage
) -> None:
    sent = factories.upload(organization=organization)
    files.remove(name=sent.file)
    refused(Client().get(f"/files/{sent.file}"), 404, "resource_not_found_error")


def test_visitors_files_are_removed(bucket: ObjectStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    drafts.save(content=factories.png())
    assert drafts.remove_expired() == 0
    monkeypatch.setattr(drafts, "LIFETIME", timedelta(seconds=-60))
    assert drafts.remove_expired() == 1
    assert bucket.list_files() == []


def test_during_an_outage_customers_are_asked_to_try_again_and_nothing_is_charged(
    api: Api, organization: Organization, wallet: Wallet, bucket: ObjectStorage
) -> None:
    sent = factories.upload(organization=organization)
    bucket.stop()
    for answer in (
        upload(api),
        submit_edit(api, files.url_of(sent.file)),
        Client().get(f"/files/{sent.file}"),
    ):
        assert refused(answer, 503, "service_error")["retryable"] is True
    wallet.refresh_from_db()
    assert wallet.balance_credits == FUNDS_CREDITS
    assert not Job.objects.exists()
    assert Upload.objects.count() == 1

    bucket.start()
    assert submit_edit(api, files.url_of(sent.file)).status_code == 200
    assert upload(api).status_code == 200


def test_a_refused_edit_says_why_even_where_its_copy_cannot_be_removed(
    api: Api,
    organization: Organization,
    wallet: Wallet,
    bucket: ObjectStorage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent = factories.upload(organization=organization)

    def refuse(**_: object) -> None:
        bucket.stop()
        raise ledger.InsufficientCredits

    monkeypatch.setattr(ledger, "charge", refuse)
    answer = submit_edit(api, files.url_of(sent.file))
    refused(answer, 402, "insufficient_credits_error")
    assert not Job.objects.exists()


def test_a_request_without_an_image_is_accepted_during_an_outage(
    api: Api, wallet: Wallet, bucket: ObjectStorage
) -> None:
    bucket.stop()
    body = {"model": "flux-kontext-pro", "input": {"prompt": "a fox"}}
    assert api.post("/api/generate/submit", body).status_code == 200


def test_a_file_that_could_not_be_removed_is_removed_by_the_next_sweep(
    organization: Organization, bucket: ObjectStorage
) -> None:
    factories.upload(organization=organization)
    Upload.objects.update(expires_at=timezone.now() - timedelta(days=1))
    bucket.stop()
    tasks.sweep()
    assert Upload.objects.get().removed_at is None
    bucket.start()
    tasks.sweep()
    assert Upload.objects.get().removed_at is not None
    assert bucket.list_files() == []


def test_files_have_the_public_url_and_are_found_by_both(
    organization: Organization, settings: Settings, bucket: ObjectStorage
) -> None:
    sent = factories.upload(organization=organization)
    before = files.url_of(sent.file)
    settings.FILES_PUBLIC_URL = "https://files.example"
    assert files.url_of(sent.file) == f"https://files.example/files/{sent.file}"
    assert files.find_name(files.url_of(sent.file)) == files.find_name(before) == sent.file
    assert files.find_name(f"https://files.example.evil/files/{sent.file}") is None


def test_caches_keep_a_file_no_longer_than_its_retention(
    organization: Organization, settings: Settings, bucket: ObjectStorage
) -> None:
    sent = factories.upload(organization=organization)

    def kept() -> str:
        return str(Client().get(f"/files/{sent.file}")["Cache-Control"])

    assert kept() == "private, max-age=86400, immutable"
    settings.FILES_PUBLIC_URL = "https://files.example"
    assert kept() == "public, max-age=86400, immutable"
    Upload.objects.update(expires_at=timezone.now() + timedelta(seconds=61))
    assert kept() == "public, max-age=60, immutable"
    Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=61))
    assert kept() == "public, max-age=0, immutable"
