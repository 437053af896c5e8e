"""Failover: a vendor starts to fail and recovers, under a real worker; no customer notices."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import Organization
from billing import ledger_checks
from generation.models import Attempt, Job, ProviderState
from generation.providers import circuit_breaker
from sandbox.vendors import bfl, fal
from sandbox.vendors.server import Vendors
from tests import factories
from tests.running import wait_for, worker

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]


def submit_until(condition: Callable[[], object], *, by: Organization, seconds: float) -> float:
    """Submit five jobs a second until the condition holds; return how long that took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds
        factories.job(organization=by)
        time.sleep(0.2)
    return time.monotonic() - began


def makes(name: str) -> Callable[[], bool]:
    """Return a condition: the last five finished jobs were made by this provider."""

    def last_five() -> bool:
        made = Attempt.objects.filter(job__status="finished", failure_kind="").order_by("-id")
        return [each.provider for each in made[:5]] == [name] * 5

    return last_five


def test_a_failing_vendor_is_replaced_by_the_next_and_used_again_once_it_recovers(
    organization: Organization, settings: Settings, tmp_path: Path
) -> None:
    with Vendors() as vendors:
        for shop in vendors.shops.values():
            shop.set({"work_seconds": 0.3, "scale": 0.1})
        given = {
            "BFL_API_KEY": bfl.KEY,
            "BFL_BASE_URL": f"{vendors.url}/bfl",
            "FAL_KEY": fal.KEY,
            "FAL_BASE_URL": f"{vendors.url}/fal",
            "VIDGO_ALLOW_LOOPBACK_URLS": "true",
            "MEDIA_ROOT": str(tmp_path / "media"),
        }
        settings.BFL_API_KEY, settings.FAL_KEY = bfl.KEY, fal.KEY
        with worker(log=tmp_path / "log", **given) as running:
            running.wait_until_complete()
            submit_until(makes("bfl"), by=organization, seconds=30)
            vendors.shops["bfl"].set({"crash": 1.0})
            submit_until(makes("fal"), by=organization, seconds=30)
            assert ProviderState.objects.get(name="bfl").open_until is not None
            vendors.shops["bfl"].set({"crash": 0.0})
            recovered_after = submit_until(makes("bfl"), by=organization, seconds=60)
            # At most two probes failed while the vendor was still failing.
            assert recovered_after < 4 * circuit_breaker.OPEN_SECONDS
            over = Job.objects.exclude(status__in=["queued", "running"])
            wait_for(lambda: over.count() == Job.objects.count(), seconds=30, what="end of all")
            running.stop()
    assert set(Job.objects.values_list("status", flat=True)) == {"finished"}
    assert ledger_checks.check() == []
