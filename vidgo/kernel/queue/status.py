"""The state of the queue: what waits, what failed, what is scheduled."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import Failure, OrmQ, Schedule


def is_idle() -> bool:
    """Return whether no task lies in the queue that a worker has yet to pull."""
    return not OrmQ.objects.filter(lock__lte=timezone.now()).exists()


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """What lies in the queue besides bells, and whether anybody takes from it.

    A bell says nothing: there is one as long as all processes are at work.
    """

    waiting: int
    oldest_seconds: float
    # How long the schedule that comes first has been due: a worker looks several times a minute.
    overdue_seconds: float


def read_status() -> QueueStatus:
    """Return how the queue is; in seconds, 0 where nothing waits."""
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
    """Return the names of the schedules there are."""
    return set(Schedule.objects.values_list("name", flat=True))


def count_failures(*, since: datetime) -> Counter[str]:
    """Return how often each task has failed since a moment, by dotted path."""
    failed = Failure.objects.filter(stopped__gte=since).values_list("func")
    return Counter(dict(failed.annotate(count=Count("pk")).order_by()))


def forget_failures(*, before: datetime) -> int:
    """Remove the record of tasks that failed before a moment; return how many there were."""
    removed, _ = Failure.objects.filter(stopped__lt=before).delete()
    return removed
