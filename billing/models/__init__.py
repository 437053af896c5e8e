"""The rows of money: wallets and their ledger, purchases, offers, budgets, Stripe's events."""

from billing.models.budgets import Budget
from billing.models.ledger import DailyTotal, Kind, LedgerEntry, Wallet
from billing.models.offers import Grant, Promotion, Redemption
from billing.models.purchases import AutoRecharge, Customer, Dispute, Refund, TopUp
from billing.models.stripe_events import Cursor, StripeEvent
