"""The operator's view of money; importing these modules registers it."""

from billing.admin import books, inbox, offers, purchases, wallets

__all__ = ["books", "inbox", "offers", "purchases", "wallets"]
