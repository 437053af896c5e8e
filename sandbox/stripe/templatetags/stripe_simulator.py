"""Formats of money, times and statuses on the simulator's pages."""

from datetime import UTC, datetime
from typing import Any

from django import template

register = template.Library()

SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£"}
# The color of a status: green, blue, red or amber; others are gray.
TONES = {
    status: tone
    for tone, statuses in {
        "good": ("succeeded", "complete", "paid", "won", "delivered"),
        "busy": ("processing", "pending", "open", "under_review"),
        "notice": ("requires_action", "disputed", "needs_response", "warning_needs_response"),
        "bad": ("requires_payment_method", "failed", "lost", "gave up", "dropped"),
    }.items()
    for status in statuses
}
WORDS = {"requires_payment_method": "declined", "requires_action": "wants authentication"}


@register.filter
def money(cents: int, currency: str) -> str:
    """Format an amount in cents, `$5.00`."""
    symbol = SYMBOLS.get(currency)
    amount = f"{abs(cents) / 100:,.2f}"
    sign = "-" if cents < 0 else ""
    return f"{sign}{symbol}{amount}" if symbol else f"{sign}{amount} {currency.upper()}"


@register.filter
def moment(seconds: int) -> str:
    """Format a timestamp, `22 Nov 2026, 17:05:09 UTC`."""
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%-d %b %Y, %H:%M:%S} UTC"


@register.filter
def tone(status: str) -> str:
    """Return the color of a status."""
    return TONES.get(status, "plain")


@register.filter
def words(status: Any) -> str:
    """Format a status."""
    return WORDS.get(status) or str(status).replace("_", " ")


@register.filter
def method_line(method: dict[str, Any]) -> str:
    """Format a payment method, `Visa •••• 4242`."""
    kind = method["type"]
    details = method[kind]
    brand = details["brand"].title() if kind == "card" else details["bank_name"].title()
    return f"{brand} •••• {details['last4']}"


@register.filter
def expiry(method: dict[str, Any]) -> str:
    """Format a card's expiry, `12/2034`; empty for a bank account."""
    if method["type"] != "card":
        return ""
    return f"{method['card']['exp_month']:02d}/{method['card']['exp_year']}"
