"""Words of the desk's templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.http import HttpRequest

from vidgo.desk import actions, pages

register = template.Library()


@register.inclusion_tag("desk/parts/act.html", takes_context=True)
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


@register.filter
def share(part: float | int, whole: float | int) -> str:
    """Return a part of a whole in percent, a dash when there is nothing."""
    return f"{100 * float(part) / float(whole):.1f} %" if whole else "–"
