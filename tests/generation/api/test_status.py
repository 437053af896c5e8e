"""Status, balance, files: the answers word for word."""

from __future__ import annotations

import hashlib
import io
import re
from contextlib import closing
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from accounts.models import Organization, Role
from billing.models import Wallet
from generation import jobs
from generation.engine import leases
from generation.models import Asset, Job
from generation.storage import results, uploads
from tests import factories
from tests.conftest import Api
from tests.generation.api.conftest import refused

pytestmark = pytest.mark.django_db

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
TASK = {
    "task_id",
    "status",
    "files",
    "created_time",
    "progress",
    "error_message",
    "credits_amount",
    "seed",
}


def status_of(api: Api, job: Job) -> tuple[Any, dict[str, Any]]:
    response = api.get(f"/api/generate/status/{job.public_id}")
    assert response.status_code == 200
    body = response.json()
    assert set(body) == {"code", "data"}
    assert body["code"] == 200
    data = body["data"]
    assert set(data) == TASK
    assert data["task_id"] == job.public_id
    assert TIME.fullmatch(data["created_time"])
    assert type(data["progress"]) is int
    assert type(data["credits_amount"]) is int
    return response, data


def test_a_waiting_task_has_not_started(api: Api, organization: Organization) -> None:
    response, data = status_of(api, factories.job(organization=organization))
    assert (data["status"], data["progress"]) == ("not_started", 0)
    assert (data["files"], data["error_message"], data["credits_amount"]) == ([], None, 10)
    assert response["Retry-After"] == "2"


def test_a_running_task_tells_its_progress(api: Api, organization: Organization) -> None:
    job = factories.running(organization=organization, model="flux-kontext-max")
    leases.note_progress(job=job, progress=40)
    response, data = status_of(api, job)
    assert (data["status"], data["progress"]) == ("running", 40)
    assert (data["files"], data["error_message"], data["credits_amount"]) == ([], None, 20)
    assert response["Retry-After"] == "2"


@pytest.mark.parametrize("output_format", ["png", "jpg"])
def test_a_finished_task_has_its_file(
    api: Api, organization: Organization, settings: Settings, output_format: str
) -> None:
    settings.VIDGO_PUBLIC_URL = "https://vidgo.example"
    job = factories.finished(organization=organization, output_format=output_format, size="16:9")
    response, data = status_of(api, job)
    assert (data["status"], data["progress"]) == ("finished", 100)
    assert (data["error_message"], data["credits_amount"]) == (None, 10)
    assert not response.has_header("Retry-After")
    (file,) = data["files"]
    assert set(file) == {
        "file_url",
        "file_type",
        "format",
        "width",
        "height",
        "file_size",
        "sha256",
    }
    assert (file["file_type"], file["format"]) == ("image", output_format)
    assert re.fullmatch(
        rf"https://vidgo\.example/files/results/\w\w/\w{{32}}\.{output_format}", file["file_url"]
    )
    content = download(api, file["file_url"])
    assert len(content) == file["file_size"]
    assert hashlib.sha256(content).hexdigest() == file["sha256"]
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == {"png": "PNG", "jpg": "JPEG"}[output_format]
        assert image.size == (file["width"], file["height"])


def test_a_failed_task_is_a_200_that_cost_nothing(api: Api, organization: Organization) -> None:
    response, data = status_of(api, factories.failed(organization=organization))
    assert (data["status"], data["progress"], data["files"]) == ("failed", 0, [])
    assert data["error_message"] == "The prompt was refused."
    assert data["credits_amount"] == 0
    assert not response.has_header("Retry-After")


def test_an_unknown_and_a_foreign_task_are_the_same_404(
    api: Api, other_organization: Organization
) -> None:
    foreign = factories.finished(organization=other_organization)
    answers = [
        refused(api.get(f"/api/generate/status/{task}"), 404, "resource_not_found_error")
        for task in (foreign.public_id, "task_unknown", "0", "x" * 300)
    ]
    assert len({error["message"] for error in answers}) == 1


# Balance -----------------------------------------------------------------------------------------


def test_the_balance_is_what_can_be_spent(
    api: Api, organization: Organization, wallet: Wallet
) -> None:
    assert api.get("/api/user/balance").json() == {
        "code": 200,
        "data": {"email": "alice@example.com", "credits_amount": 1000},
    }
    factories.member(
        organization=organization, user=factories.user("second@example.com"), role=Role.OWNER
    )
    jobs.submit(
        organization=organization,
        request=factories.generation_request.parse(
            model="flux-kontext-max", input={"prompt": "a fox"}
        ),
    )
    data = api.get("/api/user/balance").json()["data"]
    assert data == {"email": "alice@example.com", "credits_amount": 980}


def test_the_balance_of_a_new_organization_is_nothing(api: Api) -> None:
    assert api.get("/api/user/balance").json()["data"]["credits_amount"] == 0


def test_who_owes_has_nothing_to_spend(api: Api, wallet: Wallet) -> None:
    Wallet.objects.update(balance_credits=0, debt_credits=7)
    assert api.get("/api/user/balance").json()["data"]["credits_amount"] == 0


# Files -------------------------------------------------------------------------------------------


def download(api: Api, url: str) -> bytes:
    """Fetch a file as a stranger without a key does."""
    response: Any = api.client.get("/" + url.split("/", 3)[3])
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def test_a_file_is_served_by_its_unguessable_url_as_an_image_only(
    api: Api, organization: Organization
) -> None:
    asset = factories.asset_of(factories.finished(organization=organization))
    response: Any = api.client.get(f"/files/{asset.file}")
    assert response["Content-Type"] == "image/png"
    assert response["Content-Length"] == str(asset.size_bytes)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "immutable" in response["Cache-Control"]
    assert response["Content-Disposition"].startswith("inline")
    assert b"".join(response.streaming_content).startswith(b"\x89PNG")
    with closing(api.client.head(f"/files/{asset.file}")) as answer:
        assert (answer.status_code, answer["Content-Length"]) == (200, str(asset.size_bytes))


def test_only_files_that_a_row_knows_are_served(
    api: Api, organization: Organization, storage: Any
) -> None:
    upload = factories.upload(organization=organization)
    (storage / "temp" / "ab").mkdir(parents=True, exist_ok=True)
    stray = "temp/ab/" + "a" * 32 + ".png"
    (storage / stray).write_bytes(b"secret")
    for name in (
        stray,
        "temp",
        "nothing",
        "%00",
        "../secrets/SECRET_KEY",
        "..%2F..%2Fetc%2Fpasswd",
        "/etc/passwd",
        upload.file + "x",
        upload.file.replace("temp/", "temp//"),
    ):
        response = api.client.get(f"/files/{name}")
        refused(response, 404, "resource_not_found_error")


def test_a_file_that_is_missing_from_the_storage_is_a_404(
    api: Api, organization: Organization, storage: Any
) -> None:
    asset = factories.asset_of(factories.finished(organization=organization))
    (storage / asset.file).unlink()
    refused(api.client.get(f"/files/{asset.file}"), 404, "resource_not_found_error")


def test_a_file_after_its_retention_is_gone(
    api: Api, organization: Organization, storage: Any
) -> None:
    asset = factories.asset_of(factories.finished(organization=organization))
    upload = factories.upload(organization=organization)
    with transaction.atomic():
        Asset.objects.update(expires_at=timezone.now())
        type(upload).objects.update(expires_at=timezone.now())
    assert (results.remove_expired(), uploads.remove_expired()) == (1, 1)
    for name in (asset.file, upload.file):
        refused(api.client.get(f"/files/{name}"), 410, "resource_not_found_error")
        assert not (storage / name).exists()
