"""The store of Stripe's objects: find, list, and write, one writer at a time."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from sandbox.stripe import switches, wire
from sandbox.stripe.errors import NoSuch
from sandbox.stripe.models import Event, Plan, StripeObject
from sandbox.stripe.wire import Data
from vidgo.kernel import queue
from vidgo.kernel.db.transactions import requires_transaction

DELIVER = "sandbox.stripe.tasks.deliver"
# One lock for all writes: simple and correct matters more here than speed.
WRITE_LOCK = 0x5712E
DEFAULT_LIMIT = 10

NOUNS = {
    "checkout.session": "checkout.session",
    "payment_intent": "payment_intent",
    "payment_method": "PaymentMethod",
}

# Whether the open transaction left work for the worker; None outside of `writing`.
_wakes: ContextVar[list[bool] | None] = ContextVar("stripe_simulator_wakes", default=None)


@contextmanager
def writing() -> Iterator[None]:
    """Open the only writing transaction; wake the worker at its end if there is work."""
    if _wakes.get() is not None:
        with transaction.atomic():
            yield
        return
    wakes: list[bool] = []
    token = _wakes.set(wakes)
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [WRITE_LOCK])
            yield
            if wakes and uses_queue():
                queue.notify(DELIVER)
    finally:
        _wakes.reset(token)


def uses_queue() -> bool:
    """Return whether the application's queue delivers, rather than the simulator's own thread."""
    return bool(getattr(settings, "STRIPE_SIMULATOR_USES_QUEUE", True))


@requires_transaction
def wake_worker() -> None:
    """Wake the worker when the open transaction commits."""
    wakes = _wakes.get()
    if wakes is None:
        raise RuntimeError("Events are written within store.writing() only")
    wakes.append(True)


@requires_transaction
def plan(*, action: str, subject: str) -> None:
    """Plan an action of `tasks.ACTIONS` on an object, in the switches' `later_seconds`."""
    due_at = timezone.now() + timedelta(seconds=switches.current().later_seconds)
    Plan.objects.create(action=action, subject=subject, due_at=due_at)
    wake_worker()


@requires_transaction
def cancel_plans(*, subject: str, prefix: str = "") -> None:
    """Delete the plans for an object whose action starts with `prefix`."""
    Plan.objects.filter(subject=subject, action__startswith=prefix).delete()


def new(
    *, kind: str, prefix: str, data: Data, hidden: Data | None = None, length: int = 24
) -> StripeObject:
    """Return an unsaved row with an id and the fields of every object."""
    created = data.get("created") or wire.now()
    stripe_id = wire.new_id(prefix, length)
    whole = {"id": stripe_id, "object": kind, **data, "created": created}
    return StripeObject(
        stripe_id=stripe_id, kind=kind, created=created, data=whole, hidden=hidden or {}
    )


@requires_transaction
def save(row: StripeObject) -> StripeObject:
    """Save a row, with its filter columns copied from its data."""
    row.customer = row.data.get("customer") or ""
    row.payment_intent = row.data.get("payment_intent") or ""
    row.charge = row.data.get("charge") or ""
    row.status = row.data.get("status") or ""
    row.save()
    return row


def find(*, kind: str, stripe_id: str | None) -> StripeObject | None:
    """Return the object, even if deleted, or None."""
    return StripeObject.objects.filter(kind=kind, stripe_id=stripe_id).first()


def get(*, kind: str, stripe_id: str, param: str = "id", in_path: bool = False) -> StripeObject:
    """Return the object; raises NoSuch for an unknown or deleted one."""
    row = find(kind=kind, stripe_id=stripe_id)
    if row is None or row.deleted:
        raise NoSuch(
            noun=NOUNS.get(kind, kind.rpartition(".")[2]),
            stripe_id=stripe_id,
            param=param,
            in_path=in_path,
        )
    return row


def objects(kind: str, **filters: str) -> QuerySet[StripeObject]:
    """Return the objects of a kind, newest first, filtered by columns."""
    return StripeObject.objects.filter(kind=kind, deleted=False, **filters).order_by("-id")


def filtered(kind: str, params: Data, *names: str) -> QuerySet[StripeObject]:
    """Return the objects that match those of the named parameters that are given."""
    return objects(kind, **{name: params[name] for name in names if name in params})


def listing(
    *, rows: QuerySet[Any], params: Data, url: str, extra: Mapping[str, Any] | None = None
) -> Data:
    """Return one page of rows in Stripe's list envelope; raises NoSuch for an unknown cursor."""
    for name, value in params.get("created", {}).items():
        rows = rows.filter(**{f"created__{name}": value})
    limit = params.get("limit", DEFAULT_LIMIT)
    backwards = "ending_before" in params
    if "starting_after" in params:
        rows = rows.filter(id__lt=_place(rows, params["starting_after"], "starting_after"))
    if backwards:
        rows = rows.filter(id__gt=_place(rows, params["ending_before"], "ending_before"))
    page = list(rows.order_by("id" if backwards else "-id")[: limit + 1])
    has_more = len(page) > limit
    page = page[:limit]
    if backwards:
        page.reverse()
    return {
        "object": "list",
        "url": f"/v1/{url}",
        "has_more": has_more,
        "data": [row.payload() for row in page],
        **(extra or {}),
    }


def _place(rows: QuerySet[Any], stripe_id: str, param: str) -> int:
    model: type[StripeObject] | type[Event] = rows.model
    place = model.objects.filter(stripe_id=stripe_id).values_list("id", flat=True).first()
    if place is None:
        raise NoSuch(noun="object", stripe_id=stripe_id, param=param)
    return int(place)


def inner_list(*, data: list[Data], url: str) -> Data:
    """Return a complete list to nest in another object."""
    return {"object": "list", "url": f"/v1/{url}", "has_more": False, "data": data}
