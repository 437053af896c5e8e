"""Wallets: what is read of them, and when they speak up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from accounts.models import Organization
from billing import ledger, wallets
from billing.models import Wallet
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def richer(other_organization: Organization) -> Organization:
    """Another organization, whose wallet came first."""
    factories.credits(organization=other_organization, amount=5000)
    return other_organization


def notices() -> list[tuple[int, str]]:
    """Return which notices wait to be sent, and to whom."""
    waiting = [row.task for row in OrmQ.objects.order_by("id")]
    return [task["args"][:2] for task in waiting if task["func"] == "billing.tasks.send_notice"]


def test_the_balance_is_the_own_one(organization: Organization) -> None:
    nothing = wallets.Balance(balance_credits=0, debt_credits=0)
    assert wallets.balance_of(organization=organization) == nothing
    factories.credits(organization=organization, amount=7)
    assert wallets.balance_of(organization=organization).balance_credits == 7


def test_the_very_price_is_enough(organization: Organization) -> None:
    factories.credits(organization=organization, amount=20)
    wallets.require(organization=organization, amount_credits=20)
    with pytest.raises(ledger.InsufficientCredits):
        wallets.require(organization=organization, amount_credits=21)


def test_lines_are_drawn_one_by_one_and_switched_off_with_zero(organization: Organization) -> None:
    wallets.watch(organization=organization, warn_below_credits=30, recharge_below_credits=40)
    wallets.watch(organization=organization, recharge_below_credits=0)
    wallet = Wallet.objects.get(pk=organization.pk)
    assert (wallet.warn_below_credits, wallet.recharge_below_credits) == (30, 0)


def test_a_low_balance_is_told_to_its_own_organization_alone(
    organization: Organization, richer: Organization
) -> None:
    factories.credits(organization=organization, amount=49)
    Wallet.objects.update(warn_below_credits=50)
    assert not wallets.warn_if_low(organization=richer)
    assert notices() == []
    assert wallets.warn_if_low(organization=organization)
    assert notices() == [(organization.pk, "low_balance")]
    assert Wallet.objects.get(pk=richer.pk).warned_at is None


def test_a_balance_on_the_line_is_not_low(organization: Organization) -> None:
    factories.credits(organization=organization, amount=50)
    wallets.watch(organization=organization, warn_below_credits=50)
    assert not wallets.warn_if_low(organization=organization)


def test_a_low_balance_is_told_again_after_a_day_and_not_before(
    organization: Organization,
) -> None:
    factories.credits(organization=organization, amount=1)
    for hours, told in ((0.1, False), (23, False), (25, True)):
        Wallet.objects.filter(pk=organization.pk).update(
            warned_at=timezone.now() - timedelta(hours=hours)
        )
        assert wallets.warn_if_low(organization=organization) is told
