"""The web server under load: concurrent spending, and many waiting requests."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from accounts.models import Organization
from billing import ledger_checks, wallets
from billing.models import LedgerEntry
from generation.models import Job
from tests import factories, running

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.chaos]

FOX = {"model": "flux-kontext-pro", "input": {"prompt": "a fox"}}
SPENDERS, SUBMITS, PAID = 32, 100, 1000
WAITERS, SERVED = 200, 400


def test_32_who_submit_100_times_each_spend_each_credit_once(
    api_key: str, organization: Organization, tmp_path: Path
) -> None:
    factories.credits(organization=organization, amount=10 * PAID)
    barrier = threading.Barrier(SPENDERS)
    headers = {"Authorization": f"Bearer {api_key}"}

    with running.web(log=tmp_path / "web.log") as address:

        def spend(number: int) -> Counter[int]:
            statuses: Counter[int] = Counter()
            with requests.Session() as session:
                barrier.wait(timeout=30)
                for _ in range(SUBMITS):
                    answer = session.post(
                        f"{address}/api/generate/submit", json=FOX, headers=headers, timeout=60
                    )
                    statuses[answer.status_code] += 1
            return statuses

        with ThreadPoolExecutor(SPENDERS) as pool:
            total = sum(pool.map(spend, range(SPENDERS)), Counter())

    assert total == {200: PAID, 402: SPENDERS * SUBMITS - PAID}
    assert Job.objects.count() == LedgerEntry.objects.filter(kind="charge").count() == PAID
    assert wallets.balance_of(organization=organization).balance_credits == 0
    assert ledger_checks.check() == []


def test_200_who_wait_do_not_slow_down_the_others(
    api_key: str, organization: Organization, tmp_path: Path
) -> None:
    """Medians of 400 calls from 4 clients, first alone and then beside 200 who wait."""
    job = factories.job(organization=organization)
    headers = {"Authorization": f"Bearer {api_key}"}

    with (
        running.web(log=tmp_path / "web.log", WEB_WAITS=str(WAITERS)) as address,
        ThreadPoolExecutor(WAITERS + 4) as pool,
    ):
        url = f"{address}/api/generate/status/{job.public_id}"

        def wait(number: int) -> str | None:
            answer = requests.get(url, headers={**headers, "Prefer": "wait=20"}, timeout=40)
            assert answer.status_code == 200
            return answer.headers.get("Preference-Applied")

        def serve(number: int) -> list[float]:
            taken = []
            with requests.Session() as session:
                for _ in range(SERVED // 4):
                    began = time.perf_counter()
                    answer = session.get(f"{address}/api/user/balance", headers=headers, timeout=30)
                    taken.append(time.perf_counter() - began)
                    assert answer.status_code == 200
            return taken

        def measured() -> tuple[float, float]:
            """Return the median and the 95th percentile, in milliseconds."""
            taken = sorted(each for client in pool.map(serve, range(4)) for each in client)
            return taken[len(taken) // 2] * 1000, taken[len(taken) * 95 // 100] * 1000

        alone = measured()
        waiters = [pool.submit(wait, number) for number in range(WAITERS)]
        time.sleep(3)
        beside = measured()
        applied = Counter(waiter.result() for waiter in waiters)

    sys.stdout.write(f"median, p95 in ms: alone {alone}, beside {beside}, {applied}\n")
    assert applied == {"wait=20": WAITERS}
    assert beside[1] < 2 * alone[1] + 50
