"""Expansions: `expand[]=payment_intent.latest_charge` replaces ids with objects."""

from collections.abc import Callable
from typing import Any

from sandbox.stripe import store
from sandbox.stripe.errors import Refusal
from sandbox.stripe.models import StripeObject
from sandbox.stripe.wire import Data

MAX_DEPTH = 4

# Fields that hold the id of another object.
EXPANDABLE = frozenset((
    "balance_transaction", "charge", "customer", "default_payment_method",
    "failure_balance_transaction", "invoice", "latest_charge", "payment_intent", "payment_method",
    "source",
))  # fmt: skip


def _refunds(charge: Data) -> Data:
    rows = store.objects("refund", charge=charge["id"])
    return store.inner_list(
        data=[row.payload() for row in rows], url=f"charges/{charge['id']}/refunds"
    )


def _line_items(session: Data) -> Data:
    row = StripeObject.objects.get(stripe_id=session["id"])
    url = f"checkout/sessions/{session['id']}/line_items"
    return store.inner_list(data=row.hidden["line_items"], url=url)


def _payments(invoice: Data) -> Data:
    rows = StripeObject.objects.filter(kind="invoice_payment", data__invoice=invoice["id"])
    return store.inner_list(
        data=[row.payload() for row in rows], url=f"invoice_payments?invoice={invoice['id']}"
    )


# Fields that are included only on request.
INCLUDABLE: dict[tuple[str, str], Callable[[Data], Data]] = {
    ("charge", "refunds"): _refunds,
    ("checkout.session", "line_items"): _line_items,
    ("invoice", "payments"): _payments,
}


def expand(*, data: Data, paths: list[str]) -> Data:
    """Return the answer with each path expanded; raises Refusal for a path that cannot be."""
    for path in paths:
        parts = path.split(".")
        if len(parts) > MAX_DEPTH + (parts[0] == "data"):
            raise Refusal(
                f"You cannot expand more than {MAX_DEPTH} levels of a property.", param="expand"
            )
        _expand(data, parts, path)
    return data


def _expand(node: Any, parts: list[str], path: str) -> None:
    if isinstance(node, list):
        for item in node:
            _expand(item, parts, path)
        return
    if not isinstance(node, dict) or not parts:
        return
    name, *rest = parts
    if name not in node:
        include = INCLUDABLE.get((node.get("object", ""), name))
        if include is None:
            raise Refusal(f"This property cannot be expanded ({path}).", param="expand")
        node[name] = include(node)
    value = node[name]
    if isinstance(value, str):
        row = StripeObject.objects.filter(stripe_id=value).first() if name in EXPANDABLE else None
        if row is None:
            raise Refusal(f"This property cannot be expanded ({path}).", param="expand")
        node[name] = value = row.payload()
    _expand(value, rest, path)
