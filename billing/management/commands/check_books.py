"""Alias of `manage.py check_ledger`."""

from billing.management.commands.check_ledger import Command as Command
