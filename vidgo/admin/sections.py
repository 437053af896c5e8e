"""Panels: what the apps above tell about one organization, on its page of the desk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string

from vidgo.admin import pages


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the page: its permission, its template and what fills it."""

    name: str
    place: int
    permission: str
    template: str
    build: Callable[[Any], dict[str, Any]]


_sections: dict[str, Section] = {}


def register(section: Section) -> None:
    """Add a section."""
    _sections[section.name] = section


def render_all(request: HttpRequest, *, organization: Any) -> list[str]:
    """Return the sections that this operator may see, rendered."""
    return [
        render_to_string(
            section.template, {**section.build(organization), "organization": organization}, request
        )
        for section in sorted(_sections.values(), key=lambda section: section.place)
        if pages.allows(request, section.permission)
    ]
