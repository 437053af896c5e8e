"""Wallets: the balance of an organization, and its low-balance and recharge thresholds."""

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
    """Credits to spend and credits owed. One of the two is always 0."""

    balance_credits: int
    debt_credits: int


def balance_of(*, organization: Organization) -> Balance:
    """Return the organization's balance; 0 if it has no ledger entries yet."""
    wallet = Wallet.objects.filter(pk=organization.pk).first()
    if wallet is None:
        return Balance(balance_credits=0, debt_credits=0)
    return Balance(balance_credits=wallet.balance_credits, debt_credits=wallet.debt_credits)


@requires_transaction
def lock(*, organization: Organization) -> None:
    """Block ledger entries until the transaction ends; waits for those under way."""
    list(Wallet.objects.select_for_update(no_key=True).filter(organization=organization))


def require(*, organization: Organization, amount_credits: int) -> None:
    """Raise `ledger.InsufficientCredits` if the balance is lower right now.

    An early check before costly work; only `ledger.charge` decides.
    """
    if balance_of(organization=organization).balance_credits < amount_credits:
        raise ledger.InsufficientCredits.of(amount_credits)


def set_thresholds(
    *,
    organization: Organization,
    recharge_below_credits: int | None = None,
    warn_below_credits: int | None = None,
) -> None:
    """Set the low-balance and recharge thresholds; 0 turns one off, None leaves it unchanged."""
    thresholds = {
        "recharge_below_credits": recharge_below_credits,
        "warn_below_credits": warn_below_credits,
    }
    Wallet.objects.update_or_create(
        organization=organization,
        defaults={name: value for name, value in thresholds.items() if value is not None},
    )


def warn_if_low(*, organization: Organization) -> bool:
    """Queue the low-balance e-mail, at most once a day, and return whether it was queued."""
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
