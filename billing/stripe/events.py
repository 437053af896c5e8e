"""Stripe events: each webhook is verified, stored once and answered; a worker processes it later.

An event only names an object. Its handler reads the object's current state from Stripe and updates
our rows to match, so the order of events, repeats and delays change nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from billing import auto_recharge, emails, refunds_and_disputes, top_ups
from billing.models import StripeEvent, TopUp
from billing.stripe import client, customers
from vidgo.kernel import queue

log = structlog.get_logger(__name__)

TASK = "billing.tasks.process_event"
RETRY_FIRST = timedelta(seconds=30)
RETRY_LONGEST = timedelta(hours=6)
# Why automatic recharge was turned off, as customers read it on the page and in the e-mail.
CARD_REMOVED = "The saved card was removed."
CUSTOMER_DELETED = "The customer record at Stripe was deleted, and the saved card with it."

Handler = Callable[[StripeEvent], None]


def receive(*, content: bytes, signature: str) -> StripeEvent:
    """Verify a webhook, store its event once and enqueue its processing.

    Raises `client.Forged`; nothing is stored then.
    """
    verified = client.verify_event(content=content, signature=signature)
    with transaction.atomic(durable=True):
        event, is_new = StripeEvent.objects.get_or_create(
            stripe_id=verified.id,
            defaults={
                "type": verified.type,
                "object_id": verified.object_id,
                "payload": verified.payload,
                "created_at": verified.created_at,
            },
        )
        if is_new:
            queue.enqueue(TASK, event.pk)
    return event


def process(*, event: StripeEvent) -> bool:
    """Process an event unless that was done, and return whether this call did it.

    A failure is stored on the event, which is retried later and listed in the admin.
    """
    if event.processed_at is not None:
        return False
    handler = HANDLERS.get(event.type)
    try:
        if handler is not None:
            handler(event)
    except Exception as error:
        # Whatever the error, the event is about money: it stays until it is processed.
        _schedule_retry(event, error)
        return False
    return bool(
        StripeEvent.objects.filter(pk=event.pk, processed_at=None).update(
            processed_at=timezone.now(), error=""
        )
    )


def process_due() -> int:
    """Process the events that are due, the oldest first, and return how many succeeded."""
    due = StripeEvent.objects.filter(processed_at=None, due_at__lte=timezone.now())
    return sum(process(event=event) for event in due.order_by("created_at")[:500])


def delete_processed(*, before: datetime) -> int:
    """Delete the events processed before a moment and return how many there were.

    Stripe resends an event for thirty days at most (docs.stripe.com/webhooks#retries), and
    processing one again would change nothing.
    """
    deleted, _ = StripeEvent.objects.filter(processed_at__lt=before).delete()
    return deleted


def _schedule_retry(event: StripeEvent, error: Exception) -> None:
    pause = min(RETRY_FIRST * 2 ** min(event.tries, 20), RETRY_LONGEST)
    StripeEvent.objects.filter(pk=event.pk).update(
        tries=event.tries + 1,
        error=f"{type(error).__name__}: {error}",
        due_at=timezone.now() + pause,
    )
    if isinstance(error, top_ups.UnknownPayment):
        log.error("stripe_payment_unknown", stripe_event=event.stripe_id, error=str(error))
    elif isinstance(error, client.Unreachable):
        log.warning("stripe_unreachable", stripe_event=event.stripe_id, error=str(error))
    else:
        log.error("stripe_event_failed", stripe_event=event.stripe_id, exc_info=error)


def _session(event: StripeEvent) -> None:
    top_ups.fulfill_session(session=client.get_session(session_id=event.object_id))


def _session_failed(event: StripeEvent) -> None:
    session = client.get_session(session_id=event.object_id)
    top_up = top_ups.fulfill_session(session=session)
    if top_up is not None:
        top_ups.close(
            top_up=top_up, status=TopUp.Status.FAILED, message="The payment did not arrive."
        )


def _intent_succeeded(event: StripeEvent) -> None:
    intent = client.get_intent(intent_id=event.object_id)
    top_up = top_ups.fulfill_intent(intent=intent)
    if top_up is not None and top_up.source == TopUp.Source.AUTO_RECHARGE:
        auto_recharge.succeeded(organization=top_up.organization)


def _intent_failed(event: StripeEvent) -> None:
    intent = client.get_intent(intent_id=event.object_id)
    if intent.status == "succeeded":
        # An earlier attempt on the same intent failed, and its event arrived late.
        top_ups.fulfill_intent(intent=intent)
    else:
        auto_recharge.payment_failed(intent=intent)


def _refund(event: StripeEvent) -> None:
    refunds_and_disputes.apply_refund(refund=client.get_refund(refund_id=event.object_id))


def _dispute(event: StripeEvent) -> None:
    outcome = refunds_and_disputes.apply_dispute(
        dispute=client.get_dispute(dispute_id=event.object_id)
    )
    if outcome.is_new and not outcome.is_reversed:
        emails.queue_notice(
            organization=outcome.top_up.organization,
            kind="dispute_opened",
            about=outcome.top_up.public_id,
        )


def _fraud_warning(event: StripeEvent) -> None:
    """Alert the operator, who may refund before it becomes a dispute; no credits move."""
    warning = event.payload["data"]["object"]
    log.error(
        "early_fraud_warning",
        payment_intent=warning.get("payment_intent"),
        fraud_type=warning.get("fraud_type"),
    )


def _card_detached(event: StripeEvent) -> None:
    with transaction.atomic():
        for organization in customers.forget_card(payment_method_id=event.object_id):
            auto_recharge.stop(organization=organization, reason=CARD_REMOVED)


def _customer_deleted(event: StripeEvent) -> None:
    with transaction.atomic():
        organization = customers.forget(stripe_id=event.object_id)
        if organization is not None:
            auto_recharge.stop(organization=organization, reason=CUSTOMER_DELETED)


HANDLERS: dict[str, Handler] = {
    "checkout.session.completed": _session,
    "checkout.session.async_payment_succeeded": _session,
    "checkout.session.async_payment_failed": _session_failed,
    "checkout.session.expired": _session,
    "payment_intent.succeeded": _intent_succeeded,
    "payment_intent.payment_failed": _intent_failed,
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
    "charge.dispute.created": _dispute,
    "charge.dispute.updated": _dispute,
    "charge.dispute.funds_withdrawn": _dispute,
    "charge.dispute.funds_reinstated": _dispute,
    "charge.dispute.closed": _dispute,
    "radar.early_fraud_warning.created": _fraud_warning,
    "payment_method.detached": _card_detached,
    "customer.deleted": _customer_deleted,
}
