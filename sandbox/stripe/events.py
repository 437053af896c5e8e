"""Events: stored with the change of state they report, and delivered."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from sandbox.stripe import deliveries, store, switches, wire
from sandbox.stripe.api import Endpoint
from sandbox.stripe.errors import BadParameter, NoSuch
from sandbox.stripe.models import Delivery, Event, StripeObject, Switches
from sandbox.stripe.params import LISTING, Array, Boolean, Text
from sandbox.stripe.wire import Data
from vidgo.kernel.db.transactions import requires_transaction

# Reordered deliveries are held this long, so that there are several to reorder.
REORDER_HOLD_SECONDS = 3


@requires_transaction
def emit(event_type: str, row: StripeObject, *, previous: Data | None = None) -> Event:
    """Write an event about an object as it is now, and its deliveries."""
    call = wire.CALL.get()
    stripe_id = wire.new_id("evt")
    data: Data = {"object": row.payload()}
    if previous is not None:
        data["previous_attributes"] = previous
    body: Data = {
        "id": stripe_id,
        "object": "event",
        "api_version": wire.API_VERSION,
        "created": wire.now(),
        "data": data,
        "livemode": False,
        "request": {
            "id": call.id if call else None,
            "idempotency_key": call.idempotency_key if call else None,
        },
        "type": event_type,
    }
    event = Event.objects.create(
        stripe_id=stripe_id,
        type=event_type,
        created=body["created"],
        subject=row.stripe_id,
        payment_intent=row.payment_intent
        or (row.stripe_id if row.kind == "payment_intent" else ""),
        body=body,
    )
    post(event=event)
    return event


@requires_transaction
def post(*, event: Event) -> None:
    """Queue the deliveries of an event, as many and as late as the switches say."""
    if not deliveries.endpoint():
        return
    set_to = switches.current()
    seconds = set_to.delay_seconds
    if set_to.order != Switches.Order.CREATED:
        seconds = max(seconds, REORDER_HOLD_SECONDS)
    due_at = timezone.now() + timedelta(seconds=seconds)
    Delivery.objects.bulk_create(
        Delivery(event=event, copy=copy, due_at=due_at) for copy in range(1, set_to.copies + 1)
    )
    store.wake_worker()


def changes(*, before: Data, after: Data) -> Data:
    """Return `previous_attributes`: the old values of changed fields."""
    return {
        name: before.get(name)
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    }


def resend(*, event: str) -> None:
    """Deliver an event again, like the button in Stripe's dashboard; raises NoSuch."""
    with store.writing():
        post(event=get(event=event))


def get(*, event: str, in_path: bool = False) -> Event:
    """Return an event by its id; raises NoSuch."""
    row = Event.objects.filter(stripe_id=event).first()
    if row is None:
        raise NoSuch(noun="event", stripe_id=event, param="id", in_path=in_path)
    return row


def _retrieve(*, params: Data, event: str) -> Data:
    return get(event=event, in_path=True).payload()


def _list(*, params: Data) -> Data:
    if "type" in params and "types" in params:
        raise BadParameter("You may only specify one of these parameters: type, types.")
    wanted = Q()
    for name in params.get("types", [params["type"]] if "type" in params else []):
        group, star, rest = name.partition("*")
        wanted |= Q(type__startswith=group, type__endswith=rest) if star else Q(type=name)
    rows = Event.objects.filter(wanted)
    if "delivery_success" in params:
        undelivered = Q(deliveries__isnull=False) & ~Q(deliveries__state=Delivery.State.DELIVERED)
        rows = rows.exclude(undelivered) if params["delivery_success"] else rows.filter(undelivered)
    return store.listing(rows=rows.distinct(), params=params, url="events")


ENDPOINTS = (
    Endpoint(
        "GET",
        "events",
        _list,
        {
            **LISTING,
            "delivery_success": Boolean(),
            "type": Text(),
            "types": Array(item=Text(), max_items=20),
        },
    ),
    Endpoint("GET", "events/{event}", _retrieve),
)
