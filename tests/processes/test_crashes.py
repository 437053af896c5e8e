"""A process dies at each failpoint: the next one recovers, and the ledger stays consistent."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from accounts.models import Organization
from billing import ledger_checks, wallets
from billing.models import LedgerEntry
from generation.models import Asset, Attempt, Callback, Job
from sandbox.vendors import bfl, replicate
from sandbox.vendors.server import Vendors
from tests import factories
from tests.generation.callbacks.receiving import Receiver, announced, deliver

# The fixtures of the engine's tests: a quick engine, and work cycles in this process.
from tests.generation.conftest import drive_to_end, quick, work_cycles  # noqa: F401  fixtures
from tests.running import ROOT, environment

pytestmark = pytest.mark.django_db(transaction=True)

DRIVE = "from generation.engine import job_loop; job_loop.drive()"
SUBMIT = """
from accounts.models import Organization
from generation import jobs
from generation.jobs import generation_request
request = generation_request.parse(model="flux-kontext-pro", input={"prompt": "a fox"})
jobs.submit(organization=Organization.objects.get(), request=request)
"""


@pytest.fixture(scope="module")
def running_vendors() -> Iterator[Vendors]:
    with Vendors() as vendors:
        yield vendors


@pytest.fixture
def vendors(running_vendors: Vendors, settings: Settings, tmp_path: Path) -> Vendors:
    """Local vendors that make small images at once; `only` configures one of them."""
    running_vendors.reset()
    for shop in running_vendors.shops.values():
        shop.set({"work_seconds": 0.0, "unknown_seconds": 0.0, "scale": 0.1, "webhooks": False})
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.SANDBOX_ENABLED = False
    return running_vendors


def only(name: str, vendors: Vendors, settings: Settings) -> dict[str, str]:
    """Configure one vendor, in the settings and in the returned environment."""
    values = {
        "bfl": {"BFL_API_KEY": bfl.KEY, "BFL_BASE_URL": f"{vendors.url}/bfl"},
        "replicate": {
            "REPLICATE_API_TOKEN": replicate.KEY,
            "REPLICATE_BASE_URL": f"{vendors.url}/replicate",
        },
    }[name]
    for setting, value in values.items():
        setattr(settings, setting, value)
    settings.VIDGO_ALLOW_LOOPBACK_URLS = True
    return {
        **values,
        "VIDGO_ALLOW_LOOPBACK_URLS": "true",
        "SANDBOX_ENABLED": "false",
        "MEDIA_ROOT": str(settings.MEDIA_ROOT),
    }


def die(code: str, *, step: str, tmp_path: Path, **variables: str) -> None:
    """Run code in a process that dies at the step."""
    marker = tmp_path / "marker"
    died = subprocess.run(
        [sys.executable, "-c", f"import django; django.setup()\n{code}"],
        cwd=ROOT,
        env=environment(FAILPOINT=f"{step}@{marker}", **variables),
        timeout=60,
        check=False,
    )
    assert marker.exists(), "the step was never reached"
    assert died.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("step", "vendor", "taken", "unknown"),
    [
        pytest.param("claim.done", "bfl", 1, 1, marks=pytest.mark.chaos),
        pytest.param("call.before", "bfl", 1, 1, marks=pytest.mark.chaos),
        # We cannot know whether the first was accepted; it is recorded as a possible duplicate.
        ("call.answered", "bfl", 2, 1),
        # This one can be looked up.
        pytest.param("call.answered", "replicate", 1, 0, marks=pytest.mark.chaos),
        pytest.param("call.noted", "bfl", 1, 0, marks=pytest.mark.chaos),
        pytest.param("poll.ready", "bfl", 1, 0, marks=pytest.mark.chaos),
        pytest.param("store.stored", "bfl", 1, 0, marks=pytest.mark.chaos),
        ("finish.ended", "bfl", 1, 0),
        pytest.param("finish.committed", "bfl", 1, 0, marks=pytest.mark.chaos),
    ],
)
def test_a_driver_that_dies_loses_nothing(
    organization: Organization,
    vendors: Vendors,
    settings: Settings,
    tmp_path: Path,
    drive_to_end: Callable[[Job], Job],  # noqa: F811
    step: str,
    vendor: str,
    taken: int,
    unknown: int,
) -> None:
    given = only(vendor, vendors, settings)
    job = factories.job(organization=organization)
    die(DRIVE, step=step, tmp_path=tmp_path, **given)
    # As if its lease had expired.
    Job.objects.update(leased_until=None)
    assert drive_to_end(job).status == "finished"
    assert vendors.shops[vendor].bought()["taken"] == taken
    attempts = Attempt.objects.order_by("number")
    assert [each.may_cost_double for each in attempts] == [True] * unknown + [False]
    assert Asset.objects.count() == 1
    assert wallets.balance_of(organization=organization).balance_credits == 0
    assert ledger_checks.check() == []


@pytest.mark.chaos
def test_a_driver_that_dies_while_it_refunds_refunds_once(
    organization: Organization,
    vendors: Vendors,
    settings: Settings,
    tmp_path: Path,
    drive_to_end: Callable[[Job], Job],  # noqa: F811
) -> None:
    given = only("bfl", vendors, settings)
    vendors.shops["bfl"].set({"moderate": 1.0})
    job = factories.job(organization=organization)
    die(DRIVE, step="fail.ended", tmp_path=tmp_path, **given)
    Job.objects.update(leased_until=None)
    assert drive_to_end(job).failure_kind == "moderated"
    assert LedgerEntry.objects.filter(kind="refund").count() == 1
    assert wallets.balance_of(organization=organization).balance_credits == 10
    assert ledger_checks.check() == []


@pytest.mark.parametrize(
    ("step", "stored"),
    [
        pytest.param("submit.stored", False, marks=pytest.mark.chaos),
        ("submit.charged", False),
        pytest.param("submit.committed", True, marks=pytest.mark.chaos),
    ],
)
def test_a_submit_that_dies_is_stored_and_paid_or_neither(
    organization: Organization, tmp_path: Path, step: str, stored: bool
) -> None:
    factories.credits(organization=organization, amount=10)
    OrmQ.objects.all().delete()
    die(SUBMIT, step=step, tmp_path=tmp_path, SANDBOX_ENABLED="true")
    kinds = ["grant", "charge"] if stored else ["grant"]
    assert list(LedgerEntry.objects.order_by("id").values_list("kind", flat=True)) == kinds
    assert Job.objects.count() == OrmQ.objects.count() == int(stored)
    assert ledger_checks.check() == []


@pytest.mark.parametrize(
    ("step", "sent"),
    [pytest.param("callback.claimed", 1, marks=pytest.mark.chaos), ("callback.sent", 2)],
)
def test_a_callback_whose_sender_dies_is_sent_again_under_its_id(
    organization: Organization,
    settings: Settings,
    tmp_path: Path,
    work_cycles: None,  # noqa: F811
    step: str,
    sent: int,
) -> None:
    settings.VIDGO_ALLOW_LOOPBACK_URLS = True
    receiver = Receiver()
    try:
        callback = announced(organization=organization, url=receiver.url())
        die(
            "from generation import tasks; tasks.deliver_callbacks()",
            step=step,
            tmp_path=tmp_path,
            VIDGO_ALLOW_LOOPBACK_URLS="true",
        )
        Callback.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
        deliver()
        deliver()
    finally:
        receiver.server.stop()
    callback.refresh_from_db()
    assert callback.state == "delivered"
    assert len(receiver.ids) == sent
    assert len(set(receiver.ids)) == 1
