"""Tasks: enqueue one, schedule one."""

from __future__ import annotations

from django_q.models import Schedule
from django_q.tasks import async_task


def enqueue(task: str, *args: str | int) -> None:
    """Put a task in the queue, named `app.tasks.function`.

    Its row is written on the caller's connection, so it commits or rolls back with the caller's
    transaction.
    """
    async_task(task, *args)


def schedule(task: str, *, name: str, minutes: int) -> None:
    """Enqueue a task every `minutes`; called after each migration, so it is idempotent."""
    Schedule.objects.update_or_create(
        name=name,
        defaults={
            "func": task,
            "schedule_type": Schedule.MINUTES,
            "minutes": minutes,
            "repeats": -1,
        },
    )
