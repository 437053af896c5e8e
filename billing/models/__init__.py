"""The rows of money: wallets and their ledger, purchases, offers, budgets, Stripe's events."""

from billing.models.budgets import Budget
from billing.models.ledger import Kind, LedgerDay, LedgerEntry, Wallet
from billing.models.offers import Grant, Promotion, Redemption
from billing.models.purchases import AutoRecharge, Customer, Dispute, Refund, TopUp
from billing.models.stripe_events import Cursor, StripeEvent

__all__ = [
    "AutoRecharge",
    "Budget",
    "Cursor",
    "Customer",
    "Dispute",
    "Grant",
    "Kind",
    "LedgerDay",
    "LedgerEntry",
    "Promotion",
    "Redemption",
    "Refund",
    "StripeEvent",
    "TopUp",
    "Wallet",
]
