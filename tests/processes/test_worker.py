"""A real worker whose processes are killed one by one: every job still ends, once."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from django_q.models import OrmQ
from pytest_django import Settings

from accounts.models import Organization
from billing import ledger_checks
from billing.models import LedgerEntry
from generation.models import Attempt, Job
from tests import factories
from tests.running import living, wait_for, worker

pytestmark = pytest.mark.django_db(transaction=True)

Record = Callable[[str, object], None]

# As in production, but quick. A lease outlives a work cycle, as it does there.
QUICK = {"LEASE_SECONDS": "3", "WORK_CYCLE_SECONDS": "1"}


@pytest.fixture
def quick(settings: Settings, tmp_path: Path) -> dict[str, str]:
    settings.MEDIA_ROOT = tmp_path / "media"
    return {**QUICK, "MEDIA_ROOT": str(tmp_path / "media")}


def submit(organization: Organization, *, finish: int, fail: int) -> None:
    for number in range(finish + fail):
        prompt = "a red fox" if number < finish else "sandbox:fail"
        factories.job(organization=organization, prompt=prompt)


def all_ended() -> bool:
    return not Job.objects.filter(status__in=["queued", "running"]).exists()


def check_ends(*, finish: int, fail: int) -> None:
    """Check that every job ended as expected and was charged once, and check the ledger."""
    assert Job.objects.filter(status="finished").count() == finish
    assert Job.objects.filter(status="failed").count() == fail
    kinds = list(LedgerEntry.objects.values_list("kind", flat=True))
    assert (kinds.count("charge"), kinds.count("refund")) == (finish + fail, fail)
    assert ledger_checks.check() == []


@pytest.mark.parametrize(
    "role",
    [
        "worker 0",
        pytest.param("pusher", marks=pytest.mark.chaos),
        *(pytest.param(each, marks=pytest.mark.chaos) for each in ("monitor", "sentinel", "first")),
    ],
)
def test_a_killed_process_costs_seconds_and_no_job(
    organization: Organization,
    quick: dict[str, str],
    tmp_path: Path,
    record_testsuite_property: Record,
    role: str,
) -> None:
    with worker(log=tmp_path / "log", SANDBOX_SECONDS="2", **quick) as running:
        members = running.wait_until_complete()
        submit(organization, finish=2, fail=6)
        _wait_until_driven()
        members[role].kill()
        seconds = wait_for(all_ended, seconds=30, what="end of all jobs")
        check_ends(finish=2, fail=6)
        # Everything below the supervisor is replaced, not only what was killed.
        supervisor = members.pop("supervisor")
        wait_for(lambda: not living([*members.values()]), seconds=30, what="end of the old cluster")
        assert "cluster_restarted" in running.log.read_text()
        replaced = running.wait_until_complete()
        assert replaced["supervisor"] == supervisor
        running.stop()
    assert not living([*replaced.values()])
    record_testsuite_property(f"recovery_seconds {role}", round(seconds, 1))


@pytest.mark.chaos
def test_a_process_that_dies_before_the_first_check_is_noticed(
    quick: dict[str, str], tmp_path: Path
) -> None:
    with worker(log=tmp_path / "log", **quick) as running:
        # Sooner than the supervisor's first check.
        wait_for(lambda: "worker 0" in running.roles(), seconds=30, what="first worker")
        members = running.roles()
        members["worker 0"].kill()
        supervisor = members.pop("supervisor")
        wait_for(lambda: not living([*members.values()]), seconds=30, what="end of the old cluster")
        assert running.wait_until_complete()["supervisor"] == supervisor
        running.stop()


@pytest.mark.chaos
def test_a_killed_supervisor_takes_its_cluster_along_and_the_next_one_goes_on(
    organization: Organization,
    quick: dict[str, str],
    tmp_path: Path,
    record_testsuite_property: Record,
) -> None:
    with worker(log=tmp_path / "log", SANDBOX_SECONDS="2", **quick) as first:
        members = list(first.wait_until_complete().values())
        submit(organization, finish=2, fail=6)
        _wait_until_driven()
        os.kill(first.process.pid, signal.SIGKILL)
        wait_for(lambda: not living(members), seconds=2, what="end of the whole cluster")
        with worker(log=tmp_path / "next", SANDBOX_SECONDS="2", **quick) as second:
            seconds = wait_for(all_ended, seconds=30, what="end of all jobs")
            check_ends(finish=2, fail=6)
            second.stop()
    record_testsuite_property("recovery_seconds supervisor", round(seconds, 1))


def test_sigterm_releases_the_jobs_and_leaves_no_process(
    organization: Organization,
    quick: dict[str, str],
    tmp_path: Path,
    record_testsuite_property: Record,
) -> None:
    with worker(
        log=tmp_path / "log", **{**quick, "WORK_CYCLE_SECONDS": "10", "LEASE_SECONDS": "60"}
    ) as running:
        members = list(running.wait_until_complete().values())
        for _ in range(4):
            factories.job(organization=organization, prompt="sandbox:slow=60")
        _wait_until_driven()
        seconds = running.stop(seconds=15)
        assert not living(members)
    assert seconds < 15
    for job in Job.objects.all():
        assert (job.status, job.leased_until) == ("running", None)
    assert Attempt.objects.exclude(upstream_ref="").count() == 4
    record_testsuite_property("stop_seconds", round(seconds, 1))


@pytest.mark.chaos
def test_sigterm_is_handled_from_the_start(quick: dict[str, str], tmp_path: Path) -> None:
    """A process just forked must not inherit handlers that only its parent can act upon."""
    with worker(log=tmp_path / "log", **quick) as running:
        wait_for(lambda: "first" in running.roles(), seconds=30, what="first process")
        assert running.stop(seconds=15) < 5


def test_a_lost_wake_up_is_sent_again(
    organization: Organization, quick: dict[str, str], tmp_path: Path
) -> None:
    submit(organization, finish=0, fail=1)
    OrmQ.objects.all().delete()
    with worker(log=tmp_path / "log", SANDBOX_SECONDS="0", **quick) as running:
        running.wait_until_complete()
        wait_for(all_ended, seconds=5, what="end of the job")
        assert "cluster_restarted" not in running.log.read_text()
        running.stop()


@pytest.mark.chaos
def test_a_cluster_that_does_not_answer_is_replaced(
    organization: Organization, quick: dict[str, str], tmp_path: Path
) -> None:
    """Suspended processes are alive but hang, like a cluster with a broken lock."""
    impatient = (
        "-c",
        "import django; django.setup(); from vidgo.kernel.queue import supervisor; "
        "supervisor.SILENCE_SECONDS = 2; "
        "from django.core.management import call_command; call_command('worker')",
    )
    with worker(log=tmp_path / "log", command=impatient, SANDBOX_SECONDS="0", **quick) as running:
        members = running.wait_until_complete()
        for role in ("worker 0", "worker 1"):
            members[role].suspend()
        submit(organization, finish=0, fail=2)
        wait_for(all_ended, seconds=30, what="end of all jobs")
        assert "wake-ups go unanswered" in running.log.read_text()
        running.stop()
    assert not living(list(members.values()))


def _wait_until_driven() -> None:
    """Wait until every job is being driven, so that a kill hits them all."""
    wait_for(
        lambda: not Job.objects.filter(status="queued").exists(), seconds=20, what="claim of all"
    )
