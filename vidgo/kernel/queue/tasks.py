"""Tasks: enqueue one, notify one of new work, schedule one."""

from __future__ import annotations

from django_q.models import Schedule
from django_q.tasks import async_task

from vidgo.kernel.queue.broker import WAKE_UP_PREFIX, Broker


def enqueue(task: str, *args: str | int) -> None:
    """Put a task in the queue, named `app.tasks.function`.

    Its row is written on the caller's connection, so it commits or rolls back with the caller's
    transaction.
    """
    async_task(task, *args)


def notify(task: str) -> None:
    """Send a task a wake-up: it looks for due work once, for all wake-ups sent until then.

    Like `enqueue`, on the caller's connection.
    """
    async_task(task, broker=Broker(list_key=f"{WAKE_UP_PREFIX}{task}"))


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
