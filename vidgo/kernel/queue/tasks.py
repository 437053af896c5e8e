"""Tasks: put one in the queue, wake one up, schedule one."""

from __future__ import annotations

from django_q.models import Schedule
from django_q.tasks import async_task

from vidgo.kernel.queue.broker import WAKE_UP_PREFIX, Broker


def enqueue(task: str, *args: str | int) -> None:
    """Put a task in the queue, named `app.tasks.function`.

    The queue's row is written on the caller's connection: inside a transaction it commits or
    rolls back with everything else.
    """
    async_task(task, *args)


def notify(task: str) -> None:
    """Ring a task's bell: have it look for work, once for all who rang before it was heard.

    Like `enqueue`, on the caller's connection.
    """
    async_task(task, broker=Broker(list_key=f"{WAKE_UP_PREFIX}{task}"))


def schedule(task: str, *, name: str, minutes: int) -> None:
    """Have a task enqueued every `minutes`; called after each migration, so it is idempotent."""
    Schedule.objects.update_or_create(
        name=name,
        defaults={
            "func": task,
            "schedule_type": Schedule.MINUTES,
            "minutes": minutes,
            "repeats": -1,
        },
    )
