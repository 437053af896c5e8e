"""The endpoints of payment intents: create, confirm, cancel, update, retrieve, list."""

from sandbox.stripe import customers, payment_intents, store, wire
from sandbox.stripe.api import Endpoint
from sandbox.stripe.errors import BadParameter, Refusal
from sandbox.stripe.models import StripeObject
from sandbox.stripe.params import (
    LISTING,
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

MINIMUM_CENTS = 50
MAXIMUM_CENTS = 99_999_999
CURRENCIES = ("usd", "eur", "gbp", "cad", "aud", "chf", "sek", "nok", "dkk", "pln")

FUTURE_USAGE = Choice(options=("off_session", "on_session"))
_REASON = Choice(options=("duplicate", "fraudulent", "requested_by_customer", "abandoned"))
_CONFIRMATION = {
    "error_on_requires_action": Boolean(),
    "off_session": Boolean(),
    "payment_method": Text(),
    "receipt_email": Email(),
    "return_url": Url(),
    "setup_future_usage": FUTURE_USAGE,
}
_CREATION = {
    **_CONFIRMATION,
    "amount": Integer(required=True),
    "automatic_payment_methods": Hash(
        fields={
            "enabled": Boolean(required=True),
            "allow_redirects": Choice(options=("always", "never")),
        }
    ),
    "capture_method": Choice(options=("automatic", "automatic_async")),
    "confirm": Boolean(),
    "currency": Text(required=True),
    "customer": Text(),
    "description": Text(max_length=1000),
    "metadata": Metadata(clearable=False),
    "statement_descriptor_suffix": Text(max_length=22),
}
_CHANGE = {
    "description": Text(max_length=1000, clearable=True),
    "metadata": Metadata(),
    "receipt_email": Email(clearable=True),
}
_ONLY_WHEN_CONFIRMING = ("off_session", "return_url", "error_on_requires_action")


def check_amount(*, amount: int, currency: str, param: str = "amount") -> None:
    """Check an amount and its currency; raises Refusal."""
    if currency not in CURRENCIES:
        raise Refusal(
            f"Invalid currency: {currency}. The simulator supports these currencies: "
            f"{', '.join(CURRENCIES)}",
            param="currency",
        )
    if amount < 1:
        raise Refusal(
            "This value must be greater than or equal to 1.",
            code="parameter_invalid_integer",
            param=param,
        )
    if amount < MINIMUM_CENTS:
        raise Refusal(
            f"Amount must be at least $0.50 {currency}", code="amount_too_small", param=param
        )
    if amount > MAXIMUM_CENTS:
        raise Refusal(
            f"Amount must be no more than $999,999.99 {currency}",
            code="amount_too_large",
            param=param,
        )


def _create(*, params: Data) -> Data:
    call = wire.CALL.get()
    currency = params["currency"].lower()
    check_amount(amount=params["amount"], currency=currency)
    customer = params.get("customer")
    if customer is not None:
        customers.get_open(customer=customer)
    confirm = params.pop("confirm", False)
    if not confirm:
        for name in _ONLY_WHEN_CONFIRMING:
            if name in params:
                raise BadParameter(
                    f"You can only pass {name} when confirm is set to true.", param=name
                )
    automatic = params.get("automatic_payment_methods", {})
    plain = ("description", "receipt_email", "setup_future_usage", "statement_descriptor_suffix")
    options: Data = {name: params[name] for name in plain if name in params}
    options["metadata"] = params.get("metadata", {})
    options["automatic_payment_methods"] = {
        "allow_redirects": automatic.get("allow_redirects", "always"),
        "enabled": automatic.get("enabled", True),
    }
    options["capture_method"] = params.get("capture_method", "automatic_async")
    intent = payment_intents.create(
        amount=params["amount"],
        currency=currency,
        customer=customer,
        base_url=call.base_url if call else "",
        options=options,
    )
    if confirm:
        return _confirm_now(intent, params)
    if "payment_method" in params:
        method = payment_intents.method_for(stripe_id=params["payment_method"], customer=customer)
        intent.data |= {"payment_method": method.stripe_id, "status": "requires_confirmation"}
        store.save(intent)
    return intent.payload()


def _confirm_now(intent: StripeObject, params: Data) -> Data:
    """Attempt the payment; raises Refusal, or CardDeclined."""
    stripe_id = params.get("payment_method") or intent.data["payment_method"]
    if stripe_id is None:
        raise payment_intents.unexpected_state(
            intent,
            "You cannot confirm this PaymentIntent because it's missing a payment method. To "
            "confirm the PaymentIntent with the customer's default payment method, specify a "
            "payment method attached to this customer along with the customer ID.",
        )
    off_session = params.get("off_session", False)
    if "setup_future_usage" in params:
        intent.data["setup_future_usage"] = params["setup_future_usage"]
    if off_session and intent.data["setup_future_usage"]:
        raise BadParameter(
            "You cannot confirm with `off_session=true` when `setup_future_usage` is also set on "
            "the PaymentIntent. The customer needs to be on-session to perform the steps which may "
            "be required to set up the PaymentMethod for future usage.",
            param="off_session",
        )
    redirects = intent.data["automatic_payment_methods"]["allow_redirects"] == "always"
    if redirects and "return_url" not in params:
        raise Refusal(
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. "
            "Because some of these payment methods might redirect your customer off of your page, "
            "you must provide a `return_url`. If you don't want to accept redirect-based payment "
            "methods, set `automatic_payment_methods[enabled]` to `true` and "
            "`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents "
            "and Payment Intents.",
            param="return_url",
        )
    intent.hidden["return_url"] = params.get("return_url")
    if "receipt_email" in params:
        intent.data["receipt_email"] = params["receipt_email"]
    method = payment_intents.method_for(stripe_id=stripe_id, customer=intent.data["customer"])
    decline = payment_intents.attempt(
        intent=intent,
        method=method,
        off_session=off_session,
        may_ask=not params.get("error_on_requires_action", False),
    )
    if decline is not None:
        raise payment_intents.declined(intent, decline)
    return intent.payload()


def _get(intent: str) -> StripeObject:
    return store.get(kind="payment_intent", stripe_id=intent, param="intent", in_path=True)


def _confirm(*, params: Data, intent: str) -> Data:
    row = _get(intent)
    if row.status not in payment_intents.CONFIRMABLE:
        raise payment_intents.unexpected_state(
            row,
            f"You cannot confirm this PaymentIntent because it has already {row.status}."
            if row.status == "succeeded"
            else f"This PaymentIntent's status is {row.status}; it cannot be confirmed.",
        )
    return _confirm_now(row, params)


def _cancel(*, params: Data, intent: str) -> Data:
    row = _get(intent)
    if row.hidden.get("session") and row.status in payment_intents.CANCELABLE:
        raise payment_intents.unexpected_state(
            row,
            "You cannot cancel this PaymentIntent because it was created by a Checkout Session. "
            "Expire the Checkout Session instead.",
        )
    return payment_intents.cancel(intent=row, reason=params.get("cancellation_reason")).payload()


def _update(*, params: Data, intent: str) -> Data:
    row = _get(intent)
    merge_metadata(data=row.data, params=params)
    row.data.update(params)
    return store.save(row).payload()


def _retrieve(*, params: Data, intent: str) -> Data:
    secret = params.get("client_secret")
    row = _get(intent)
    if secret is not None and secret != row.data["client_secret"]:
        raise Refusal("The client_secret provided does not match.", param="client_secret")
    return row.payload()


def _list(*, params: Data) -> Data:
    rows = store.filtered("payment_intent", params, "customer")
    return store.listing(rows=rows, params=params, url="payment_intents")


ENDPOINTS = (
    Endpoint(method="POST", path="payment_intents", run=_create, schema=_CREATION),
    Endpoint(
        method="GET", path="payment_intents", run=_list, schema={**LISTING, "customer": Text()}
    ),
    Endpoint(
        method="GET",
        path="payment_intents/{intent}",
        run=_retrieve,
        schema={"client_secret": Text()},
    ),
    Endpoint(method="POST", path="payment_intents/{intent}", run=_update, schema=_CHANGE),
    Endpoint(
        method="POST", path="payment_intents/{intent}/confirm", run=_confirm, schema=_CONFIRMATION
    ),
    Endpoint(
        method="POST",
        path="payment_intents/{intent}/cancel",
        run=_cancel,
        schema={"cancellation_reason": _REASON},
    ),
)
