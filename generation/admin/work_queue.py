"""Admin page of the queue: waiting and running tasks, waiting times, and the workers."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import pluralize
from django.urls import reverse

from generation.reporting import queue_depth
from vidgo.admin import cards, pages
from vidgo.admin.cards import Alarm, Card, CardContent, Figure
from vidgo.admin.pages import Page

PERMISSION = "generation.view_job"
# A longer wait raises an alarm.
LONG_SECONDS = 120.0


def queue_page(request: HttpRequest) -> HttpResponse:
    """Show waiting and running tasks."""
    now = queue_depth.read()
    context = {
        "queue": now,
        "oldest_seconds": round(queue_depth.seconds_since(now.oldest_at)),
        "callbacks_seconds": round(queue_depth.seconds_since(now.callbacks_oldest_at)),
        "background_seconds": round(now.background.oldest_seconds),
        "overdue_seconds": round(now.background.overdue_seconds),
        "waiting": queue_depth.list_waiting(),
        "organization_limit": settings.ORGANIZATION_CONCURRENCY,
    }
    return pages.render(request, "admin/pages/queue.html", context, title="Queue")


def _content() -> CardContent:
    now = queue_depth.read()
    href = reverse("admin:vidgo_queue")
    waited = queue_depth.seconds_since(now.oldest_at)
    alarms = []
    if now.is_silent:
        minutes = int(now.background.overdue_seconds // 60)
        silent = f"No worker has taken a task for {minutes} minutes."
        alarms.append(Alarm(message=silent, href=href))
    if waited > LONG_SECONDS:
        long = f"The oldest task has been waiting for {int(waited // 60)} minutes."
        alarms.append(Alarm(message=long, href=href))
    if now.lost:
        lost = f"{now.lost} running tasks lost their worker and will be taken over."
        alarms.append(Alarm(message=lost, href=href, urgent=False))
    return CardContent(
        figures=(
            Figure(name="Waiting", value=f"{now.queued:,}", note=f"{now.running:,} running"),
            Figure(
                name="Workers",
                value="Silent" if now.is_silent else "Alive",
                note=f"{now.drivers} work cycle{pluralize(now.drivers)} running",
            ),
        ),
        alarms=tuple(alarms),
    )


pages.register(
    Page(
        name="queue",
        path="queue/",
        title="Queue",
        permission=PERMISSION,
        view=queue_page,
        group="Work",
        icon="clock",
        place=30,
    )
)
cards.register(Card(name="queue", place=5, permission=PERMISSION, build=_content))
