"""What the doctor looks at about money: Stripe, its inbox, the sweep, the books."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from billing import ledger_checks
from billing.models import Cursor, StripeEvent
from billing.stripe import client
from vidgo.kernel.ops.doctor import Finding, check, fault, ok, skipped

# The sweep comes every hour; one that was missed is nothing to worry about.
SWEEP_IS_OLD = timedelta(hours=3)
# An event is acted on within seconds, and once a minute if its bell was lost.
WAIT_IS_LONG = timedelta(minutes=15)
SIGNING_SECRET = "whsec_"  # noqa: S105  what such secrets begin with
KEYS = "the API keys of Stripe's dashboard"


@check(name="Stripe", place=60, seconds=45, needs_database=False)
def look_at_stripe() -> Iterator[Finding]:
    """Call Stripe with the key, and compare the key's mode with what this copy is."""
    if not settings.STRIPE_SECRET_KEY:
        yield skipped("no key: nobody can buy credits")
        return
    if settings.PRODUCTION and not client.is_live():
        yield fault(
            "the key is of Stripe's test mode: a test card buys credits",
            to_do=f"set STRIPE_SECRET_KEY to the live key, from {KEYS}",
        )
    elif client.is_live() and not settings.PRODUCTION:
        yield fault(
            "a development copy has the live key: it takes real money",
            to_do="set STRIPE_SECRET_KEY to a test key (sk_test_…), or unset it",
        )
    if not settings.STRIPE_SIMULATOR and not settings.STRIPE_WEBHOOK_SECRET.startswith(
        SIGNING_SECRET
    ):
        yield fault(
            "STRIPE_WEBHOOK_SECRET is no signing secret: each event would be refused",
            to_do="copy the secret of the endpoint /webhooks/stripe (whsec_…) from the dashboard",
        )
    who = f"the simulator at {settings.STRIPE_API_BASE}" if settings.STRIPE_SIMULATOR else "Stripe"
    try:
        client.try_key()
    except client.Unreachable as error:
        to_do = (
            "start the web server that serves it, with the same PORT"
            if settings.STRIPE_SIMULATOR
            else "look at the network and at status.stripe.com"
        )
        yield fault(f"{who} does not answer: {_line(error)}", to_do=to_do)
    except client.StripeError as error:
        to_do = f"correct STRIPE_SECRET_KEY, from {KEYS}"
        yield fault(f"{who} refuses the key: {_line(error)}", to_do=to_do)
    else:
        yield ok(f"{who} takes the key, {'live' if client.is_live() else 'test'} mode")


@check(name="Stripe inbox", place=62)
def look_at_inbox() -> Iterator[Finding]:
    """Look for events that failed, or that nobody acted on."""
    waiting = StripeEvent.objects.filter(processed_at=None)
    failed = waiting.exclude(error="").count()
    late = waiting.filter(error="", received_at__lt=timezone.now() - WAIT_IS_LONG).count()
    if failed:
        yield fault(
            f"{failed} events could not be processed",
            to_do="read why at the desk, Stripe inbox; docs/runbook.md, stripe_event_failed",
        )
    if late:
        yield fault(f"{late} events wait for a worker", to_do="see that a worker runs")
    if not failed and not late:
        yield ok("nothing waits")


@check(name="Stripe sweep", place=64)
def look_at_sweep() -> Iterator[Finding]:
    """See that the hourly sweep, which books what no event told, gets through."""
    cursor = Cursor.objects.filter(name="stripe").first()
    if cursor is None:
        yield ok("comes within the hour")
    elif cursor.reached_at < timezone.now() - SWEEP_IS_OLD:
        yield fault(
            f"has not got through since {cursor.reached_at:%Y-%m-%d %H:%M} UTC",
            to_do="run `manage.py reconcile_stripe` and read what it says",
        )
    else:
        yield ok(f"got through at {cursor.reached_at:%H:%M} UTC")


@check(name="ledger", place=66, seconds=300)
def look_at_books() -> Iterator[Finding]:
    """Audit the books."""
    broken = {violation.sentence for violation in ledger_checks.check()}
    for sentence in sorted(broken):
        yield fault(
            f"broken: {sentence}",
            to_do="run `manage.py check_books`; docs/runbook.md, books_broken",
        )
    if not broken:
        yield ok(f"clean by {len(ledger_checks.list_rules())} rules")


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
