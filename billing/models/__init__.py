"""Models about money: wallets, budgets and the ledger, purchases, offers, Stripe events."""

from billing.models.ledger import Budget, DailyTotal, Kind, LedgerEntry, Wallet
from billing.models.offers import Grant, Promotion, Redemption
from billing.models.purchases import AutoRecharge, Customer, Dispute, Refund, TopUp
from billing.models.stripe_events import Cursor, StripeEvent
