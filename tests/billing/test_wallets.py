"""Wallets: balances, thresholds and the low-balance e-mail."""

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
def other_funded(other_organization: Organization) -> Organization:
    """Another organization, whose wallet was created first."""
    factories.credits(organization=other_organization, amount=5000)
    return other_organization


def queued_emails() -> list[tuple[int, str]]:
    """Return the organization and the kind of each queued e-mail."""
    waiting = [row.task for row in OrmQ.objects.order_by("id")]
    return [task["args"][:2] for task in waiting if task["func"] == "billing.tasks.send_notice"]


def test_each_organization_has_its_own_balance(organization: Organization) -> None:
    nothing = wallets.Balance(balance_credits=0, debt_credits=0)
    assert wallets.balance_of(organization=organization) == nothing
    factories.credits(organization=organization, amount=7)
    assert wallets.balance_of(organization=organization).balance_credits == 7


def test_a_balance_of_exactly_the_price_is_enough(organization: Organization) -> None:
    factories.credits(organization=organization, amount=20)
    wallets.require(organization=organization, amount_credits=20)
    with pytest.raises(ledger.InsufficientCredits):
        wallets.require(organization=organization, amount_credits=21)


def test_thresholds_are_set_separately_and_turned_off_with_zero(organization: Organization) -> None:
    wallets.set_thresholds(
        organization=organization, warn_below_credits=30, recharge_below_credits=40
    )
    wallets.set_thresholds(organization=organization, recharge_below_credits=0)
    wallet = Wallet.objects.get(pk=organization.pk)
    assert (wallet.warn_below_credits, wallet.recharge_below_credits) == (30, 0)


def test_only_the_organization_with_a_low_balance_is_warned(
    organization: Organization, other_funded: Organization
) -> None:
    factories.credits(organization=organization, amount=49)
    Wallet.objects.update(warn_below_credits=50)
    assert not wallets.warn_if_low(organization=other_funded)
    assert queued_emails() == []
    assert wallets.warn_if_low(organization=organization)
    assert queued_emails() == [(organization.pk, "low_balance")]
    assert Wallet.objects.get(pk=other_funded.pk).warned_at is None


def test_a_balance_at_the_threshold_is_not_low(organization: Organization) -> None:
    factories.credits(organization=organization, amount=50)
    wallets.set_thresholds(organization=organization, warn_below_credits=50)
    assert not wallets.warn_if_low(organization=organization)


def test_the_warning_is_repeated_after_a_day(
    organization: Organization,
) -> None:
    factories.credits(organization=organization, amount=1)
    for hours, is_repeated in ((0.1, False), (23, False), (25, True)):
        Wallet.objects.filter(pk=organization.pk).update(
            warned_at=timezone.now() - timedelta(hours=hours)
        )
        assert wallets.warn_if_low(organization=organization) is is_repeated
