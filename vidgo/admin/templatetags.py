"""Template tags of the admin, loaded as `admin_tags`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.http import HttpRequest
from django.template.defaultfilters import stringfilter

from vidgo.admin import actions, pages

register = template.Library()

# Django derives the labels of columns from their names in Python.
SPELLINGS = {
    "api": "API",
    "id": "ID",
    "ip": "IP",
    "ms": "(ms)",
    "stripe": "Stripe",
    "url": "URL",
    "usd": "(USD)",
}


@register.inclusion_tag("admin/pages/parts/act.html", takes_context=True)
def act(
    context: Mapping[str, Any], name: str, key: Any = None, label: str = "", **initial: Any
) -> dict[str, Any]:
    """Show a button to an action's form with initial values, if the operator may run it."""
    request: HttpRequest = context["request"]
    action = actions.find(name)
    if action is None or not pages.allows(request, action.permission):
        return {"href": ""}
    keys = [] if key is None else [key]
    return {
        "href": actions.address(name=name, keys=keys, back=request.get_full_path(), **initial),
        "label": label or action.title,
    }


@register.filter(is_safe=True)
@stringfilter
def named(label: str) -> str:
    """Return the label of a column with correct spelling: “Api key” becomes “API key”.

    Markup, such as Django's checkbox for all rows, stays unchanged.
    """
    spelled = " ".join(SPELLINGS.get(word.lower(), word) for word in label.split(" "))
    return spelled[:1].upper() + spelled[1:]


@register.filter
def share(part: float | int, whole: float | int) -> str:
    """Return a part of a whole in percent, or a dash if the whole is zero."""
    return f"{100 * float(part) / float(whole):.1f} %" if whole else "–"
