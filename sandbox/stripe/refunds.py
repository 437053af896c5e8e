"""Refunds of all or part of a charge; each may fail later."""

from sandbox.stripe import balance, cards, charges, events, store, switches
from sandbox.stripe.api import Endpoint
from sandbox.stripe.errors import BadParameter, Refusal
from sandbox.stripe.models import StripeObject
from sandbox.stripe.params import LISTING, Choice, Integer, Metadata, Text, merge_metadata
from sandbox.stripe.wire import Data

_CREATION = {
    "amount": Integer(minimum=1),
    "charge": Text(),
    "metadata": Metadata(),
    "payment_intent": Text(),
    "reason": Choice(options=("duplicate", "fraudulent", "requested_by_customer")),
}


def create(
    *,
    payment_intent: str = "",
    charge: str = "",
    amount: int | None = None,
    reason: str | None = None,
    metadata: dict[str, str] | None = None,
) -> StripeObject:
    """Refund a charge, or `amount` cents of it; raises Refusal if it cannot be refunded."""
    with store.writing():
        row = _charge(payment_intent, charge)
        left = row.data["amount"] - row.data["amount_refunded"]
        _check(row, amount, left)
        refund = _store(row, amount or left, reason, metadata or {})
        _move(row, refund.data["amount"])
        events.emit("refund.created", refund)
        events.emit("charge.refunded", row)
        if refund.status == "succeeded":
            _add_reference(refund)
        return refund


def _charge(payment_intent: str, charge: str) -> StripeObject:
    """Return the paid charge to refund; raises Refusal or NoSuch."""
    if charge:
        row = store.get(kind="charge", stripe_id=charge, param="charge")
        if not row.data["paid"]:
            raise Refusal(
                f"Charge {charge} was not paid, so it cannot be refunded.",
                code="charge_not_refundable",
            )
        return row
    store.get(kind="payment_intent", stripe_id=payment_intent, param="payment_intent")
    paid = charges.paid_of(payment_intent=payment_intent)
    if paid is None:
        raise Refusal(
            f"This PaymentIntent ({payment_intent}) does not have a successful charge to refund.",
            param="payment_intent",
        )
    return paid


def _check(charge: StripeObject, amount: int | None, left: int) -> None:
    open_dispute = (
        store.objects("dispute", charge=charge.stripe_id)
        .exclude(status__in=("won", "warning_closed", "prevented"))
        .filter(data__is_charge_refundable=False)
    )
    if open_dispute.exists():
        raise Refusal(
            f"Charge {charge.stripe_id} has been charged back; cannot issue a refund.",
            code="charge_disputed",
        )
    if left == 0:
        raise Refusal(
            f"Charge {charge.stripe_id} has already been refunded.", code="charge_already_refunded"
        )
    if amount is not None and amount > left:
        raise Refusal(
            f"Refund amount (${amount / 100:,.2f}) is greater than unrefunded amount on charge "
            f"(${left / 100:,.2f})",
            param="amount",
        )


def _store(
    charge: StripeObject, amount: int, reason: str | None, metadata: dict[str, str]
) -> StripeObject:
    card = cards.CARDS.get(charges.card_number_of(charge))
    plan = card.refund if card else "settle_refund"
    if switches.current().refunds_fail:
        plan = "fail_refund"
    pending = plan == "settle_refund"
    details: Data = {"type": "card", "card": {"type": "refund"}}
    row = store.new(
        kind="refund",
        prefix="re" if card else "pyr",
        data={
            "amount": amount,
            "balance_transaction": None,
            "charge": charge.stripe_id,
            "currency": charge.data["currency"],
            "destination_details": (
                details if card else {"type": "us_bank_transfer", "us_bank_transfer": {}}
            ),
            "metadata": metadata,
            "payment_intent": charge.data["payment_intent"],
            "reason": reason,
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": "pending" if pending else "succeeded",
            "transfer_reversal": None,
        },
    )
    if pending:
        row.data["pending_reason"] = "processing"
    entry = balance.enter(
        kind="refund" if card else "payment_refund", source=row, amount=-amount, category="refund"
    )
    row.data["balance_transaction"] = entry.stripe_id
    store.save(row)
    if plan:
        store.plan(action=plan, subject=row.stripe_id)
    return row


def _move(charge: StripeObject, amount: int) -> None:
    """Change a charge's refunded amount by `amount` cents."""
    charge.data["amount_refunded"] += amount
    charge.data["refunded"] = charge.data["amount_refunded"] == charge.data["amount"]
    store.save(charge)


def _add_reference(refund: StripeObject) -> None:
    """Add the bank's reference, which Stripe does a moment after the refund."""
    details = refund.data["destination_details"]
    if details["type"] != "card":
        return
    before = {**details, "card": dict(details["card"])}
    details["card"] |= {
        "reference_status": "pending",
        "reference_type": "acquirer_reference_number",
    }
    store.save(refund)
    _updated(refund, {"destination_details": before})


def _updated(refund: StripeObject, previous: Data) -> None:
    events.emit("refund.updated", refund, previous=previous)
    events.emit("charge.refund.updated", refund, previous=previous)


def succeed(*, refund: str) -> StripeObject:
    """Complete a pending refund; raises Refusal if it is not pending."""
    with store.writing():
        row = get(refund=refund)
        if row.status != "pending":
            raise Refusal(f"Refund {refund} is not pending: it is {row.status}.")
        store.cancel_plans(subject=refund)
        row.data["status"] = "succeeded"
        reason = row.data.pop("pending_reason", None)
        store.save(row)
        _updated(row, {"status": "pending", "pending_reason": reason})
        return row


def fail(*, refund: str, reason: str = "unknown") -> StripeObject:
    """Fail a refund: the money returns to the merchant.

    `reason` is one of Stripe's, such as "expired_or_canceled_card". Raises Refusal if the refund
    has already failed.
    """
    with store.writing():
        row = get(refund=refund)
        if row.status not in ("pending", "succeeded"):
            raise Refusal(f"Refund {refund} cannot fail: it is {row.status}.")
        store.cancel_plans(subject=refund)
        before = row.status
        charge = store.get(kind="charge", stripe_id=row.data["charge"])
        entry = balance.enter(
            kind="refund_failure", source=row, amount=row.data["amount"], category="refund_failure"
        )
        row.data |= {
            "status": "failed",
            "failure_reason": reason,
            "failure_balance_transaction": entry.stripe_id,
        }
        row.data.pop("pending_reason", None)
        store.save(row)
        refunded = charge.data["amount_refunded"]
        _move(charge, -row.data["amount"])
        events.emit("refund.failed", row)
        _updated(row, {"status": before})
        events.emit("charge.updated", charge, previous={"amount_refunded": refunded})
        return row


def get(*, refund: str) -> StripeObject:
    """Return a refund by its id; raises NoSuch."""
    return store.get(kind="refund", stripe_id=refund, in_path=True)


def _create(*, params: Data) -> Data:
    if ("charge" in params) == ("payment_intent" in params):
        raise BadParameter(
            "One of the following params should be provided for this request: payment_intent or "
            "charge.",
            code="parameter_missing",
        )
    return create(**params).payload()


def _retrieve(*, params: Data, refund: str) -> Data:
    return get(refund=refund).payload()


def _update(*, params: Data, refund: str) -> Data:
    row = get(refund=refund)
    merge_metadata(data=row.data, params=params)
    return store.save(row).payload()


def _list(*, params: Data) -> Data:
    rows = store.filtered("refund", params, "charge", "payment_intent")
    return store.listing(rows=rows, params=params, url="refunds")


ENDPOINTS = (
    Endpoint("POST", "refunds", _create, _CREATION),
    Endpoint("GET", "refunds", _list, {**LISTING, "charge": Text(), "payment_intent": Text()}),
    Endpoint("GET", "refunds/{refund}", _retrieve),
    Endpoint("POST", "refunds/{refund}", _update, {"metadata": Metadata()}),
)
