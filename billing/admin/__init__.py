"""The operator's view of money; importing these modules registers it."""

from billing.admin import ledger_checks, money, offers, purchases, stripe_events, wallets
