"""The tasks of the queue: deliver what is due, and do what is planned."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from django.db import connection, transaction
from django.db.models import Min
from django.utils import timezone

from sandbox.stripe import (
    checkout,
    checkout_payments,
    deliveries,
    disputes,
    idempotency,
    refunds,
    store,
)
from sandbox.stripe.errors import Refusal
from sandbox.stripe.models import Delivery, Plan
from vidgo.kernel import queue

log = structlog.get_logger(__name__)

# A task waits up to this long for the next thing to do instead of leaving it to the schedule.
WAIT_SECONDS = 5.0
WAITER_LOCK = 0x5712F

ACTIONS: dict[str, Callable[[str], object]] = {
    "settle": lambda subject: checkout_payments.settle(payment_intent=subject),
    "dispute_fraudulent": lambda subject: disputes.open_dispute(charge=subject),
    "dispute_product_not_received": lambda subject: disputes.open_dispute(
        charge=subject, reason="product_not_received"
    ),
    "inquire": lambda subject: disputes.open_dispute(charge=subject, inquiry=True),
    "warn": lambda subject: disputes.warn(charge=subject),
    "settle_refund": lambda subject: refunds.succeed(refund=subject),
    "fail_refund": lambda subject: refunds.fail(refund=subject, reason="expired_or_canceled_card"),
}


def deliver() -> None:
    """Deliver due events and run due plans, waiting a little for those that are nearly due."""
    end = time.monotonic() + WAIT_SECONDS
    with _sole_waiter() as may_wait:
        while True:
            run_due()
            deliveries.deliver_due()
            pause = seconds_until_next()
            ends_in_time = time.monotonic() + pause < end
            if not (may_wait and ends_in_time) or queue.heartbeat.is_stopping:
                return
            time.sleep(max(pause, 0.05))


def schedule() -> None:
    """Schedule the task once a minute, in case a wake-up is lost; called after each migration."""
    queue.schedule("sandbox.stripe.tasks.deliver", name="stripe simulator", minutes=1)


def run_due(*, early: bool = False) -> int:
    """Run the plans that are due, with `early` all of them, and return how many.

    Also expires overdue sessions and deletes old idempotency keys.
    """
    checkout.expire_overdue()
    idempotency.forget_old()
    due = Plan.objects.all() if early else Plan.objects.filter(due_at__lte=timezone.now())
    if not due.exists():
        return 0
    with store.writing():
        plans = list(due.order_by("due_at", "id"))
        for plan in plans:
            plan.delete()
            try:
                with transaction.atomic():
                    ACTIONS[plan.action](plan.subject)
            except Refusal as refusal:
                # Something else came first, such as a full refund before the dispute.
                log.info("stripe_simulator_plan_dropped", plan=str(plan), because=str(refusal))
        return len(plans)


def seconds_until_next() -> float:
    """Return how long until a delivery or a plan is due, WAIT_SECONDS if none is."""
    pending = Delivery.objects.filter(state=Delivery.State.PENDING)
    times = (rows.aggregate(at=Min("due_at"))["at"] for rows in (pending, Plan.objects.all()))
    waits = [(at - timezone.now()).total_seconds() for at in times if at is not None]
    return min(waits, default=WAIT_SECONDS)


@contextmanager
def _sole_waiter() -> Iterator[bool]:
    """Yield whether this worker may wait: only one does, the others have other work."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [WAITER_LOCK])
        alone = bool(cursor.fetchone()[0])
        try:
            yield alone
        finally:
            if alone:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [WAITER_LOCK])
