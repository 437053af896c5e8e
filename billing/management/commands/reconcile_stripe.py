"""`manage.py reconcile_stripe`: book whatever Stripe has, also if no webhook reported it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.stripe import client, reconcile


class Command(BaseCommand):
    help = "Sweep Stripe's sessions, payments, refunds and disputes, and book what is missing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the day to start from."""
        parser.add_argument("--since", help="First day to sweep, such as 2026-11-01, UTC.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Sweep once; exit 1 when something could not be booked."""
        try:
            since = (
                datetime.fromisoformat(options["since"]).replace(tzinfo=UTC)
                if options["since"]
                else None
            )
        except ValueError:
            raise CommandError("--since must be a date such as 2026-11-01") from None
        try:
            seen = reconcile.run(since=since)
        except client.StripeError as error:
            raise CommandError(f"Stripe could not be read to the end: {error}") from error
        self.stdout.write(", ".join(f"{count} {kind}" for kind, count in seen.items()))
        if seen["alarms"]:
            self.stderr.write("Some payments could not be booked; see the log.")
            sys.exit(1)
