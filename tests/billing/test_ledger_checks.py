"""Ledger checks: each planted fault is found, and a clean ledger passes."""

from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.audit import SYSTEM
from accounts.models import Organization
from billing import grants, ledger_checks
from billing.models import LedgerEntry, Wallet

pytestmark = pytest.mark.django_db


def force(statement: str) -> None:
    """Run a statement with the triggers disabled, as the application cannot."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.fixture
def funded(organization: Organization) -> Organization:
    for amount in (100, 50):
        grants.give(organization=organization, amount_credits=amount, reason="test", actor=SYSTEM)
    return organization


def wallet_off(organization: Organization) -> None:
    Wallet.objects.filter(organization=organization).update(balance_credits=151)


def wallet_gone(organization: Organization) -> None:
    Wallet.objects.filter(organization=organization).delete()


def chain_broken(organization: Organization) -> None:
    force("UPDATE billing_ledgerentry SET balance_after_credits = 99 WHERE amount_credits = 100")


def refund_of_nothing(organization: Organization) -> None:
    LedgerEntry.objects.create(
        organization=organization,
        kind="refund",
        amount_credits=10,
        reference="task_none",
        balance_after_credits=160,
        actor="test",
    )
    Wallet.objects.filter(organization=organization).update(balance_credits=160)


def charge_of_nothing(organization: Organization) -> None:
    LedgerEntry.objects.create(
        organization=organization,
        kind="charge",
        amount_credits=-10,
        reference="task_none",
        balance_after_credits=140,
        actor="test",
    )
    Wallet.objects.filter(organization=organization).update(balance_credits=140)


@pytest.mark.parametrize(
    ("plant", "rule"),
    [
        (wallet_off, "each wallet equals the sum of its entries"),
        (wallet_gone, "each wallet equals the sum of its entries"),
        (chain_broken, "each balance follows from the one before it"),
        (
            refund_of_nothing,
            "each refund gives back exactly one charge of the same organization",
        ),
        (charge_of_nothing, "each charge is for a job"),
    ],
)
def test_a_planted_fault_is_found(
    funded: Organization, plant: Callable[[Organization], None], rule: str
) -> None:
    assert ledger_checks.check() == []
    plant(funded)
    assert rule in {violation.rule for violation in ledger_checks.check()}


@pytest.mark.parametrize("command", ["check_ledger", "check_books"])
def test_the_command_passes_a_clean_ledger(
    funded: Organization, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    call_command(command)
    assert "clean" in capsys.readouterr().out


def test_the_command_prints_the_rows_and_fails(
    funded: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    wallet_off(funded)
    with pytest.raises(SystemExit) as ended:
        call_command("check_ledger")
    assert ended.value.code == 1
    assert "wallet_credits=151" in capsys.readouterr().err
