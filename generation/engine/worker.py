"""The worker: one work cycle, in which the job loop and the delivery loop run as siblings.

Webhook deliveries never wait for images, and images never wait for a slow receiver. The job loop
runs in the task's thread, the delivery loop in a second one with its own event loop.
"""

from __future__ import annotations

import threading

from generation.callbacks.delivery import DeliveryLoop
from generation.engine import claims, job_loop
from vidgo.kernel import queue

LOOK_SECONDS = 0.1


def run_cycle() -> None:
    """Drive jobs and deliver webhooks for about WORK_CYCLE_SECONDS.

    While deliveries are in flight, the job loop runs again whenever a job is due. Raises the
    error of either loop, once both have ended.
    """
    deliveries = DeliveryLoop()
    thread = threading.Thread(target=deliveries.run_in_thread, name="webhooks", daemon=True)
    thread.start()
    try:
        job_loop.drive()
        deliveries.alone.set()
        while thread.is_alive():
            thread.join(LOOK_SECONDS)
            if thread.is_alive() and not queue.heartbeat.is_stopping and claims.is_due():
                job_loop.drive()
    finally:
        deliveries.alone.set()
        thread.join()
    if deliveries.error is not None:
        raise deliveries.error
