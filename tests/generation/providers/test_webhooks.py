"""Provider webhooks: a signed one brings its job forward, and can do nothing else."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from accounts.models import Organization
from generation.models import Attempt, Job, Status
from generation.providers import webhooks
from tests import factories


@pytest.fixture
def bfl(settings: Settings) -> Settings:
    """Configure Black Forest Labs as the only provider."""
    settings.BFL_API_KEY = "bfl_x"
    settings.SANDBOX_ENABLED = False
    return settings


@pytest.fixture
def attempt(organization: Organization, bfl: Settings) -> Attempt:
    """Return an attempt whose start got no answer, of a job that no driver holds."""
    job = factories.running(organization=organization)
    Job.objects.filter(pk=job.pk).update(
        leased_until=None, lease_owner="", due_at=timezone.now() + timedelta(minutes=5)
    )
    attempt = Attempt.objects.get(job=job)
    Attempt.objects.filter(pk=attempt.pk).update(lost_at=timezone.now())
    OrmQ.objects.all().delete()
    return attempt


def send(attempt: Attempt, *, body: bytes | None = None, secret: str = "", **options: Any) -> Any:
    """Send the webhook that Black Forest Labs sends when a task is done."""
    if body is None:
        body = json.dumps({"id": "abc", "status": "Ready", "timestamp": time.time()}).encode()
    key = secret or webhooks.secret_for(token=attempt.token)
    digest = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
    path = options.pop("path", f"/webhooks/providers/{attempt.provider}/{attempt.token}")
    client = Client(enforce_csrf_checks=True)
    headers = {"X-BFL-Signature": f"sha256={digest}"}
    return client.post(path, body, content_type="application/json", headers=headers)


def state(attempt: Attempt) -> tuple[Any, ...]:
    """Return everything a webhook could change."""
    attempt.refresh_from_db()
    job = attempt.job
    job.refresh_from_db()
    return (
        attempt.upstream_ref,
        attempt.lost_at,
        attempt.ended_at,
        job.status,
        job.due_at,
        job.leased_until,
        OrmQ.objects.count(),
    )


@pytest.mark.django_db
def test_a_webhook_brings_the_reference_of_a_start_whose_answer_was_lost(attempt: Attempt) -> None:
    assert send(attempt).status_code == 200
    attempt.refresh_from_db()
    assert json.loads(attempt.upstream_ref)["id"] == "abc"
    assert attempt.lost_at is None
    assert attempt.job.due_at <= timezone.now()
    assert OrmQ.objects.count() == 1
    # A second one does not replace the reference.
    body = json.dumps({"id": "other"}).encode()
    assert send(attempt, body=body).status_code == 200
    attempt.refresh_from_db()
    assert json.loads(attempt.upstream_ref)["id"] == "abc"


@pytest.mark.django_db
def test_a_webhook_does_not_touch_a_job_that_is_being_driven(attempt: Attempt) -> None:
    leased_until = timezone.now() + timedelta(seconds=30)
    Job.objects.filter(pk=attempt.job_id).update(leased_until=leased_until)
    Attempt.objects.filter(pk=attempt.pk).update(upstream_ref="known", lost_at=None)
    before = state(attempt)
    assert send(attempt).status_code == 200
    assert state(attempt) == before


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["ended attempt", "ended job", "queued job"])
def test_a_webhook_about_ended_work_does_nothing(attempt: Attempt, how: str) -> None:
    now = timezone.now()
    if how == "ended attempt":
        Attempt.objects.filter(pk=attempt.pk).update(ended_at=now)
    elif how == "ended job":
        Job.objects.filter(pk=attempt.job_id).update(status=Status.FAILED, ended_at=now)
    else:
        Job.objects.filter(pk=attempt.job_id).update(status=Status.QUEUED)
    before = state(attempt)
    assert send(attempt).status_code == 200
    assert state(attempt) == before


@pytest.mark.django_db
def test_a_forged_webhook_is_refused_and_changes_nothing(attempt: Attempt) -> None:
    before = state(attempt)
    assert send(attempt, secret="another").status_code == 400
    assert send(attempt, body=b"not json").status_code == 400
    stale = json.dumps({"id": "abc", "timestamp": time.time() - 301}).encode()
    answer = send(attempt, body=stale)
    assert answer.status_code == 400
    assert answer.json()["detail"] == "The webhook could not be verified."
    assert state(attempt) == before


@pytest.mark.django_db
def test_an_unknown_address_is_not_found(attempt: Attempt, bfl: Settings) -> None:
    before = state(attempt)
    for path in (
        "/webhooks/providers/bfl/unknown",
        f"/webhooks/providers/fal/{attempt.token}",
        f"/webhooks/providers/nobody/{attempt.token}",
        f"/webhooks/providers/bfl/{attempt.token}x",
    ):
        assert send(attempt, path=path).status_code == 404
    bfl.BFL_API_KEY = ""
    assert send(attempt).status_code == 404
    assert state(attempt) == before


@pytest.mark.django_db
def test_only_a_short_post_is_accepted(attempt: Attempt) -> None:
    path = f"/webhooks/providers/bfl/{attempt.token}"
    assert Client().get(path).status_code == 405
    assert Client().put(path).status_code == 405
    before = state(attempt)
    assert send(attempt, body=b"x" * 1_000_001).status_code == 413
    assert state(attempt) == before


@pytest.mark.parametrize(
    ("public_url", "loopback", "url"),
    [
        ("https://vidgo.example", False, "https://vidgo.example/webhooks/providers/bfl/abc"),
        ("http://127.0.0.1:8000", False, ""),
        ("http://127.0.0.1:8000", True, "http://127.0.0.1:8000/webhooks/providers/bfl/abc"),
    ],
)
def test_providers_get_a_webhook_url_only_if_they_can_reach_it(
    settings: Settings, public_url: str, loopback: bool, url: str
) -> None:
    settings.VIDGO_PUBLIC_URL = public_url
    settings.VIDGO_ALLOW_LOOPBACK_URLS = loopback
    assert webhooks.url_for(provider_name="bfl", token="abc") == url
    assert webhooks.url_for(provider_name="bfl", token="") == ""


def test_each_attempt_has_its_own_secret(settings: Settings) -> None:
    secret = webhooks.secret_for(token="abc")
    assert len(secret) == 64
    assert secret == webhooks.secret_for(token="abc") != webhooks.secret_for(token="abd")
    settings.SECRET_KEY = "another"
    assert secret != webhooks.secret_for(token="abc")
