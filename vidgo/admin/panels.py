"""Panels: what the apps above tell about one organization, on its page of the desk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string

from vidgo.admin import pages


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A part of the page: its permission, its template and what fills it."""

    name: str
    place: int
    permission: str
    template: str
    build: Callable[[Any], dict[str, Any]]


_panels: dict[str, Panel] = {}


def register(panel: Panel) -> None:
    """Add a panel."""
    _panels[panel.name] = panel


def render_all(request: HttpRequest, *, organization: Any) -> list[str]:
    """Return the panels that this operator may see, rendered."""
    return [
        render_to_string(
            panel.template, {**panel.build(organization), "organization": organization}, request
        )
        for panel in sorted(_panels.values(), key=lambda panel: panel.place)
        if pages.allows(request, panel.permission)
    ]
