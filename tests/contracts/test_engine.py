"""The engine with the vendors: all four models through each, and lost starts found by webhook."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import Organization
from billing import ledger_checks
from generation import catalog
from generation.engine import driver, job_loop
from generation.models import Job, Status
from generation.storage import files
from sandbox.vendors import bfl, fal, replicate
from sandbox.vendors.server import Vendors
from tests import factories
from tests.generation.conftest import drive_to_end, quick, work_cycles

# Fixtures of the engine's tests.
__all__ = ["drive_to_end", "quick", "work_cycles"]

Drive = Callable[..., Job]


def configure(settings: Settings, vendors: Vendors, *names: str) -> None:
    """Make the named vendors this installation's only providers."""
    settings.SANDBOX_ENABLED = False
    if "bfl" in names:
        settings.BFL_API_KEY, settings.BFL_BASE_URL = bfl.KEY, f"{vendors.url}/bfl"
    if "fal" in names:
        settings.FAL_KEY, settings.FAL_BASE_URL = fal.KEY, f"{vendors.url}/fal"
        settings.FAL_JWKS_URL = f"{vendors.url}/fal/.well-known/jwks.json"
    if "replicate" in names:
        settings.REPLICATE_API_TOKEN = replicate.KEY
        settings.REPLICATE_BASE_URL = f"{vendors.url}/replicate"


@pytest.fixture(autouse=True)
def storage(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["bfl", "fal", "replicate"])
def test_all_four_models_are_made_through_each_vendor(
    organization: Organization,
    work_cycles: None,
    vendors: Vendors,
    settings: Settings,
    storage: Path,
    name: str,
) -> None:
    configure(settings, vendors, name)
    url = files.url_of(factories.upload(organization=organization).file)
    waiting = [
        factories.job(organization=organization, model=model.id, **given)
        for model, given in _requests(url)
    ]
    deadline = time.monotonic() + 20
    while Job.objects.filter(ended_at=None).exists() and time.monotonic() < deadline:
        job_loop.drive()
    for job in waiting:
        job.refresh_from_db()
        assert job.status == Status.FINISHED, job.error_message
        (attempt,) = factories.attempts_of(job)
        assert attempt.provider == name
        assert attempt.cost_usd is not None
        asset = factories.asset_of(job)
        cropped = "3:4" if job.size == "16:21" and name != "bfl" else ""
        assert asset.cropped_from == attempt.upstream_size == cropped
        size = catalog.load().sizes[job.size]
        with Image.open(storage / asset.file) as made:
            assert abs(made.width / made.height / (size.width / size.height) - 1) < 0.02
            assert made.format == {"png": "PNG", "jpg": "JPEG"}[job.output_format]
    assert vendors.shops[name].bought()["taken"] == len(waiting)
    assert ledger_checks.check() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["bfl", "fal", "replicate"])
def test_a_webhook_rescues_a_start_whose_answer_was_lost(
    organization: Organization,
    drive_to_end: Drive,
    vendors: Vendors,
    settings: Settings,
    live_server: LiveServer,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    configure(settings, vendors, name)
    settings.VIDGO_PUBLIC_URL = live_server.url
    monkeypatch.setattr(driver, "LOST_SECONDS", 20.0)
    vendors.shops[name].set({"drop_after": 1})
    job = drive_to_end(factories.job(organization=organization))
    assert job.status == Status.FINISHED, job.error_message
    assert len(factories.attempts_of(job)) == 1
    # Bought once, although the answer was lost.
    assert vendors.shops[name].bought()["taken"] == 1


@pytest.mark.django_db(transaction=True)
def test_the_next_vendor_takes_over_from_failing_ones(
    organization: Organization, drive_to_end: Drive, vendors: Vendors, settings: Settings
) -> None:
    configure(settings, vendors, "bfl", "fal", "replicate")
    vendors.shops["bfl"].set({"run_out": 1})
    vendors.shops["fal"].set({"crash": 1})
    job = drive_to_end(factories.job(organization=organization))
    assert job.status == Status.FINISHED, job.error_message
    tried = [attempt.provider for attempt in factories.attempts_of(job)]
    assert tried[0] == "bfl"
    assert tried[-1] == "replicate"
    bought = {name: shop.bought()["taken"] for name, shop in vendors.shops.items()}
    assert bought == {"bfl": 0, "fal": 0, "replicate": 1}


def _requests(url: str) -> list[tuple[catalog.Model, dict[str, Any]]]:
    models = catalog.load().models
    return [
        (models["flux-kontext-pro"], {"size": "16:21", "output_format": "jpg"}),
        (models["flux-kontext-max"], {"size": "21:9"}),
        (models["flux-kontext-pro-edit"], {"size": "9:16", "image_urls": [url]}),
        (models["flux-kontext-max-edit"], {"size": "16:21", "image_urls": [url]}),
    ]
