"""The operator's view of money; importing these modules registers it."""

from billing.admin import books, inbox, money, offers, purchases, wallets

__all__ = ["books", "inbox", "money", "offers", "purchases", "wallets"]
