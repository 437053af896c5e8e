"""Wallets: what an organization can spend."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import Organization
from billing import emails, ledger
from billing.models import Wallet
from vidgo.kernel.db.transactions import requires_transaction

WARN_AGAIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Balance:
    """Credits that can be spent, and credits owed. One of the two is always 0."""

    balance_credits: int
    debt_credits: int


def balance_of(*, organization: Organization) -> Balance:
    """Return what the organization has; one that never had a movement has nothing."""
    wallet = Wallet.objects.filter(pk=organization.pk).first()
    if wallet is None:
        return Balance(balance_credits=0, debt_credits=0)
    return Balance(balance_credits=wallet.balance_credits, debt_credits=wallet.debt_credits)


@requires_transaction
def lock(*, organization: Organization) -> None:
    """Let no credits move in or out until the transaction ends; waits for those that do."""
    list(Wallet.objects.select_for_update(no_key=True).filter(organization=organization))


def require(*, organization: Organization, amount_credits: int) -> None:
    """Raise `ledger.InsufficientCredits` when the balance is lower at this moment.

    A courtesy before costly preparations; only `ledger.charge` decides.
    """
    if balance_of(organization=organization).balance_credits < amount_credits:
        raise ledger.InsufficientCredits.of(amount_credits)


def watch(
    *,
    organization: Organization,
    recharge_below_credits: int | None = None,
    warn_below_credits: int | None = None,
) -> None:
    """Draw the lines at which the wallet speaks up; 0 switches one off, None leaves it."""
    lines = {
        name: value
        for name, value in (
            ("recharge_below_credits", recharge_below_credits),
            ("warn_below_credits", warn_below_credits),
        )
        if value is not None
    }
    Wallet.objects.update_or_create(organization=organization, defaults=lines)


def warn_if_low(*, organization: Organization) -> bool:
    """Have the low-balance e-mail sent, at most once a day, and return whether it was."""
    now = timezone.now()
    low = Wallet.objects.filter(
        Q(warned_at=None) | Q(warned_at__lt=now - WARN_AGAIN),
        organization=organization,
        balance_credits__lt=F("warn_below_credits"),
    )
    with transaction.atomic():
        if not low.update(warned_at=now):
            return False
        emails.queue_notice(organization=organization, kind="low_balance")
    return True
