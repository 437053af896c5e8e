"""Usage over time for the overview and the usage page: table rows and two charts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.dateformat import format as format_date

from generation.reporting.daily_usage import Filter, Sums, Usage
from vidgo.kernel.web import charts
from vidgo.kernel.web.charts import Chart, Series

# Longer ranges are charted by month.
DAYS_MAX = 92


@dataclass(frozen=True, slots=True)
class Span:
    """The usage of a day or a month."""

    title: str
    short: str
    sums: Sums


@dataclass(frozen=True, slots=True)
class History:
    """Usage over the days of a filter."""

    spans: list[Span]
    credits: Chart
    jobs: Chart
    is_by_month: bool

    @property
    def filled(self) -> list[Span]:
        """Return the spans with jobs, newest first."""
        return [span for span in reversed(self.spans) if span.sums.jobs]


def history(*, usage: Usage, chosen: Filter) -> History:
    """Return usage by day, or by month for long ranges."""
    is_by_month = (chosen.last_day - chosen.first_day).days >= DAYS_MAX
    spans = (_months if is_by_month else _days)(usage, chosen)
    titles, short = [span.title for span in spans], [span.short for span in spans]
    each = "month" if is_by_month else "day"
    period = f"{titles[0]} to {titles[-1]}, UTC. The table has the same data."
    return History(
        spans=spans,
        is_by_month=is_by_month,
        credits=charts.stack(
            label=f"Credits spent by {each}, {period}",
            titles=titles,
            short=short,
            series=[Series("Credits", "accent", [span.sums.credits for span in spans])],
        ),
        jobs=charts.stack(
            label=f"Jobs by {each}, {period}",
            titles=titles,
            short=short,
            series=[
                Series("Finished", "good", [span.sums.finished for span in spans]),
                Series("Failed", "bad", [span.sums.failed for span in spans]),
                Series("In progress", "waiting", [span.sums.not_over for span in spans]),
            ],
        ),
    )


def _days(usage: Usage, chosen: Filter) -> list[Span]:
    count = (chosen.last_day - chosen.first_day).days + 1
    days = [chosen.first_day + timedelta(days=number) for number in range(count)]
    return [
        Span(
            title=format_date(day, "j M Y"),
            short=format_date(day, "j M"),
            sums=usage.days.get(day, Sums()),
        )
        for day in days
    ]


def _months(usage: Usage, chosen: Filter) -> list[Span]:
    months: dict[date, Sums] = {}
    month = chosen.first_day.replace(day=1)
    while month <= chosen.last_day:
        months[month] = Sums()
        month = (month + timedelta(days=32)).replace(day=1)
    for day, sums in usage.days.items():
        month = day.replace(day=1)
        months[month] = months[month].plus(sums)
    return [
        Span(title=format_date(month, "F Y"), short=format_date(month, "M"), sums=sums)
        for month, sums in months.items()
    ]
