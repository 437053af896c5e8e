"""Wake-ups: have a worker look for due work. The broker coalesces those of one task."""

from __future__ import annotations

from django_q.tasks import async_task

from vidgo.kernel.queue.broker import WAKE_UP_PREFIX, Broker


def notify(task: str) -> None:
    """Send a task a wake-up: it looks for due work once, for all wake-ups sent until then.

    Like `enqueue`, on the caller's connection.
    """
    async_task(task, broker=Broker(list_key=f"{WAKE_UP_PREFIX}{task}"))
