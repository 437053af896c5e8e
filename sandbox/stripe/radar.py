"""Early fraud warnings: a bank suspects a charge before anyone disputes it."""

from sandbox.stripe import events, store
from sandbox.stripe.api import Endpoint
from sandbox.stripe.errors import Refusal
from sandbox.stripe.models import StripeObject
from sandbox.stripe.params import PAGE, Moment, Text
from sandbox.stripe.wire import Data


def warn(*, charge: str, fraud_type: str = "unauthorized_use_of_card") -> StripeObject:
    """Warn of a charge; raises Refusal when it was not paid or warned of already."""
    with store.writing():
        paid = store.get(kind="charge", stripe_id=charge)
        warned = store.objects("radar.early_fraud_warning", charge=charge).exists()
        if not paid.data["paid"] or warned:
            raise Refusal(f"Charge {charge} cannot be warned of.")
        row = store.new(
            kind="radar.early_fraud_warning",
            prefix="issfr",
            data={
                "actionable": not paid.data["refunded"] and not paid.data["disputed"],
                "charge": charge,
                "fraud_type": fraud_type,
                "livemode": False,
                "payment_intent": paid.data["payment_intent"],
            },
        )
        store.save(row)
        events.emit("radar.early_fraud_warning.created", row)
        return row


def _retrieve(*, params: Data, warning: str) -> Data:
    return store.get(
        kind="radar.early_fraud_warning", stripe_id=warning, param="id", in_path=True
    ).shown()


def _list(*, params: Data) -> Data:
    rows = store.filtered("radar.early_fraud_warning", params, "charge", "payment_intent")
    return store.listing(rows=rows, params=params, url="radar/early_fraud_warnings")


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="radar/early_fraud_warnings",
        run=_list,
        schema={**PAGE, "created": Moment(), "charge": Text(), "payment_intent": Text()},
    ),
    Endpoint(
        method="GET",
        path="radar/early_fraud_warnings/{warning}",
        run=_retrieve,
        schema={},
    ),
)
