"""Two web servers, three workers, one PostgreSQL, one object storage, and rolling restarts."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from accounts.models import Organization
from billing import ledger_checks
from billing.models import LedgerEntry
from generation.models import Asset, Attempt, Callback, Job
from tests import factories
from tests.generation.callbacks.receiving import secret_of, verify
from tests.kernel.network import Request, Server
from tests.running import wait_for
from tests.topology import site as topology
from tests.topology.customers import Customers
from tests.topology.site import Site

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]

CUSTOMERS = 6
ROUNDS = 2


@dataclass
class Listener:
    """A customer's server that verifies each callback on arrival."""

    secret: str
    # The id of each message, and its task.
    received: list[tuple[str | None, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = Server(self._receive)

    def _receive(self, request: Request) -> None:
        task = verify(request, secret=self.secret)["data"]["task_id"]
        self.received.append((request.header("webhook-id"), task))
        request.answer(200, Connection="close")


@pytest.fixture
def listener(organization: Organization) -> Iterator[Listener]:
    """A server that callbacks are sent to."""
    listener = Listener(secret=secret_of(organization))
    yield listener
    listener.server.stop()


def customers_of(site: Site, organization: Organization, listener: Listener) -> Customers:
    """Return customers with a key and enough credits."""
    factories.credits(organization=organization, amount=1_000_000)
    return Customers(
        address=site.address,
        api_key=factories.api_key(organization=organization).plaintext,
        callback_url=listener.server.url("/hook"),
    )


def check(site: Site, customers: Customers, listener: Listener) -> None:
    """Check that no customer saw a failure, and that money, images, files and callbacks match."""
    assert customers.problems == []
    assert site.balancer.failures == []
    jobs = {job.public_id: job for job in Job.objects.all()}
    assert set(jobs) == set(customers.tasks)
    assert {job.status for job in jobs.values()} == {"finished"}
    bought = Counter(work["prompt"] for work in site.vendors.shops["bfl"].bought()["works"])
    assert bought == Counter(customers.tasks.values())
    assert not Attempt.objects.filter(ended_at=None).exists()
    assert LedgerEntry.objects.filter(kind="charge").count() == len(jobs)
    assert not LedgerEntry.objects.filter(kind="refund").exists()
    assert ledger_checks.check() == []
    results = [name for name in site.storage.list_files() if name.startswith("results/")]
    assert results == sorted(Asset.objects.values_list("file", flat=True))

    waiting = Callback.objects.exclude(state="delivered")
    wait_for(lambda: not waiting.exists(), seconds=30, what="delivery of every callback")
    # At least once, and always under the same id.
    assert {task for _, task in listener.received} == set(jobs)
    assert len(set(listener.received)) == len(jobs)
    for worker in site.workers:
        assert worker.count("cluster_restarted") == worker.count("job_crashed") == 0


def test_every_process_serves_and_any_other_can_continue_its_work(
    organization: Organization, listener: Listener, tmp_path: Path
) -> None:
    with topology.running(folder=tmp_path) as site:
        customers = customers_of(site, organization, listener)
        with customers.working(customers=CUSTOMERS):
            customers.wait_for_more(40)
        check(site, customers, listener)
        assert all(site.balancer.served[port] > 20 for port in site.balancer.webs)
        assert all(worker.count("job_finished") for worker in site.workers)


@pytest.mark.parametrize("held", [False, True], ids=["drained", "on held sockets"])
def test_a_rolling_restart_under_load_fails_no_request_and_runs_no_job_twice(
    organization: Organization, listener: Listener, tmp_path: Path, held: bool
) -> None:
    """Ten times SIGTERM: each web and each worker twice, as two deploys do.

    Drained: the balancer reads at /readyz that a web is about to end. On held sockets: it knows
    nothing; connections wait until the next process accepts them.
    """
    with topology.running(folder=tmp_path, held=held) as site:
        customers = customers_of(site, organization, listener)
        away = []
        with customers.working(customers=CUSTOMERS):
            for member in [*site.members] * ROUNDS:
                away.append((member.name, round(site.restart(member), 1)))
                customers.wait_for_more(CUSTOMERS + 1)
        check(site, customers, listener)
        # Workers really were stopped while they had jobs.
        assert sum(worker.count("work_cycle_released") for worker in site.workers) > 0
    sys.stdout.write(
        f"{len(away)} restarts, seconds away: {away}; {sum(customers.calls.values())} requests, "
        f"the slowest {customers.slowest_seconds:.1f} s; {len(customers.tasks)} images\n"
    )
