"""The operator's view of money; importing these modules registers it."""

from billing.admin import inbox, offers, purchases, wallets

__all__ = ["inbox", "offers", "purchases", "wallets"]
