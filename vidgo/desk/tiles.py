"""Tiles: what each page of the desk says in short on the start page, alarms first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest

from vidgo.desk import pages


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


@dataclass(frozen=True, kw_only=True)
class News:
    """What a tile says now."""

    figures: tuple[Figure, ...] = ()
    alarms: tuple[Alarm, ...] = ()


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


def read_all(request: HttpRequest) -> tuple[list[Alarm], list[Figure]]:
    """Return the alarms, the urgent ones first, and the figures this operator may see."""
    alarms: list[Alarm] = []
    figures: list[Figure] = []
    for tile in sorted(_tiles.values(), key=lambda tile: tile.place):
        if pages.allows(request, tile.permission):
            news = tile.build()
            alarms.extend(news.alarms)
            figures.extend(news.figures)
    return sorted(alarms, key=lambda alarm: not alarm.urgent), figures
