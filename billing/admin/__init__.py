"""The admin of billing; importing these modules registers it."""

from billing.admin import ledger_checks, offers, purchases, stripe_events, wallets
