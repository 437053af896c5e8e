"""Doctor checks about money: Stripe, its events, the sweep and the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from billing import ledger_checks
from billing.models import Cursor, StripeEvent
from billing.stripe import client
from vidgo.kernel.ops.doctor import Finding, check, fault, ok, skipped

# The sweep runs every hour; missing one is harmless.
SWEEP_IS_OLD = timedelta(hours=3)
# An event is processed within seconds, or within a minute if its wake-up was lost.
WAIT_IS_LONG = timedelta(minutes=15)
SIGNING_SECRET = "whsec_"  # noqa: S105  the prefix of every signing secret
KEYS = "the API keys of Stripe's dashboard"


@check(name="Stripe", place=60, seconds=45, needs_database=False)
def check_stripe() -> Iterator[Finding]:
    """Call Stripe with the key, and compare the key's mode with this copy's."""
    if not settings.STRIPE_SECRET_KEY:
        yield skipped("no key: nobody can buy credits")
        return
    if settings.PRODUCTION and not client.is_live():
        yield fault(
            "the key is in test mode: a test card buys credits",
            to_do=f"set STRIPE_SECRET_KEY to the live key, from {KEYS}",
        )
    elif client.is_live() and not settings.PRODUCTION:
        yield fault(
            "a development copy has a live key: it takes real money",
            to_do="set STRIPE_SECRET_KEY to a test key (sk_test_…), or unset it",
        )
    if not settings.STRIPE_SIMULATOR and not settings.STRIPE_WEBHOOK_SECRET.startswith(
        SIGNING_SECRET
    ):
        yield fault(
            "STRIPE_WEBHOOK_SECRET is no signing secret: every event would be refused",
            to_do="copy the signing secret (whsec_…) of /webhooks/stripe from Stripe's dashboard",
        )
    who = f"the simulator at {settings.STRIPE_API_BASE}" if settings.STRIPE_SIMULATOR else "Stripe"
    try:
        client.try_key()
    except client.Unreachable as error:
        to_do = (
            "start the web server that serves it, with the same PORT"
            if settings.STRIPE_SIMULATOR
            else "check the network and status.stripe.com"
        )
        yield fault(f"{who} does not answer: {_line(error)}", to_do=to_do)
    except client.StripeError as error:
        to_do = f"correct STRIPE_SECRET_KEY, from {KEYS}"
        yield fault(f"{who} refuses the key: {_line(error)}", to_do=to_do)
    else:
        yield ok(f"{who} takes the key, {'live' if client.is_live() else 'test'} mode")


@check(name="Stripe inbox", place=62)
def check_inbox() -> Iterator[Finding]:
    """Look for events that failed, or that no worker has processed."""
    waiting = StripeEvent.objects.filter(processed_at=None)
    failed = waiting.exclude(error="").count()
    late = waiting.filter(error="", received_at__lt=timezone.now() - WAIT_IS_LONG).count()
    if failed:
        yield fault(
            f"{failed} events could not be processed",
            to_do="read why in the admin, Stripe inbox; docs/runbook.md, stripe_event_failed",
        )
    if late:
        yield fault(f"{late} events wait for a worker", to_do="make sure that a worker is running")
    if not failed and not late:
        yield ok("every event is processed")


@check(name="Stripe sweep", place=64)
def check_sweep() -> Iterator[Finding]:
    """Check that the hourly sweep, which books what no event reported, completes."""
    cursor = Cursor.objects.filter(name="stripe").first()
    if cursor is None:
        yield ok("runs for the first time within the hour")
    elif cursor.reached_at < timezone.now() - SWEEP_IS_OLD:
        yield fault(
            f"has not completed since {cursor.reached_at:%Y-%m-%d %H:%M} UTC",
            to_do="run `manage.py reconcile_stripe` and read its output",
        )
    else:
        yield ok(f"completed at {cursor.reached_at:%H:%M} UTC")


@check(name="ledger", place=66, seconds=300)
def check_ledger() -> Iterator[Finding]:
    """Run the ledger checks."""
    broken = {violation.rule for violation in ledger_checks.check()}
    for rule in sorted(broken):
        yield fault(
            f"broken: {rule}",
            to_do="run `manage.py check_ledger`; docs/runbook.md, ledger_check_failed",
        )
    if not broken:
        yield ok(f"{len(ledger_checks.list_rules())} rules hold")


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
