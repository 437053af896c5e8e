"""Checkout sessions: create, retrieve, list, update, expire."""

from sandbox.stripe import (
    checkout_fields,
    customers,
    events,
    payment_intents,
    payment_intents_api,
    store,
    wire,
)
from sandbox.stripe.api import Endpoint
from sandbox.stripe.errors import BadParameter, Refusal
from sandbox.stripe.models import StripeObject
from sandbox.stripe.params import (
    LISTING,
    PAGE,
    Array,
    Boolean,
    Choice,
    Email,
    Hash,
    Integer,
    Metadata,
    Text,
    Url,
    merge_metadata,
)
from sandbox.stripe.wire import Data
from vidgo.kernel.db.transactions import requires_transaction

SHORTEST_SECONDS = 30 * 60
# Allowance for clock differences between caller and simulator.
GRACE_SECONDS = 60

_AUTO = Choice(options=("auto", "never"))
_PRICE_DATA = Hash(
    fields={
        "currency": Text(required=True),
        "product": Text(),
        "product_data": Hash(
            fields={
                "name": Text(required=True),
                "description": Text(),
                "images": Array(item=Url(), max_items=8),
                "metadata": Metadata(),
                "tax_code": Text(),
            }
        ),
        "tax_behavior": Choice(options=("exclusive", "inclusive", "unspecified")),
        "unit_amount": Integer(minimum=0),
    }
)
_CREATION = {
    "automatic_tax": Hash(fields={"enabled": Boolean(required=True)}),
    "billing_address_collection": Choice(options=("auto", "required")),
    "cancel_url": Url(),
    "client_reference_id": Text(max_length=200),
    "customer": Text(),
    "customer_creation": Choice(options=("always", "if_required")),
    "customer_email": Email(),
    "customer_update": Hash(fields={"address": _AUTO, "name": _AUTO}),
    "expires_at": Integer(),
    "invoice_creation": Hash(
        fields={
            "enabled": Boolean(required=True),
            "invoice_data": Hash(
                fields={
                    "description": Text(max_length=1500),
                    "footer": Text(),
                    "metadata": Metadata(),
                }
            ),
        }
    ),
    "line_items": Array(
        item=Hash(
            fields={
                "price": Text(),
                "price_data": _PRICE_DATA,
                "quantity": Integer(minimum=1),
                "metadata": Metadata(),
            }
        )
    ),
    "locale": Text(),
    "metadata": Metadata(clearable=False),
    "mode": Choice(options=("payment", "setup", "subscription")),
    "payment_intent_data": Hash(
        fields={
            "description": Text(max_length=1000),
            "metadata": Metadata(),
            "receipt_email": Email(),
            "setup_future_usage": payment_intents_api.FUTURE_USAGE,
            "statement_descriptor_suffix": Text(max_length=22),
        }
    ),
    "submit_type": Choice(options=("auto", "book", "donate", "pay")),
    "success_url": Url(),
    "tax_id_collection": Hash(
        fields={
            "enabled": Boolean(required=True),
            "required": Choice(options=("if_supported", "never")),
        }
    ),
    "ui_mode": Choice(options=("hosted_page", "embedded_page", "elements", "form")),
}


def _create(*, params: Data) -> Data:
    _check(params)
    call = wire.CALL.get()
    base = call.base_url if call else ""
    items = [
        checkout_fields.line_item(item, place) for place, item in enumerate(params["line_items"])
    ]
    customer = None
    if "customer" in params:
        customer = customers.get_open(customer=params["customer"])
        _check_taxes(params, customer)
    data = checkout_fields.fields(params, customer)
    checkout_fields.apply_taxes(session=data, line_items=items, country=_country(customer))
    payment_intents_api.check_amount(
        amount=data["amount_total"], currency=data["currency"], param="line_items"
    )
    row = store.new(
        kind="checkout.session",
        prefix="cs_test",
        length=58,
        data=data,
        hidden={
            "base": base,
            "line_items": items,
            "payment_intent_data": params.get("payment_intent_data", {}),
            "customer_update": params.get("customer_update", {}),
        },
    )
    row.data["url"] = f"{base}/pay/{row.stripe_id}"
    return store.save(row).payload()


def _check(params: Data) -> None:
    """Check what Stripe refuses and the simulator cannot do; raises BadParameter."""
    if params.get("mode") != "payment":
        raise BadParameter("The simulator knows mode=payment only.", param="mode")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise BadParameter("The simulator knows ui_mode=hosted_page only.", param="ui_mode")
    for name in ("line_items", "success_url"):
        if not params.get(name):
            raise BadParameter(
                f"Missing required param: {name}.", code="parameter_missing", param=name
            )
    if "customer" in params and "customer_email" in params:
        raise BadParameter(
            "You may only specify one of these parameters: customer, customer_email.",
            param="customer",
        )
    if "customer" in params and "customer_creation" in params:
        raise BadParameter(
            "You may only specify one of these parameters: customer, customer_creation.",
            param="customer",
        )
    if "customer_update" in params and "customer" not in params:
        raise BadParameter(
            "`customer_update` can only be used with `customer`.", param="customer_update"
        )
    lasts = params.get("expires_at", wire.now() + checkout_fields.LONGEST_SECONDS) - wire.now()
    if lasts < SHORTEST_SECONDS - GRACE_SECONDS:
        raise BadParameter(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session "
            "creation.",
            param="expires_at",
        )
    if lasts > checkout_fields.LONGEST_SECONDS + GRACE_SECONDS:
        raise BadParameter(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.",
            param="expires_at",
        )


def _check_taxes(params: Data, customer: StripeObject) -> None:
    update = params.get("customer_update", {})
    taxed = params.get("automatic_tax", {}).get("enabled")
    if taxed and _country(customer) is None and update.get("address") != "auto":
        raise Refusal(
            "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a "
            "valid address to the Customer or set either `customer_update[address]` to 'auto' or "
            "`customer_update[shipping]` to 'auto' to save the address entered in Checkout to the "
            "Customer.",
            code="customer_tax_location_invalid",
        )
    if params.get("tax_id_collection", {}).get("enabled") and update.get("name") != "auto":
        raise Refusal(
            "Tax ID collection requires updating business name on the customer. To enable tax ID "
            "collection for an existing customer, please set `customer_update[name]` to `auto`."
        )


def _country(customer: StripeObject | None) -> str | None:
    address = customer.data.get("address") if customer else None
    return (address or {}).get("country")


@requires_transaction
def expire(*, row: StripeObject) -> StripeObject:
    """Close an open session unpaid; raises Refusal for one that is not open."""
    if row.status != "open":
        raise Refusal(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
            f"Session has a status of {row.status}."
        )
    row.data |= {"status": "expired", "url": None}
    store.save(row)
    intent = store.find(kind="payment_intent", stripe_id=row.data["payment_intent"])
    if intent and intent.status in payment_intents.CANCELABLE:
        payment_intents.cancel(intent=intent, reason="expired")
    events.emit("checkout.session.expired", row)
    return row


def expire_overdue() -> int:
    """Expire overdue open sessions and return how many."""
    overdue = store.objects("checkout.session", status="open").filter(
        data__expires_at__lte=wire.now()
    )
    if not overdue.exists():
        return 0
    with store.writing():
        rows = list(overdue.all())
        for row in rows:
            expire(row=row)
        return len(rows)


def get(*, session: str) -> StripeObject:
    """Return a session by the id in a path; raises NoSuch."""
    return store.get(kind="checkout.session", stripe_id=session, param="session", in_path=True)


def _retrieve(*, params: Data, session: str) -> Data:
    expire_overdue()
    return get(session=session).payload()


def _list(*, params: Data) -> Data:
    expire_overdue()
    rows = store.filtered("checkout.session", params, "customer", "payment_intent", "status")
    return store.listing(rows=rows, params=params, url="checkout/sessions")


def _expire(*, params: Data, session: str) -> Data:
    return expire(row=get(session=session)).payload()


def _update(*, params: Data, session: str) -> Data:
    row = get(session=session)
    merge_metadata(data=row.data, params=params)
    return store.save(row).payload()


def _list_line_items(*, params: Data, session: str) -> Data:
    row = get(session=session)
    url = f"checkout/sessions/{session}/line_items"
    items: list[Data] = row.hidden["line_items"]
    return store.inner_list(data=items[: params.get("limit", store.DEFAULT_LIMIT)], url=url)


ENDPOINTS = (
    Endpoint("POST", "checkout/sessions", _create, _CREATION),
    Endpoint(
        "GET",
        "checkout/sessions",
        _list,
        {
            **LISTING,
            "customer": Text(),
            "payment_intent": Text(),
            "status": Choice(options=("open", "complete", "expired")),
        },
    ),
    Endpoint("GET", "checkout/sessions/{session}", _retrieve),
    Endpoint("POST", "checkout/sessions/{session}", _update, {"metadata": Metadata()}),
    Endpoint("POST", "checkout/sessions/{session}/expire", _expire),
    Endpoint(
        "GET", "checkout/sessions/{session}/line_items", _list_line_items, {"limit": PAGE["limit"]}
    ),
)
