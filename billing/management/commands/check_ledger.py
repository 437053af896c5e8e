"""`manage.py check_ledger`: run the ledger checks; exit 1 and print the rows that break a rule."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from billing import ledger_checks


class Command(BaseCommand):
    help = "Check every rule about wallets, ledger and jobs; exit 1 when one is broken."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print each row that breaks a rule, or one line when every rule holds."""
        violations = ledger_checks.check()
        for violation in violations:
            row = ", ".join(f"{name}={value}" for name, value in violation.row.items())
            self.stderr.write(f"BROKEN: {violation.rule}: {row}")
        if violations:
            sys.exit(1)
        self.stdout.write("The ledger is clean.")
