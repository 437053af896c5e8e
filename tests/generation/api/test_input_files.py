"""The image of an edit can be fetched by its provider while the job runs, and never otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import Organization
from generation import jobs
from generation.models import Job
from generation.providers.base import FailureKind
from generation.storage import files
from tests import factories

pytestmark = pytest.mark.django_db


def fetched(name: str) -> int:
    answer = Client().get(f"/files/{name}")
    if answer.status_code == 200:
        assert answer["Content-Type"] == "image/png"
        assert answer["Cache-Control"] == "no-store"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert b"".join(answer) == files.read(name=name)
    return int(answer.status_code)


def test_an_input_is_served_while_its_job_runs(
    organization: Organization, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    url = files.url_of(factories.upload(organization=organization).file)
    edit = {"model": "flux-kontext-pro-edit", "image_urls": [url]}
    waiting = factories.job(organization=organization, **edit)
    assert fetched(waiting.image_file) == 404
    running = factories.running(organization=organization, **edit)
    assert fetched(running.image_file) == 200
    jobs.fail(job=running, kind=FailureKind.UNAVAILABLE, message="No.")
    assert fetched(running.image_file) == 404
    Job.objects.filter(pk=running.pk).update(image_file="")
    assert fetched("inputs/") == 404
