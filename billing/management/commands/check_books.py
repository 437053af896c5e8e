"""`manage.py check_books`: audit the money, exit 1 and show the rows when something is off."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from billing import ledger_checks


class Command(BaseCommand):
    help = "Check every invariant of wallets, ledger and jobs; exit 1 when one is broken."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print each broken rule with its row, or one line that all is well."""
        violations = ledger_checks.check()
        for violation in violations:
            facts = ", ".join(f"{name}={value}" for name, value in violation.row.items())
            self.stderr.write(f"BROKEN: {violation.sentence}: {facts}")
        if violations:
            sys.exit(1)
        self.stdout.write("The books are clean.")
