"""Billing portal sessions: a link to a page where a customer sees cards and invoices."""

from sandbox.stripe import customers, store, wire
from sandbox.stripe.api import Endpoint
from sandbox.stripe.errors import NoSuch
from sandbox.stripe.models import StripeObject
from sandbox.stripe.params import Text, Url
from sandbox.stripe.wire import Data

LASTS_SECONDS = 60 * 60


def _create(*, params: Data) -> Data:
    customer = customers.get_open(customer=params["customer"])
    call = wire.CALL.get()
    row = store.new(
        kind="billing_portal.session",
        prefix="bps",
        data={
            "configuration": "bpc_simulated",
            "customer": customer.stripe_id,
            "customer_account": None,
            "flow": None,
            "livemode": False,
            "locale": params.get("locale"),
            "on_behalf_of": None,
            "return_url": params.get("return_url"),
        },
    )
    row.hidden["secret"] = wire.new_id("test", 40)
    row.data["url"] = f"{call.base_url if call else ''}/portal/{row.hidden['secret']}"
    return store.save(row).shown()


def get(*, secret: str) -> StripeObject:
    """Return a session by the secret in its link; raises NoSuch, also when it has run out."""
    row = store.objects("billing_portal.session").filter(hidden__secret=secret).first()
    if row is None or row.created + LASTS_SECONDS < wire.now():
        raise NoSuch(noun="portal session", stripe_id=secret[:12], param="session", in_path=True)
    return row


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="billing_portal/sessions",
        run=_create,
        schema={"customer": Text(required=True), "locale": Text(), "return_url": Url()},
    ),
)
