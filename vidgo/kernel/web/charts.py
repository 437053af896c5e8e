"""Charts: bars over days, drawn here as SVG; the page puts a table of the same numbers below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

# The drawing is stretched to the room it gets: these are shares of it, not pixels.
STEP = 10.0
GAP = 2.4
HEIGHT = 100.0
# Not so many names below the bars that they touch on a phone.
LABELS_MAX = 5


@dataclass(frozen=True, slots=True)
class Series:
    """What is drawn: its name, its tone (`accent`, `good`, `bad`), and a number for each bar."""

    name: str
    tone: str
    values: Sequence[int]


@dataclass(frozen=True, slots=True)
class Shape:
    """All rectangles of one series, as the path of an SVG."""

    tone: str
    path: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing and all that is written around it."""

    label: str
    series: Sequence[Series]
    shapes: list[Shape]
    # An element for each bar: what is told where the pointer rests, and what stands below it.
    tips: SafeString
    names: SafeString
    scale: list[int]
    width: float
    height: float = HEIGHT


def stack(
    *, label: str, titles: Sequence[str], short: Sequence[str], series: Sequence[Series]
) -> Chart:
    """Return bars side by side, in each the series from the bottom up.

    `titles` name the bars in full, `short` below the axis, where there is room for some of them.
    """
    count = len(titles)
    highest = ceiling(max((sum(column) for column in _columns(series, count)), default=0))
    return Chart(
        label=label,
        series=series,
        shapes=_shapes(series, count, highest),
        tips=_tips(titles, series),
        names=_names(short),
        scale=[highest, highest // 2, 0],
        width=count * STEP,
    )


def _shapes(series: Sequence[Series], count: int, highest: int) -> list[Shape]:
    shapes = []
    width = STEP - GAP
    tops = [HEIGHT] * count
    for each in series:
        path = ""
        for place in range(count):
            if height := round(each.values[place] / highest * HEIGHT, 2):
                tops[place] -= height
                left = place * STEP + GAP / 2
                path += f"M{left:g} {tops[place]:g}h{width:g}v{height:g}h{-width:g}z"
        if path:
            shapes.append(Shape(each.tone, path))
    return shapes


def _tips(titles: Sequence[str], series: Sequence[Series]) -> SafeString:
    """Return an element for each bar; joined here, as a template takes long for a hundred."""
    count = len(titles)
    tips = []
    for place, title in enumerate(titles):
        parts = "".join(
            f'<span class="chart__value chart__value--{each.tone}">'
            f"{each.values[place]:,} {escape(each.name.lower())}</span>"
            for each in series
            if each.values[place]
        )
        late = " chart__bar--late" if place >= count / 2 else ""
        tips.append(
            f'<li class="chart__bar{late}"><span class="chart__tip">'
            f"<strong>{escape(title)}</strong>{parts or '<span>nothing</span>'}</span></li>"
        )
    return mark_safe("".join(tips))  # noqa: S308  escaped above


def _names(short: Sequence[str]) -> SafeString:
    """Return the names below the bars: the last, and some before it, evenly."""
    count = len(short)
    step = -(-count // LABELS_MAX)
    return mark_safe(  # noqa: S308  escaped here
        "".join(
            "<li></li>" if (count - 1 - place) % step else f"<li><span>{escape(name)}</span></li>"
            for place, name in enumerate(short)
        )
    )


def ceiling(highest: int) -> int:
    """Return the even round number at or above the highest value, at least 2."""
    size = 1
    while True:
        for factor in (2, 4, 6, 8):
            if highest <= factor * size:
                return factor * size
        size *= 10


def _columns(series: Sequence[Series], count: int) -> list[list[int]]:
    return [[each.values[place] for each in series] for place in range(count)]
