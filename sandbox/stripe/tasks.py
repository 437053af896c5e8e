"""What the queue may call: the worker that moves the simulated world along."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from sandbox.stripe import clock, deliveries, plans
from vidgo.kernel import queue

# A worker waits this long for the next thing to do, rather than leaving it to the minute schedule.
WAIT_SECONDS = 5.0
WAITER_LOCK = 0x5712F


def deliver() -> None:
    """Deliver what is due and do what was planned, waiting a little for what is nearly due."""
    end = time.monotonic() + WAIT_SECONDS
    with _sole_waiter() as may_wait:
        while True:
            clock.run_due()
            deliveries.deliver_due()
            waits = [deliveries.seconds_until_next(), plans.seconds_until_next()]
            pause = min((wait for wait in waits if wait is not None), default=WAIT_SECONDS)
            ends_in_time = time.monotonic() + pause < end
            if not (may_wait and ends_in_time) or queue.heartbeat.is_stopping:
                return
            time.sleep(max(pause, 0.05))


@contextmanager
def _sole_waiter() -> Iterator[bool]:
    """Let one worker wait at most: the others have customers' work to do."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [WAITER_LOCK])
        alone = bool(cursor.fetchone()[0])
        try:
            yield alone
        finally:
            if alone:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [WAITER_LOCK])


def schedule() -> None:
    """Store the schedule that makes up for lost bells; called after each migration."""
    queue.schedule("sandbox.stripe.tasks.deliver", name="stripe simulator", minutes=1)
