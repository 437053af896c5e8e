"""Key budgets: a cap holds under concurrency, and a window ends automatically."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.audit import SYSTEM
from accounts.models import ApiKey, Organization
from billing import budgets, ledger, ledger_checks, wallets
from billing.models import Budget, LedgerEntry, Wallet
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def key(organization: Organization, wallet: Wallet) -> ApiKey:
    return factories.api_key(organization=organization).api_key


def cap(key: ApiKey, **caps: int) -> Budget:
    known = {"daily_credits": None, "monthly_credits": None, "total_credits": None}
    return budgets.set_caps(api_key=key, actor=SYSTEM, **{**known, **caps})


def charge(key: ApiKey, amount: int, reference: str) -> int:
    with transaction.atomic():
        return ledger.charge(
            organization=key.organization,
            amount_credits=amount,
            reference=reference,
            actor="test",
            api_key=key,
        )


def refund(key: ApiKey, reference: str) -> None:
    with transaction.atomic():
        ledger.refund(organization=key.organization, reference=reference, actor="test")


def test_a_key_without_caps_is_limited_by_the_wallet_alone(key: ApiKey) -> None:
    assert charge(key, 1000, "a") == 0
    assert not Budget.objects.exists()


@pytest.mark.parametrize("which", ["daily", "monthly", "total"])
def test_a_cap_lets_through_what_fits_and_names_itself(key: ApiKey, which: str) -> None:
    cap(key, **{f"{which}_credits": 25})
    charge(key, 10, "a")
    charge(key, 15, "b")
    with pytest.raises(budgets.BudgetExceeded) as refused:
        charge(key, 1, "c")
    assert refused.value.extra["cap"] == which
    assert (refused.value.status, which in refused.value.message) == (402, True)
    assert wallets.balance_of(organization=key.organization).balance_credits == 975
    assert LedgerEntry.objects.filter(kind="charge").count() == 2


def test_a_refused_charge_counts_against_nothing(key: ApiKey) -> None:
    cap(key, daily_credits=5000, total_credits=5000)
    with pytest.raises(ledger.InsufficientCredits):
        charge(key, 1001, "a")
    budget = Budget.objects.get()
    assert (budget.day_spent_credits, budget.total_spent_credits) == (0, 0)


def test_a_refund_gives_the_budget_back(key: ApiKey) -> None:
    cap(key, daily_credits=10, monthly_credits=10, total_credits=10)
    charge(key, 10, "a")
    refund(key, "a")
    charge(key, 10, "b")
    budget = Budget.objects.get()
    assert (
        budget.day_spent_credits,
        budget.month_spent_credits,
        budget.total_spent_credits,
    ) == (10, 10, 10)


def test_yesterdays_spending_does_not_count_today(key: ApiKey) -> None:
    cap(key, daily_credits=10)
    charge(key, 10, "a")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE billing_budget SET day = day - 1")
    charge(key, 10, "b")
    assert Budget.objects.get().day_spent_credits == 10


def test_last_months_spending_does_not_count_this_month(key: ApiKey) -> None:
    cap(key, monthly_credits=10)
    charge(key, 10, "a")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE billing_budget SET month = month - interval '1 month'")
    charge(key, 10, "b")
    assert Budget.objects.get().month_spent_credits == 10


def test_a_refund_of_yesterday_frees_nothing_today(key: ApiKey) -> None:
    cap(key, daily_credits=20, total_credits=20)
    charge(key, 10, "a")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE billing_ledgerentry SET created_at = created_at - interval '1 day' "
            "WHERE reference = 'a'"
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
    charge(key, 10, "b")
    refund(key, "a")
    budget = Budget.objects.get()
    assert (budget.day_spent_credits, budget.total_spent_credits) == (20, 10)


def test_a_cap_may_be_lowered_below_what_was_spent(key: ApiKey) -> None:
    cap(key, total_credits=100)
    charge(key, 60, "a")
    cap(key, total_credits=50)
    with pytest.raises(budgets.BudgetExceeded):
        charge(key, 1, "b")


def test_one_keys_cap_does_not_touch_another(key: ApiKey) -> None:
    other = factories.api_key(organization=key.organization).api_key
    cap(key, total_credits=10)
    charge(other, 500, "a")
    charge(key, 10, "b")


def test_the_submit_endpoint_names_the_cap(
    key: ApiKey, api: Any, organization: Organization
) -> None:
    capped = ApiKey.objects.get(key_id=api.key.split("_")[1])
    cap(capped, daily_credits=15)
    body = {"model": "flux-kontext-pro", "input": {"prompt": "a fox"}}
    assert api.post("/api/generate/submit", body).status_code == 200
    refused = api.post("/api/generate/submit", body)
    assert refused.status_code == 402
    error = refused.json()["error"]
    assert (error["type"], error["cap"]) == ("insufficient_credits_error", "daily")
    assert organization.jobs.count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_at_once_spend_exactly_the_cap(key: ApiKey) -> None:
    """Charges wait for each other on the key and on the wallet, other keys on the wallet only."""
    free = factories.api_key(organization=key.organization).api_key
    cap(key, daily_credits=100)
    barrier = threading.Barrier(8)

    def spend(number: int) -> str:
        try:
            if number < 8:
                barrier.wait(timeout=20)
            charge(free if number % 3 == 0 else key, 10, f"t{number}")
        except budgets.BudgetExceeded:
            return "cap"
        except ledger.InsufficientCredits:
            return "wallet"
        else:
            return "free" if number % 3 == 0 else "key"
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(spend, range(60)))
    assert (results.count("key"), results.count("free"), results.count("wallet")) == (10, 20, 0)
    assert Budget.objects.get().day_spent_credits == 100
    assert wallets.balance_of(organization=key.organization).balance_credits == 700
    assert ledger_checks.RULES[0].name not in {each.rule for each in ledger_checks.check()}
