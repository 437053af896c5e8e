"""Inline styles for e-mails: mail clients ignore stylesheets, so each element has its own style.

The colors are the light ones of `static/css/tokens.css`; `emails/base.html` changes them for dark
mode through the class beside each style.
"""

import re

from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

MONO = "font-family:ui-monospace,Menlo,Consolas,monospace;font-size:14px"
# By element, or by element and class: its class for dark mode, and its style.
STYLES = {
    "h1": (
        "m-ink",
        "margin:0 0 14px;font-size:23px;line-height:1.25;font-weight:700;"
        "letter-spacing:-0.4px;color:#1a1814",
    ),
    "p": ("m-soft", "margin:0 0 14px;color:#504c44"),
    "p.faint": ("m-faint", "margin:14px 0 0;font-size:13px;line-height:1.5;color:#6b665c"),
    "a": ("m-ink", "color:#1a1814;text-decoration:underline"),
    "strong": ("m-ink", "font-weight:600;color:#1a1814"),
    "code": ("m-ink", f"{MONO};color:#1a1814"),
    "ul": ("m-soft", "margin:0 0 14px;padding:0 0 0 20px;color:#504c44"),
    "li": ("m-soft", "margin:0 0 6px;color:#504c44"),
    "table": ("m-line", "width:100%;margin:6px 0 14px;border-collapse:collapse"),
    "th": (
        "m-faint m-line",
        "width:1%;padding:8px 18px 8px 0;border-top:1px solid #e6e2da;font-size:14px;"
        "font-weight:400;text-align:left;vertical-align:top;white-space:nowrap;color:#6b665c",
    ),
    "td": (
        "m-ink m-line",
        "padding:8px 0;border-top:1px solid #e6e2da;font-size:14px;vertical-align:top;"
        "word-break:break-word;color:#1a1814",
    ),
}
ELEMENT = re.compile(r"<(h1|p|a|strong|code|ul|li|table|th|td)((?:\s[^<>]*)?)>")
CLASS = re.compile(r'\sclass="([\w-]+)"')


@register.filter(is_safe=True)
def inlined(content: str) -> SafeString:
    """Return HTML with a style on every element of `STYLES`."""
    return mark_safe(ELEMENT.sub(_styled, content))  # noqa: S308  rendered and escaped before


def _styled(found: re.Match[str]) -> str:
    element, attributes = found[1], found[2]
    if "style=" in attributes:
        return found[0]
    named = CLASS.search(attributes)
    name, style = STYLES[f"{element}.{named[1]}" if named else element]
    return f'<{element}{CLASS.sub("", attributes)} class="{name}" style="{style}">'
