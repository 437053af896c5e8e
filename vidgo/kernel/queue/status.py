"""The state of the queue: waiting tasks, failures and schedules."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import Failure, OrmQ, Schedule


def is_idle() -> bool:
    """Return whether the queue holds no task or wake-up for a worker to pull."""
    return not OrmQ.objects.filter(lock__lte=timezone.now()).exists()


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """The tasks in the queue, and whether workers take them.

    Wake-ups do not count: one always waits while all processes are busy.
    """

    waiting: int
    oldest_seconds: float
    # How long the earliest schedule has been due: a live worker checks several times a minute.
    overdue_seconds: float


def read_status() -> QueueStatus:
    """Return the state of the queue; its times are 0 where nothing waits."""
    now = timezone.now()
    tasks = OrmQ.objects.filter(key=Conf.CLUSTER_NAME, lock__lte=now)
    waiting = tasks.aggregate(count=Count("pk"), oldest=Min("lock"))
    first = Schedule.objects.aggregate(due=Min("next_run"))["due"]
    return QueueStatus(
        waiting=waiting["count"],
        oldest_seconds=(now - waiting["oldest"]).total_seconds() if waiting["oldest"] else 0.0,
        overdue_seconds=max((now - first).total_seconds(), 0.0) if first else 0.0,
    )


def list_scheduled() -> set[str]:
    """Return the names of all schedules."""
    return set(Schedule.objects.values_list("name", flat=True))


def count_failures(*, since: datetime) -> Counter[str]:
    """Return how often each task has failed since a time, by dotted path."""
    failed = Failure.objects.filter(stopped__gte=since).values_list("func")
    return Counter(dict(failed.annotate(count=Count("pk")).order_by()))


def forget_failures(*, before: datetime) -> int:
    """Delete the records of tasks that failed before a time; return how many there were."""
    removed, _ = Failure.objects.filter(stopped__lt=before).delete()
    return removed
