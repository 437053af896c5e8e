"""Template tags that format amounts of money."""

from __future__ import annotations

from django import template

from billing import packs

register = template.Library()


@register.simple_tag
def dollars(cents: int, whole: bool = False) -> str:
    """Format cents as US dollars; `whole` omits zero cents."""
    return f"${cents // 100:,}" if whole and cents % 100 == 0 else f"${cents / 100:,.2f}"


@register.simple_tag
def worth(credits: int) -> str:
    """Format the price of an amount of credits in US dollars."""
    return f"${credits / packs.CREDITS_PER_CENT / 100:,.2f}"
