"""Retention: rows and files are removed when they expire, and not before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings as live_settings
from django.utils import timezone
from django_q.models import OrmQ, Task

from accounts.models import Invitation, Organization, Role
from billing.models import StripeEvent
from generation import tasks
from generation.models import Asset, Upload
from generation.storage import results, uploads
from tests import factories

pytestmark = pytest.mark.django_db

NOW = timezone.now()
OLD = timedelta(days=live_settings.RECORD_RETENTION_DAYS + 1)
YOUNG = timedelta(days=live_settings.RECORD_RETENTION_DAYS - 1)


def event(name: str, *, processed: timedelta | None) -> None:
    at = timezone.now() - processed if processed else None
    StripeEvent.objects.create(
        stripe_id=name,
        type="x",
        payload={"customer": "somebody"},
        created_at=timezone.now() - OLD,
        processed_at=at,
        due_at=timezone.now() + OLD,
    )


def test_processed_stripe_events_are_removed_and_failed_ones_stay() -> None:
    event("evt_old", processed=OLD)
    event("evt_young", processed=YOUNG)
    event("evt_failed", processed=None)
    tasks.sweep()
    left = StripeEvent.objects.values_list("stripe_id", flat=True)
    assert sorted(left) == ["evt_failed", "evt_young"]


def test_records_of_failed_tasks_are_removed() -> None:
    for name, age in (("old", OLD), ("young", YOUNG)):
        at = timezone.now() - age
        Task.objects.create(id=name, name=name, func="x", started=at, stopped=at, success=False)
    tasks.sweep()
    assert list(Task.objects.values_list("id", flat=True)) == ["young"]


@pytest.mark.parametrize("end", ["accepted_at", "withdrawn_at", "expires_at"])
def test_ended_invitations_are_removed(organization: Organization, end: str) -> None:
    for name, age in (("old", OLD), ("young", YOUNG)):
        values = {"expires_at": timezone.now() + OLD, end: timezone.now() - age}
        Invitation.objects.create(
            organization=organization,
            email=f"{name}@example.com",
            role=Role.DEVELOPER,
            token_hash=name,
            **values,
        )
    tasks.sweep()
    assert [each.email for each in Invitation.objects.all()] == ["young@example.com"]


def test_rows_of_removed_uploads_are_removed(organization: Organization) -> None:
    old, young, there = (factories.upload(organization=organization) for _ in range(3))
    Upload.objects.filter(pk=old.pk).update(removed_at=timezone.now() - OLD)
    Upload.objects.filter(pk=young.pk).update(removed_at=timezone.now() - YOUNG)
    tasks.sweep()
    assert set(Upload.objects.values_list("pk", flat=True)) == {young.pk, there.pk}


def test_a_sweep_removes_any_number_of_expired_files(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        factories.finished(organization=organization)
    Asset.objects.update(expires_at=timezone.now() - timedelta(days=1))
    one = results.remove_expired
    monkeypatch.setattr(results, "remove_expired", lambda: one(limit=1))
    tasks.sweep()
    assert not Asset.objects.filter(removed_at=None).exists()
    assert "generation.tasks.sweep" not in {task.func() for task in OrmQ.objects.all()}


def test_a_sweep_out_of_time_wakes_up_another_sweep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks, "SWEEP_SECONDS", 0.0)
    monkeypatch.setattr(uploads, "remove_expired", lambda: 1 / 0)
    tasks.sweep()
    (wake_up,) = OrmQ.objects.all()
    assert wake_up.func() == "generation.tasks.sweep"
