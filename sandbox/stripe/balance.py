"""Balance transactions: the effects of charges, refunds and disputes on the merchant's balance."""

from sandbox.stripe import store, wire
from sandbox.stripe.api import Endpoint
from sandbox.stripe.models import StripeObject
from sandbox.stripe.params import LISTING, Text
from sandbox.stripe.wire import Data
from vidgo.kernel.db.transactions import requires_transaction

# Stripe's list price in the United States, in cents and hundredths of a percent.
FEE_CENTS = 30
FEE_BASIS_POINTS = 290
DISPUTE_FEE_CENTS = 1500


def charge_fee(amount: int) -> int:
    """Return Stripe's fee for a charge, in cents."""
    return FEE_CENTS + (amount * FEE_BASIS_POINTS + 5000) // 10000


@requires_transaction
def enter(
    *, kind: str, source: StripeObject, amount: int, fee: int = 0, category: str = ""
) -> StripeObject:
    """Store a change of the merchant's balance, in cents; negative amounts reduce it."""
    currency = source.data["currency"]
    details = [
        {
            "amount": fee,
            "application": None,
            "currency": currency,
            "description": "Stripe processing fees" if fee > 0 else "Stripe fee returned",
            "type": "stripe_fee",
        }
    ]
    row = store.new(
        kind="balance_transaction",
        prefix="txn",
        data={
            "amount": amount,
            "available_on": wire.now(),
            "balance_type": "payments",
            "currency": currency,
            "description": source.data.get("description"),
            "exchange_rate": None,
            "fee": fee,
            "fee_details": details if fee else [],
            "net": amount - fee,
            "reporting_category": category or kind,
            "source": source.stripe_id,
            "status": "available",
            "type": kind,
        },
    )
    return store.save(row)


def _retrieve(*, params: Data, id: str) -> Data:
    return store.get(kind="balance_transaction", stripe_id=id, in_path=True).payload()


def _list(*, params: Data) -> Data:
    rows = store.objects("balance_transaction")
    for name in ("source", "type", "currency"):
        if name in params:
            rows = rows.filter(**{f"data__{name}": params[name]})
    return store.listing(rows=rows, params=params, url="balance_transactions")


ENDPOINTS = (
    Endpoint(
        "GET",
        "balance_transactions",
        _list,
        {**LISTING, "source": Text(), "type": Text(), "currency": Text()},
    ),
    Endpoint("GET", "balance_transactions/{id}", _retrieve),
)
