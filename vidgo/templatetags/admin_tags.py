"""Words of the desk's templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.http import HttpRequest
from django.template.defaultfilters import stringfilter

from vidgo.admin import actions, pages

register = template.Library()

# Django makes the names of columns of their names in Python.
SPELLED = {
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
    context: Mapping[str, Any], name: str, key: Any = None, label: str = "", **asked: Any
) -> dict[str, Any]:
    """Show the way to an action's form, to operators who may do it.

    `asked` is what is filled in there already.
    """
    request: HttpRequest = context["request"]
    action = actions.find(name)
    if action is None or not pages.allows(request, action.permission):
        return {"href": ""}
    keys = [] if key is None else [key]
    return {
        "href": actions.address(name=name, keys=keys, back=request.get_full_path(), **asked),
        "label": label or action.title,
    }


@register.filter(is_safe=True)
@stringfilter
def named(label: str) -> str:
    """Return the name of a column as a person would write it: “Api key” is “API key”.

    What Django puts there as markup, such as the box that chooses all rows, stays as it is.
    """
    spelled = " ".join(SPELLED.get(word.lower(), word) for word in label.split(" "))
    return spelled[:1].upper() + spelled[1:]


@register.filter
def share(part: float | int, whole: float | int) -> str:
    """Return a part of a whole in percent, a dash when there is nothing."""
    return f"{100 * float(part) / float(whole):.1f} %" if whole else "–"
