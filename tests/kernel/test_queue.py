"""The queue: tasks are pulled once, and wake-ups are coalesced."""

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
    """Poll an empty queue without the worker's pause."""
    monkeypatch.setattr(Conf, "POLL", 0)


def pull(broker: Broker | None = None) -> list[str]:
    """Pull as a worker does until nothing is left; return the paths of the tasks."""
    pulled = []
    while rows := (broker or Broker()).dequeue():
        pulled += [SignedPackage.loads(text)["func"] for _, text in rows]
    return pulled


def test_wake_ups_are_pulled_once_however_often_they_were_sent() -> None:
    for _ in range(50):
        queue.notify(DRIVE)
    assert pull() == [DRIVE]
    # The one that was pulled is left; its worker removes it.
    assert OrmQ.objects.count() == 1


def test_a_wake_up_sent_after_the_last_was_pulled_is_pulled_too() -> None:
    queue.notify(DRIVE)
    assert pull() == [DRIVE]
    queue.notify(DRIVE)
    assert pull() == [DRIVE]


def test_wake_ups_of_other_tasks_are_pulled_too() -> None:
    queue.notify(DRIVE)
    queue.notify(DELIVER)
    queue.notify(DRIVE)
    assert pull() == [DRIVE, DELIVER]


def test_tasks_are_pulled_in_order_and_before_wake_ups() -> None:
    queue.notify(DRIVE)
    for number in range(3):
        queue.enqueue(NOTICE, number)
    queue.notify(DRIVE)
    assert pull() == [NOTICE, NOTICE, NOTICE, DRIVE]


def test_a_cluster_pulls_as_many_wake_ups_as_it_has_processes(settings: Settings) -> None:
    settings.WORKER_PROCESSES = 2
    broker = Broker()
    for _ in range(2):
        queue.notify(DRIVE)
        assert pull(broker) == [DRIVE]
    queue.notify(DRIVE)
    assert pull(broker) == []
    queue.enqueue(NOTICE)
    assert pull(broker) == [NOTICE]
    # A wake-up that ends makes room here, and another cluster may have a free process.
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


def test_a_wake_up_rolls_back_with_its_transaction() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        queue.notify(DRIVE)
        raise RuntimeError
    assert pull() == []


def test_workers_that_pull_at_once_share_the_tasks_without_waiting() -> None:
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


def test_wake_ups_do_not_count_as_waiting_tasks() -> None:
    queue.notify(DRIVE)
    assert queue.read_status().waiting == 0
    assert not queue.is_idle()
    queue.enqueue(NOTICE)
    assert queue.read_status().waiting == 1
