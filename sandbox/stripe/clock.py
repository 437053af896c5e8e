"""The clock: does what was planned once its time has come."""

from collections.abc import Callable

import structlog
from django.db import transaction
from django.utils import timezone

from sandbox.stripe import checkout, checkout_payments, disputes, idempotency, radar, refunds, store
from sandbox.stripe.errors import Refusal
from sandbox.stripe.models import Plan

log = structlog.get_logger(__name__)

ACTIONS: dict[str, Callable[[str], object]] = {
    "settle": lambda subject: checkout_payments.settle(payment_intent=subject),
    "dispute_fraudulent": lambda subject: disputes.open_dispute(charge=subject),
    "dispute_product_not_received": lambda subject: disputes.open_dispute(
        charge=subject, reason="product_not_received"
    ),
    "inquire": lambda subject: disputes.open_dispute(charge=subject, inquiry=True),
    "warn": lambda subject: radar.warn(charge=subject),
    "settle_refund": lambda subject: refunds.succeed(refund=subject),
    "fail_refund": lambda subject: refunds.fail(refund=subject, reason="expired_or_canceled_card"),
}


def run_due(*, early: bool = False) -> int:
    """Do what is planned for now, with `early` also what is planned for later; returns how much.

    Also expires overdue sessions and forgets old idempotency keys.
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
                # Somebody was faster, such as with a full refund before the dispute.
                log.info("stripe_simulator_plan_dropped", plan=str(plan), because=str(refusal))
        return len(plans)
