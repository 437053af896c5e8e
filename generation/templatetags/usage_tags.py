"""What templates say of usage."""

from __future__ import annotations

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from generation import catalog
from generation.reporting.usage import Sums
from vidgo.kernel.web.templatetags.ui import money

register = template.Library()


@register.simple_tag
def usage_row(title: str, sums: Sums) -> SafeString:
    """Return a row of a table of usage; written here, as a page has a hundred of them."""
    cells = (
        f"{sums.jobs:,}",
        f"{sums.finished:,}",
        f"{sums.failed:,}",
        f"{sums.charged_credits:,}",
        f"{sums.refunded_credits:,}",
        f"{sums.credits:,}",
        money(catalog.load().usd(sums.credits)),
    )
    numbers = "".join(f'<td class="right">{cell}</td>' for cell in cells)
    return mark_safe(f'<tr><th scope="row">{escape(title)}</th>{numbers}</tr>')  # noqa: S308
