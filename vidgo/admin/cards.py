"""Dashboard cards: the alarms, figures and short tables of the start page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from vidgo.admin import pages


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """Something that is wrong, and the page where to act on it."""

    message: str
    href: str
    # Costs money or keeps customers waiting; listed before what can wait until tomorrow.
    urgent: bool = True


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number and what it counts."""

    name: str
    value: str
    note: str = ""
    # Of the business lately, rather than of the system right now.
    is_of_today: bool = False


@dataclass(frozen=True, kw_only=True)
class Part:
    """A box with a title, a link to more, and the template of its content."""

    title: str
    href: str
    more: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    flush: bool = True


@dataclass(frozen=True, kw_only=True)
class CardContent:
    """The current content of a card."""

    figures: tuple[Figure, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Card:
    """A card of the start page, shown to operators with the permission."""

    name: str
    place: int
    permission: str
    build: Callable[[], CardContent]


_cards: dict[str, Card] = {}


def register(card: Card) -> None:
    """Add a card."""
    _cards[card.name] = card


def read_all(request: HttpRequest) -> CardContent:
    """Return the content of all cards that this operator may see, urgent alarms first."""
    contents = [
        card.build()
        for card in sorted(_cards.values(), key=lambda card: card.place)
        if pages.allows(request, card.permission)
    ]
    alarms = [alarm for each in contents for alarm in each.alarms]
    return CardContent(
        figures=tuple(figure for each in contents for figure in each.figures),
        alarms=tuple(sorted(alarms, key=lambda alarm: not alarm.urgent)),
        parts=tuple(part for each in contents for part in each.parts),
    )
