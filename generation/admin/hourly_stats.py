"""The last day's jobs on the desk's start page: how many, how many failed, and when."""

from __future__ import annotations

from django.urls import reverse

from generation import catalog
from generation.reporting import hourly_stats
from generation.reporting.hourly_stats import Hour
from vidgo.admin import cards
from vidgo.admin.cards import Alarm, Card, CardContent, Figure, Part
from vidgo.kernel.web import charts
from vidgo.kernel.web.charts import Chart, Series

PERMISSION = "generation.view_job"
# Fewer jobs tell nothing about a share; a larger share of failures is worth a look.
FEWEST = 5
SHARE_IS_HIGH = 0.05


def _news() -> CardContent:
    told = hourly_stats.read()
    href = reverse("admin:generation_job_changelist")
    jobs = sum(hour.jobs for hour in told)
    failed = sum(hour.failed for hour in told)
    over = failed + sum(hour.finished for hour in told)
    spent = catalog.load().usd(sum(hour.charged_credits for hour in told))
    figures = (
        Figure(
            name="Jobs in 24 hours",
            value=f"{jobs:,}" + ("+" if jobs == hourly_stats.MOST else ""),
            note=f"${spent:,.2f} charged",
            is_of_today=True,
        ),
        Figure(
            name="Failed in 24 hours",
            value=f"{100 * failed / over:.1f} %" if over else "–",
            note=f"{failed:,} of {over:,}, orders at fault aside",
            is_of_today=True,
        ),
    )
    part = Part(
        title="Jobs by hour",
        note="The last 24 hours, UTC",
        href=href,
        more="All jobs",
        template="admin/pages/parts/hours.html",
        context={"chart": _chart(told), "filled": [h for h in reversed(told) if h.jobs]},
        flush=False,
    )
    return CardContent(figures=figures, alarms=_alarms(told[-2:], href), parts=(part,))


def _alarms(lately: list[Hour], href: str) -> tuple[Alarm, ...]:
    failed = sum(hour.failed for hour in lately)
    over = failed + sum(hour.finished for hour in lately)
    if over < FEWEST or failed <= over * SHARE_IS_HIGH:
        return ()
    since = f"{lately[0].begins_at:%H:%M} UTC"
    return (Alarm(message=f"{failed:,} of {over:,} tasks failed since {since}.", href=href),)


def _chart(told: list[Hour]) -> Chart:
    titles = [f"{hour.begins_at:%H:%M} UTC" for hour in told]
    return charts.stack(
        label=f"Jobs by hour, {titles[0]} of yesterday to now",
        titles=titles,
        short=[f"{hour.begins_at:%H:%M}" for hour in told],
        series=[
            Series("Finished", "good", [hour.finished for hour in told]),
            Series("Failed", "bad", [hour.failed for hour in told]),
            Series("Order at fault", "accent", [hour.refused for hour in told]),
            Series("In progress", "waiting", [hour.not_over for hour in told]),
        ],
    )


cards.register(Card(name="hours", place=2, permission=PERMISSION, build=_news))
