"""Tiles: what each page of the desk says in short on the start page, alarms first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from vidgo.admin import pages


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """Something to do: what is wrong, in a sentence, and where to look."""

    sentence: str
    href: str
    # What costs money or keeps customers waiting comes before what can wait until tomorrow.
    urgent: bool = True


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number and what it counts."""

    name: str
    value: str
    note: str = ""
    # What the business did lately; without it, how the machinery is doing now.
    is_of_today: bool = False


@dataclass(frozen=True, kw_only=True)
class Part:
    """A card: its title, the page that says more, and the template of what is in it."""

    title: str
    href: str
    more: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    flush: bool = True


@dataclass(frozen=True, kw_only=True)
class News:
    """What a tile says now."""

    figures: tuple[Figure, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One part of the start page."""

    name: str
    place: int
    permission: str
    build: Callable[[], News]


_tiles: dict[str, Tile] = {}


def register(tile: Tile) -> None:
    """Add a tile."""
    _tiles[tile.name] = tile


def read_all(request: HttpRequest) -> News:
    """Return what this operator may see of all tiles, the urgent alarms first."""
    news = [
        tile.build()
        for tile in sorted(_tiles.values(), key=lambda tile: tile.place)
        if pages.allows(request, tile.permission)
    ]
    alarms = [alarm for each in news for alarm in each.alarms]
    return News(
        figures=tuple(figure for each in news for figure in each.figures),
        alarms=tuple(sorted(alarms, key=lambda alarm: not alarm.urgent)),
        parts=tuple(part for each in news for part in each.parts),
    )
