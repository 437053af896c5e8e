"""Sections that apps add to an organization's page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string

from vidgo.admin import pages


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section: its permission, its template and what builds the template's context."""

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
    """Return the rendered sections that this operator may see."""
    return [
        render_to_string(
            section.template, {**section.build(organization), "organization": organization}, request
        )
        for section in sorted(_sections.values(), key=lambda section: section.place)
        if pages.allows(request, section.permission)
    ]
