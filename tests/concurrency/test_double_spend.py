"""Concurrent spending: first the race without the guard, then the guard.

Threads meet at a barrier on real connections; the tests count results and rows.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from accounts.audit import SYSTEM
from accounts.models import Organization
from billing import grants, ledger, ledger_checks, wallets
from billing.models import LedgerEntry, Wallet

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 8
PRICE = 10


def together(work: Callable[[int], bool]) -> int:
    """Run the work in all threads at the same moment and return how many succeeded."""
    barrier = threading.Barrier(THREADS)

    def one(number: int) -> bool:
        try:
            barrier.wait(timeout=10)
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(one, range(THREADS)))


@pytest.fixture
def one_job_left(organization: Organization) -> Organization:
    grants.give(organization=organization, amount_credits=PRICE, reason="test", actor=SYSTEM)
    return organization


def test_control_reading_before_writing_spends_the_same_credits_twice(
    one_job_left: Organization,
) -> None:
    """Without the conditional UPDATE the race is real, so the next test proves something."""
    read = threading.Barrier(THREADS)

    def read_compare_write(number: int) -> bool:
        with transaction.atomic():
            balance = Wallet.objects.get(organization=one_job_left).balance_credits
            read.wait(timeout=10)
            if balance < PRICE:
                return False
            Wallet.objects.filter(organization=one_job_left).update(balance_credits=balance - PRICE)
            return True

    assert together(read_compare_write) == THREADS
    assert wallets.balance_of(organization=one_job_left).balance_credits == 0


def test_the_same_credits_are_spent_once(one_job_left: Organization) -> None:
    def charge(number: int) -> bool:
        try:
            with transaction.atomic():
                ledger.charge(
                    organization=one_job_left,
                    amount_credits=PRICE,
                    reference=f"task_{number}",
                    actor="test",
                )
        except ledger.InsufficientCredits:
            return False
        return True

    assert together(charge) == 1
    assert wallets.balance_of(organization=one_job_left).balance_credits == 0
    assert LedgerEntry.objects.filter(kind="charge").count() == 1


def test_concurrent_refunds_pay_back_once(one_job_left: Organization) -> None:
    with transaction.atomic():
        ledger.charge(
            organization=one_job_left, amount_credits=PRICE, reference="task_1", actor="test"
        )

    def refund(number: int) -> bool:
        try:
            with transaction.atomic():
                ledger.refund(organization=one_job_left, reference="task_1", actor="test")
        except ledger.AlreadyRecorded:
            return False
        return True

    assert together(refund) == 1
    assert wallets.balance_of(organization=one_job_left).balance_credits == PRICE
    assert LedgerEntry.objects.filter(kind="refund").count() == 1


def test_concurrent_first_entries_of_a_new_organization_all_count(
    organization: Organization,
) -> None:
    def grant(number: int) -> bool:
        grants.give(organization=organization, amount_credits=1, reason="test", actor=SYSTEM)
        return True

    assert together(grant) == THREADS
    assert wallets.balance_of(organization=organization).balance_credits == THREADS
    assert ledger_checks.check() == []
