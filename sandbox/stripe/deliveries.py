"""Deliveries: events signed and posted to the webhook URL, and retried until it accepts them.

In a sandbox Stripe "retries three times over a few hours" until any 2xx. It does not publish the
delays; those here are made up.
"""

import hashlib
import hmac
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from sandbox.stripe import switches, wire
from sandbox.stripe.models import Delivery, DeliveryTry, Event, Switches
from vidgo.kernel import http

# After the first, second and third try, in seconds, divided by STRIPE_SIMULATOR_SPEED.
RETRY_DELAYS_SECONDS = (300, 1800, 7200)
CLAIM_SECONDS = 60
ANSWER_MAX_CHARACTERS = 1000
USER_AGENT = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
# The operator chose this URL; in development it is this machine.
POLICY = http.Policy(
    schemes=frozenset({"http", "https"}),
    ports=None,
    total_timeout_seconds=20.0,
    max_bytes=16_000,
    cut_body=True,
    allow_private=True,
    allow_loopback=True,
)


@dataclass(frozen=True, kw_only=True)
class Message:
    """A signed event, ready to post."""

    body: bytes = field(repr=False)
    headers: dict[str, str]

    @property
    def signature(self) -> str:
        """Return the `Stripe-Signature` header."""
        return self.headers["Stripe-Signature"]


def endpoint() -> str:
    """Return the webhook URL, "" if there is none."""
    return str(getattr(settings, "STRIPE_SIMULATOR_WEBHOOK_URL", ""))


def sign(*, body: bytes, secret: str, timestamp: int) -> str:
    """Return the `Stripe-Signature` header of a body (Stripe's scheme v1: HMAC-SHA256)."""
    signed = f"{timestamp}.".encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def compose(*, event: Event, timestamp: int | None = None) -> Message:
    """Return an event as a request signed with STRIPE_WEBHOOK_SECRET."""
    body = wire.encode({**event.body, "pending_webhooks": 1})
    signature = sign(
        body=body,
        secret=getattr(settings, "STRIPE_WEBHOOK_SECRET", ""),
        timestamp=wire.now() if timestamp is None else timestamp,
    )
    return Message(
        body=body,
        headers={
            "Content-Type": "application/json; charset=utf-8",
            "Cache-Control": "no-cache",
            "User-Agent": USER_AGENT,
            "Stripe-Signature": signature,
        },
    )


def deliver_due(*, early: bool = False, limit: int = 1000) -> int:
    """Try each due delivery once and return how many were tried.

    With `early` all pending ones are due. Several workers may call it at once.
    """
    tried = 0
    for number in _due(early=early, limit=limit):
        delivery = _claim(number=number, early=early)
        if delivery is not None:
            _try(delivery)
            tried += 1
    return tried


def _due(*, early: bool, limit: int) -> list[int]:
    """Return the ids of the deliveries to try, in the switches' order."""
    rows = Delivery.objects.filter(state=Delivery.State.PENDING)
    if not early:
        rows = rows.filter(due_at__lte=timezone.now())
    numbers = list(rows.order_by("id").values_list("id", flat=True)[:limit])
    set_to = switches.current()
    if set_to.order == Switches.Order.NEWEST_FIRST:
        numbers.reverse()
    elif set_to.order == Switches.Order.SHUFFLED:
        random.Random(set_to.seed).shuffle(numbers)  # noqa: S311
    return numbers


def _claim(*, number: int, early: bool) -> Delivery | None:
    """Claim a delivery for one try; None if another worker has it or the switches drop it."""
    now = timezone.now()
    with transaction.atomic():
        delivery = (
            Delivery.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("event")
            .filter(id=number, state=Delivery.State.PENDING)
            .first()
        )
        if delivery is None or (delivery.due_at > now and not early):
            return None
        if delivery.claimed_until is not None and delivery.claimed_until > now:
            return None
        set_to = switches.current()
        if delivery.tries_made == 0 and switches.hits(
            percent=set_to.drop_percent, number=number, seed=set_to.seed, salt="drop"
        ):
            delivery.state = Delivery.State.DROPPED
            delivery.save(update_fields=["state"])
            return None
        delivery.claimed_until = now + timedelta(seconds=CLAIM_SECONDS)
        delivery.tries_made += 1
        delivery.save(update_fields=["claimed_until", "tries_made"])
        return delivery


def _try(delivery: Delivery) -> None:
    set_to = switches.current()
    attempt = DeliveryTry(delivery=delivery)
    if switches.hits(
        percent=set_to.fail_percent,
        number=delivery.id + delivery.tries_made,
        seed=set_to.seed,
        salt="fail",
    ):
        attempt.error = "Failed on purpose (see the switches)"
    else:
        message = compose(event=delivery.event)
        try:
            response = http.fetch_sync(
                url=endpoint(),
                policy=POLICY,
                method="POST",
                headers=message.headers,
                body=message.body,
            )
        except http.FetchError as error:
            attempt.error = str(error)[:200]
        else:
            attempt.status = response.status
            attempt.elapsed_ms = response.elapsed_ms
            text = response.body.decode(errors="replace").replace("\0", "")
            attempt.answer = text[:ANSWER_MAX_CHARACTERS]
    _record(delivery, attempt)


def _record(delivery: Delivery, attempt: DeliveryTry) -> None:
    delivered = attempt.status is not None and 200 <= attempt.status < 300
    delivery.claimed_until = None
    if delivered:
        delivery.state = Delivery.State.DELIVERED
    elif delivery.tries_made > len(RETRY_DELAYS_SECONDS):
        delivery.state = Delivery.State.GAVE_UP
    else:
        delivery.due_at = retry_at(tries_made=delivery.tries_made)
    with transaction.atomic():
        attempt.save()
        delivery.save(update_fields=["claimed_until", "state", "due_at"])


def retry_at(*, tries_made: int) -> datetime:
    """Return when to retry after `tries_made` tries."""
    speed = float(getattr(settings, "STRIPE_SIMULATOR_SPEED", 1.0))
    return timezone.now() + timedelta(seconds=RETRY_DELAYS_SECONDS[tries_made - 1] / speed)
