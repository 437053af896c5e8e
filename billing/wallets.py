"""Wallets: what an organization can spend."""

from dataclasses import dataclass

from accounts.models import Organization
from billing import ledger
from billing.models import Wallet


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


def require(*, organization: Organization, amount_credits: int) -> None:
    """Raise `ledger.InsufficientCredits` when the balance is lower at this moment.

    A courtesy before costly preparations; only `ledger.charge` decides.
    """
    if balance_of(organization=organization).balance_credits < amount_credits:
        raise ledger.InsufficientCredits.of(amount_credits)
