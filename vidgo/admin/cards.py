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
class CardContent:
    """What a card says now."""

    figures: tuple[Figure, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Card:
    """One part of the start page."""

    name: str
    place: int
    permission: str
    build: Callable[[], CardContent]


_cards: dict[str, Card] = {}


def register(card: Card) -> None:
    """Add a card."""
    _cards[card.name] = card


def read_all(request: HttpRequest) -> CardContent:
    """Return what this operator may see of all cards, the urgent alarms first."""
    news = [
        card.build()
        for card in sorted(_cards.values(), key=lambda card: card.place)
        if pages.allows(request, card.permission)
    ]
    alarms = [alarm for each in news for alarm in each.alarms]
    return CardContent(
        figures=tuple(figure for each in news for figure in each.figures),
        alarms=tuple(sorted(alarms, key=lambda alarm: not alarm.urgent)),
        parts=tuple(part for each in news for part in each.parts),
    )
