"""The queue: what workers are asked to do. The only module that knows django-q2.

A task is named by its dotted path, so that apps need not import each other, and carries ids at
most: what is to be done stands in the rows, and a task that runs twice or is lost changes nothing.
A bell is a task without arguments that looks for all the work there is.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import secrets
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Count, Min
from django.utils import timezone
from django_q import core_signing
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import Failure, OrmQ, Schedule
from django_q.signing import BadSignature, PickleSerializer, SignedPackage
from django_q.tasks import async_task

# A bell's row carries its task in the name of its queue.
_BELL = f"{Conf.CLUSTER_NAME} bell "

# One row that nobody has pulled: another task's before a bell's, of which there is always one more
# while customers order. Of bells for the same task one is kept, since whoever hears it looks at all
# that was committed with the others. No bell while there is a process at work for each: it would
# lie in memory, where other tasks would wait behind it.
_PULL = """
WITH first AS (
    SELECT id, key FROM django_q_ormq
     WHERE lock < %(now)s
       AND (key = %(queue)s OR %(hears)s AND starts_with(key, %(bell)s))
     ORDER BY key <> %(queue)s, id
     LIMIT 1
       FOR UPDATE SKIP LOCKED
), same AS (
    SELECT other.id FROM django_q_ormq other, first
     WHERE other.key = first.key AND first.key <> %(queue)s
       AND other.id <> first.id AND other.lock < %(now)s
       FOR UPDATE OF other SKIP LOCKED
), removed AS (
    DELETE FROM django_q_ormq WHERE id IN (SELECT id FROM same)
)
UPDATE django_q_ormq SET lock = %(until)s FROM first
 WHERE django_q_ormq.id = first.id
RETURNING django_q_ormq.id, payload, first.key <> %(queue)s
"""


class Broker(ORM):
    """The queue's table, with bells that do not pile up and rows that outlive a SECRET_KEY.

    django-q2 drops a row that the present key has not signed. What a key of SECRET_KEY_FALLBACKS
    has signed is signed anew on its way to a worker.
    """

    # The bells that were pulled here and whose tasks go on: a row is removed when its task ends.
    heard: tuple[int, ...] = ()

    def dequeue(self) -> list[tuple[int, str]] | None:
        """Return the row that is this worker's from now on, as its number and its text."""
        # Also drops a connection that was lost.
        rows = self.get_connection()
        if self.heard:
            self.heard = tuple(rows.filter(pk__in=self.heard).values_list("pk", flat=True))
        now = timezone.now()
        values = {
            "queue": self.list_key,
            "bell": _BELL,
            "hears": len(self.heard) < settings.WORKER_PROCESSES,
            "now": now,
            "until": now + timedelta(seconds=Conf.RETRY),
        }
        with connection.cursor() as cursor:
            cursor.execute(_PULL, values)
            row = cursor.fetchone()
        if row is None:
            # The pusher asks again at once.
            time.sleep(Conf.POLL)
            return None
        number, text, is_bell = row
        if is_bell:
            self.heard += (number,)
        return [(number, _signed_anew(text))]


def _signed_anew(text: str) -> str:
    for key in settings.SECRET_KEY_FALLBACKS:
        with contextlib.suppress(BadSignature):
            task = core_signing.loads(text, key=key, salt=Conf.PREFIX, serializer=PickleSerializer)
            return str(SignedPackage.dumps(task))
    return text


def enqueue(task: str, *args: str | int) -> None:
    """Put a task in the queue, named `app.tasks.function`.

    The queue's row is written on the caller's connection: inside a transaction it commits or
    rolls back with everything else.
    """
    async_task(task, *args)


def ring(task: str) -> None:
    """Ring a task's bell: have it look for work, once for all who rang before it was heard.

    Like `enqueue`, on the caller's connection.
    """
    async_task(task, broker=Broker(list_key=f"{_BELL}{task}"))


def is_idle() -> bool:
    """Tell whether no task lies in the queue that a worker has yet to pull."""
    return not OrmQ.objects.filter(lock__lte=timezone.now()).exists()


@dataclass(frozen=True, slots=True)
class Look:
    """What lies in the queue besides bells, and whether anybody takes from it.

    A bell says nothing: there is one as long as all processes are at work.
    """

    waiting: int
    oldest_seconds: float
    # How long the schedule that comes first has been due: a worker looks several times a minute.
    overdue_seconds: float


def look() -> Look:
    """Return how the queue is; in seconds, 0 where nothing waits."""
    now = timezone.now()
    tasks = OrmQ.objects.filter(key=Conf.CLUSTER_NAME, lock__lte=now)
    waiting = tasks.aggregate(count=Count("pk"), oldest=Min("lock"))
    first = Schedule.objects.aggregate(due=Min("next_run"))["due"]
    return Look(
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


class Pulse:
    """A few bytes shared by a supervisor and every process forked below it.

    It tells the tasks that the cluster is to stop, and the supervisor when one last stirred.
    Plain memory without a lock: a lock could die in the hands of a killed process.
    """

    class _Layout(ctypes.Structure):
        _fields_ = (("stopping", ctypes.c_bool), ("beat", ctypes.c_double), ("forks", ctypes.c_int))

    def __init__(self) -> None:
        self._shared = self._Layout.from_buffer(mmap.mmap(-1, ctypes.sizeof(self._Layout)))
        self.beat()

    def beat(self) -> None:
        """Note that a task has begun or goes on, in system-wide monotonic seconds."""
        self._shared.beat = time.monotonic()

    def stop(self) -> None:
        """Tell the tasks to end early."""
        self._shared.stopping = True

    def count_fork(self) -> None:
        """Note that the cluster makes a process; its processes do so one after another."""
        self._shared.forks += 1

    def begin_anew(self) -> None:
        """Forget what was noted about a cluster that is gone."""
        self.beat()
        self._shared.forks = 0

    @property
    def is_stopping(self) -> bool:
        """Tell whether the tasks should end early."""
        return bool(self._shared.stopping)

    @property
    def seconds_since_beat(self) -> float:
        """Return how long ago a task last stirred."""
        return time.monotonic() - float(self._shared.beat)

    @property
    def forks(self) -> int:
        """Return how many processes the cluster has made."""
        return int(self._shared.forks)


# Replaced by the supervisor before it forks; outside a worker it just never stops anything.
pulse = Pulse()
# Names the cluster in leases, so that a supervisor can void those of processes it has killed. The
# random part tells containers apart whose host name and process number are the same.
cluster_name = f"{os.uname().nodename[:40]}.{os.getpid()}.{secrets.token_hex(4)}"
