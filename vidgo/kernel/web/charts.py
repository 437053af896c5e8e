"""Bar charts as SVG; the page shows a table of the same numbers below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

# The drawing is stretched to its container: these are proportions, not pixels.
STEP = 10.0
GAP = 2.4
HEIGHT = 100.0
# More labels below the bars would overlap on a phone.
LABELS_MAX = 5


@dataclass(frozen=True, slots=True)
class Series:
    """A series: its name, its tone (`accent`, `good`, `bad`), and a value for each bar."""

    name: str
    tone: str
    values: Sequence[int]


@dataclass(frozen=True, slots=True)
class Bars:
    """All bars of one series, as one SVG path."""

    tone: str
    path: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart, ready for `components/chart.html`."""

    label: str
    series: Sequence[Series]
    bars: list[Bars]
    # An element for each bar: its tooltip, and its label below the axis.
    tips: SafeString
    names: SafeString
    scale: list[int]
    width: float
    height: float = HEIGHT


def stack(
    *, label: str, titles: Sequence[str], short: Sequence[str], series: Sequence[Series]
) -> Chart:
    """Return a stacked bar chart, with the first series at the bottom.

    `titles` name the bars in their tooltips, `short` names them below the axis.
    """
    count = len(titles)
    columns = zip(*(each.values for each in series), strict=True)
    highest = ceiling(max(map(sum, columns), default=0))
    return Chart(
        label=label,
        series=series,
        bars=_bars(series, count, highest),
        tips=_tips(titles, series),
        names=_names(short),
        scale=[highest, highest // 2, 0],
        width=count * STEP,
    )


def _bars(series: Sequence[Series], count: int, highest: int) -> list[Bars]:
    bars = []
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
            bars.append(Bars(each.tone, path))
    return bars


def _tips(titles: Sequence[str], series: Sequence[Series]) -> SafeString:
    """Return the tooltips; joined here, as a template is slow with a hundred of them."""
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
    """Return the labels below the bars: the last one and evenly spaced ones before it."""
    count = len(short)
    step = -(-count // LABELS_MAX)
    return mark_safe(  # noqa: S308  escaped here
        "".join(
            "<li></li>" if (count - 1 - place) % step else f"<li><span>{escape(name)}</span></li>"
            for place, name in enumerate(short)
        )
    )


def ceiling(highest: int) -> int:
    """Return the next even round number at or above the highest value, at least 2."""
    size = 1
    while True:
        for factor in (2, 4, 6, 8):
            if highest <= factor * size:
                return factor * size
        size *= 10
