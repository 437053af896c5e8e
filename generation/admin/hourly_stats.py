"""Dashboard card of the last 24 hours: jobs and failures by hour."""

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
# Failure rates of fewer jobs mean nothing; a higher rate raises an alarm.
SAMPLE_MINIMUM = 5
FAILURE_RATE_HIGH = 0.05


def _content() -> CardContent:
    hours = hourly_stats.read()
    href = reverse("admin:generation_job_changelist")
    jobs = sum(hour.jobs for hour in hours)
    failed = sum(hour.failed for hour in hours)
    over = failed + sum(hour.finished for hour in hours)
    spent = catalog.load().usd(sum(hour.charged_credits for hour in hours))
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
            note=f"{failed:,} of {over:,}, invalid requests excluded",
            is_of_today=True,
        ),
    )
    part = Part(
        title="Jobs by hour",
        note="The last 24 hours, UTC",
        href=href,
        more="All jobs",
        template="admin/pages/parts/hours.html",
        context={"chart": _chart(hours), "filled": [hour for hour in reversed(hours) if hour.jobs]},
        flush=False,
    )
    return CardContent(figures=figures, alarms=_alarms(hours[-2:], href), parts=(part,))


def _alarms(recent: list[Hour], href: str) -> tuple[Alarm, ...]:
    failed = sum(hour.failed for hour in recent)
    over = failed + sum(hour.finished for hour in recent)
    if over < SAMPLE_MINIMUM or failed <= over * FAILURE_RATE_HIGH:
        return ()
    since = f"{recent[0].begins_at:%H:%M} UTC"
    return (Alarm(message=f"{failed:,} of {over:,} tasks failed since {since}.", href=href),)


def _chart(hours: list[Hour]) -> Chart:
    titles = [f"{hour.begins_at:%H:%M} UTC" for hour in hours]
    return charts.stack(
        label=f"Jobs by hour, {titles[0]} yesterday to now",
        titles=titles,
        short=[f"{hour.begins_at:%H:%M}" for hour in hours],
        series=[
            Series("Finished", "good", [hour.finished for hour in hours]),
            Series("Failed", "bad", [hour.failed for hour in hours]),
            Series("Invalid request", "accent", [hour.refused for hour in hours]),
            Series("In progress", "waiting", [hour.not_over for hour in hours]),
        ],
    )


cards.register(Card(name="hours", place=2, permission=PERMISSION, build=_content))
