"""Template tags for the UI components in `templates/components/`, and filters.

A builtin library (see TEMPLATES in settings.py), so templates need not load it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django import template
from django.conf import settings
from django.forms import BoundField
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

MINUS = "−"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# The label and the tone of each state; templates name no colors.
STATES: Mapping[str, tuple[str, str]] = {
    "queued": ("Queued", "waiting"),
    "running": ("Running", "busy"),
    "finished": ("Finished", "good"),
    "failed": ("Failed", "bad"),
    "canceled": ("Canceled", "waiting"),
    "active": ("Active", "good"),
    "pending": ("Pending", "waiting"),
    "paid": ("Paid", "good"),
    "unpaid": ("Not paid", "waiting"),
    "processing": ("On its way", "busy"),
    "on": ("On", "good"),
    "off": ("Off", "waiting"),
    "expired": ("Expired", "waiting"),
    "revoked": ("Revoked", "bad"),
    "suspended": ("Suspended", "bad"),
    "sandbox": ("Sandbox", "notice"),
    "waiting": ("Waiting", "waiting"),
    "on_hold": ("On hold", "waiting"),
    "sending": ("Sending", "busy"),
    "delivered": ("Delivered", "good"),
    "healthy": ("Healthy", "good"),
    "reduced": ("Reduced", "notice"),
    "down": ("Unavailable", "bad"),
    "failing": ("Failing", "bad"),
    "paused": ("Paused", "bad"),
}


def _cached(render: Callable[[str], str]) -> Callable[[str], str]:
    """Render a component once for all pages; in debug mode each time."""
    return render if settings.DEBUG else cache(render)


@register.simple_tag
@_cached
def icon(name: str) -> str:
    """Return an icon of `templates/icons/`, hidden from screen readers."""
    return get_template(f"icons/{name}.svg").render()


@register.simple_tag
def credits(amount: int | None, signed: bool = False) -> SafeString:
    """Return an amount of credits, with `signed` also a plus sign."""
    number = amount or 0
    sign = ("+" if number > 0 else MINUS if number < 0 else "") if signed else ""
    sign = sign or (MINUS if number < 0 else "")
    unit = "credit" if abs(number) == 1 else "credits"
    tone = "credits--in" if signed and number > 0 else ""
    return mark_safe(  # noqa: S308  our own words and numbers
        f'<span class="credits {tone}"><span class="credits__number">{sign}{abs(number):,}</span> '
        f'<span class="credits__unit">{unit}</span></span>'
    )


@register.simple_tag
def money(amount: Decimal | int) -> str:
    """Return US dollars with two decimals, or more where they are not zero."""
    exact = Decimal(amount).normalize()
    decimals = max(2, -int(exact.as_tuple().exponent))
    return f"${exact:,.{decimals}f}"


@register.simple_tag
@_cached
def status(state: str) -> str:
    """Show a state as a label with a dot."""
    label, tone = STATES[state]
    return get_template("components/status.html").render({"label": label, "tone": tone})


@register.simple_tag
def when(moment: datetime | None, otherwise: str = "never") -> SafeString | str:
    """Return a time in UTC; `js/times.js` converts it to the viewer's time zone."""
    if moment is None:
        return otherwise
    utc = moment.astimezone(UTC)
    iso = utc.isoformat()
    text = f"{utc.day} {MONTHS[utc.month - 1]} {utc.year}, {iso[11:16]} UTC"
    return mark_safe(f'<time datetime="{iso}">{text}</time>')  # noqa: S308


@register.filter
def seconds_until(start: datetime | None, end: datetime | None) -> str:
    """Return the time between two moments in words."""
    return "" if start is None or end is None else duration((end - start).total_seconds())


@register.filter
def duration(seconds: float) -> str:
    """Return a length of time in words."""
    seconds = max(seconds, 0.0)
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


@register.inclusion_tag("components/button.html")
def button(label: str, **options: Any) -> dict[str, Any]:
    """Show a button, or with `href` a link styled as one.

    Options: href, kind (primary, quiet or danger), icon, type, name, value, form, wide, small,
    once (ignores a double click).
    """
    return {"label": label, "type": "submit", **options}


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, **options: Any) -> dict[str, Any]:
    """Show a form field with its label, help and errors.

    Options: label, help, optional, placeholder, autofocus.
    """
    for name in ("placeholder", "autofocus"):
        if name in options:
            bound.field.widget.attrs[name] = options[name]
    kind = getattr(bound.field.widget, "input_type", "text")
    return {
        "field": bound,
        "is_check": kind == "checkbox",
        "label": bound.label,
        "help": bound.help_text,
        **options,
    }


@register.inclusion_tag("components/choices.html")
def choices(bound: BoundField, **options: Any) -> dict[str, Any]:
    """Show a field of radio buttons or checkboxes as a group. Options: label, optional, columns."""
    return {"field": bound, "label": bound.label, "help": bound.help_text, **options}


@register.inclusion_tag("components/empty.html")
def empty(title: str, text: str = "", **options: Any) -> dict[str, Any]:
    """Show that a list is empty, and what to do next. Options: icon, href, label."""
    return {"title": title, "text": text, "icon": "image", **options}


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context: Mapping[str, Any], newer: str | None, older: str | None) -> dict[str, Any]:
    """Show links to the newer and the older page, given by their keys."""
    query = context["request"].GET.copy()
    for name in ("before", "after"):
        query.pop(name, None)

    def address(name: str, key: str | None) -> str:
        if key is None:
            return ""
        linked = query.copy()
        linked[name] = key
        return f"?{linked.urlencode()}"

    return {"newer": address("after", newer), "older": address("before", older)}


@register.simple_block_tag(takes_context=True)
def card(context: Any, content: str, title: str = "", **options: Any) -> str:
    """Show content in a card. Options: note, flush, href and more (a link)."""
    values = {"content": mark_safe(content), "title": title, **options}  # noqa: S308  rendered above
    return get_template("components/card.html").render(values, context.get("request"))


@register.simple_block_tag
def codeblock(content: str, title: str = "", copy: bool = True, wraps: bool = False) -> str:
    """Show code with a copy button; long lines scroll unless it `wraps`."""
    text = mark_safe(content.strip("\n").rstrip())  # noqa: S308  rendered and escaped above
    return get_template("components/codeblock.html").render(
        {"content": text, "title": title, "copy": copy, "wraps": wraps}
    )


@register.inclusion_tag("components/chart.html")
def chart(drawn: Any, nothing: str = "") -> dict[str, Any]:
    """Show a chart of `kernel.web.charts`; the page has a table of the same numbers nearby."""
    return {"chart": drawn, "nothing": nothing}


@register.filter
def grouped(number: int) -> str:
    """Return a whole number with thousands separators."""
    return f"{number:,}"


@register.filter
def short_number(number: int) -> str:
    """Return a round number in short for a chart's scale, such as 40k."""
    for size, unit in ((1_000_000_000, "bn"), (1_000_000, "m"), (10_000, "k")):
        if number >= size:
            step = size if unit != "k" else 1000
            return f"{number / step:,.10g}{unit}"
    return f"{number:,}"


@register.filter
def words(name: str) -> str:
    """Return a stored name such as `invalid_input` as words."""
    return name.replace("_", " ").capitalize()


@register.filter
def floor_divide(amount: int, by: int) -> int:
    """Return the quotient of two integers, rounded down."""
    return amount // by


@register.filter
def shape(size: str) -> dict[str, float]:
    """Return the rectangle of an aspect ratio such as 16:9, fitted into a square of 20."""
    width, height = (int(part) for part in re.fullmatch(r"(\d+):(\d+)", size).groups())  # type: ignore[union-attr]
    scale = 20 / max(width, height)
    box = {"width": round(width * scale, 2), "height": round(height * scale, 2)}
    return {
        **box,
        "x": round((24 - box["width"]) / 2, 2),
        "y": round((24 - box["height"]) / 2, 2),
    }
