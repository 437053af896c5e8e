"""The queue: tasks are pulled once, and bells do not pile up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from pytest_django import Settings

from vidgo.kernel import queue
from vidgo.kernel.queue.broker import Broker

pytestmark = pytest.mark.django_db(transaction=True)
DRIVE, DELIVER, NOTICE = "app.tasks.drive", "app.tasks.deliver", "app.tasks.notice"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask an empty queue without the rest that a worker takes."""
    monkeypatch.setattr(Conf, "POLL", 0)


def pull(broker: Broker | None = None) -> list[str]:
    """Pull as a worker does until nothing is left; return the paths of the tasks."""
    pulled = []
    while rows := (broker or Broker()).dequeue():
        pulled += [SignedPackage.loads(text)["func"] for _, text in rows]
    return pulled


def test_a_bell_is_heard_once_however_often_it_was_rung() -> None:
    for _ in range(50):
        queue.notify(DRIVE)
    assert pull() == [DRIVE]
    # What is left is the one that was heard; its worker removes it.
    assert OrmQ.objects.count() == 1


def test_a_bell_that_rings_after_it_was_heard_is_heard_again() -> None:
    queue.notify(DRIVE)
    assert pull() == [DRIVE]
    queue.notify(DRIVE)
    assert pull() == [DRIVE]


def test_bells_of_other_tasks_are_heard_too() -> None:
    queue.notify(DRIVE)
    queue.notify(DELIVER)
    queue.notify(DRIVE)
    assert pull() == [DRIVE, DELIVER]


def test_a_task_waits_behind_no_bell_and_each_is_pulled_in_its_turn() -> None:
    queue.notify(DRIVE)
    for number in range(3):
        queue.enqueue(NOTICE, number)
    queue.notify(DRIVE)
    assert pull() == [NOTICE, NOTICE, NOTICE, DRIVE]


def test_a_cluster_hears_as_many_bells_as_it_has_processes(settings: Settings) -> None:
    settings.WORKER_PROCESSES = 2
    broker = Broker()
    for _ in range(2):
        queue.notify(DRIVE)
        assert pull(broker) == [DRIVE]
    queue.notify(DRIVE)
    assert pull(broker) == []
    queue.enqueue(NOTICE)
    assert pull(broker) == [NOTICE]
    # Another machine's may have a process to spare, and one that ends here makes room.
    broker.acknowledge(broker.pulled[0])
    assert pull(broker) == [DRIVE]
    queue.notify(DRIVE)
    assert pull(Broker()) == [DRIVE]


def test_what_was_pulled_and_never_done_is_pulled_again() -> None:
    queue.notify(DRIVE)
    queue.enqueue(NOTICE)
    assert pull() == [NOTICE, DRIVE]
    assert pull() == []
    OrmQ.objects.update(lock=timezone.now() - timedelta(seconds=1))
    assert pull() == [NOTICE, DRIVE]


def test_a_bell_of_a_transaction_that_fails_was_not_rung() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        queue.notify(DRIVE)
        raise RuntimeError
    assert pull() == []


def test_workers_that_pull_at_once_share_the_tasks_and_wait_for_nobody() -> None:
    for number in range(40):
        queue.enqueue(NOTICE, number)
        queue.notify(DRIVE)

    def work(_: int) -> list[str]:
        try:
            return pull()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        pulled = [task for tasks in pool.map(work, range(4)) for task in tasks]
    assert pulled.count(NOTICE) == 40
    assert 1 <= pulled.count(DRIVE) <= 4


def test_bells_are_no_task_that_waits() -> None:
    queue.notify(DRIVE)
    assert queue.read_status().waiting == 0
    assert not queue.is_idle()
    queue.enqueue(NOTICE)
    assert queue.read_status().waiting == 1
