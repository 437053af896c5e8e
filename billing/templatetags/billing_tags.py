"""What templates say about money that is counted in cents."""

from __future__ import annotations

from django import template

from billing import packs

register = template.Library()


@register.simple_tag
def dollars(cents: int, whole: bool = False) -> str:
    """Return US dollars; `whole` leaves the cents out where there are none."""
    return f"${cents // 100:,}" if whole and cents % 100 == 0 else f"${cents / 100:,.2f}"


@register.simple_tag
def worth(credits: int) -> str:
    """Return what an amount of credits costs in US dollars."""
    return f"${credits / packs.CREDITS_PER_CENT / 100:,.2f}"
