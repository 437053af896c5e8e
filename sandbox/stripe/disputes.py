"""Disputes, and early fraud warnings."""

from sandbox.stripe import balance, events, store, wire
from sandbox.stripe.api import Endpoint
from sandbox.stripe.errors import Refusal
from sandbox.stripe.models import StripeObject
from sandbox.stripe.params import LISTING, Boolean, Hash, Metadata, Text, merge_metadata
from sandbox.stripe.wire import Data

ANSWER_DAYS = 7
OPEN = ("needs_response", "under_review")
INQUIRIES = ("warning_needs_response", "warning_under_review")
# Evidence that decides a dispute in test mode (https://docs.stripe.com/testing#evidence).
WINNING = "winning_evidence"
LOSING = "losing_evidence"
EVIDENCE = (
    "access_activity_log", "billing_address", "cancellation_policy",
    "cancellation_policy_disclosure", "cancellation_rebuttal", "customer_communication",
    "customer_email_address", "customer_name", "customer_purchase_ip", "customer_signature",
    "duplicate_charge_documentation", "duplicate_charge_explanation", "duplicate_charge_id",
    "product_description", "receipt", "refund_policy", "refund_policy_disclosure",
    "refund_refusal_explanation", "service_date", "service_documentation", "shipping_address",
    "shipping_carrier", "shipping_date", "shipping_documentation", "shipping_tracking_number",
    "uncategorized_file", "uncategorized_text",
)  # fmt: skip


def open_dispute(
    *, charge: str, reason: str = "fraudulent", amount: int | None = None, inquiry: bool = False
) -> StripeObject:
    """Dispute a paid charge: the money is withdrawn at once, except for an inquiry.

    Raises Refusal for a charge that is unpaid, fully refunded or already disputed.
    """
    with store.writing():
        paid = store.get(kind="charge", stripe_id=charge)
        left = paid.data["amount"] - paid.data["amount_refunded"]
        if not paid.data["paid"] or paid.data["disputed"] or left == 0:
            raise Refusal(f"Charge {charge} cannot be disputed.")
        row = store.new(
            kind="dispute", prefix="du", data=_fields(paid, amount or left, reason, inquiry=inquiry)
        )
        store.save(row)
        paid.data["disputed"] = True
        store.save(paid)
        events.emit("charge.dispute.created", row)
        if not inquiry:
            _enter(row, amount=-row.data["amount"], fee=balance.DISPUTE_FEE_CENTS)
            events.emit("charge.dispute.funds_withdrawn", row)
        return row


def warn(*, charge: str, fraud_type: str = "unauthorized_use_of_card") -> StripeObject:
    """Create a fraud warning; raises Refusal for an unpaid charge and a second warning."""
    with store.writing():
        paid = store.get(kind="charge", stripe_id=charge)
        warned = store.objects("radar.early_fraud_warning", charge=charge).exists()
        if not paid.data["paid"] or warned:
            raise Refusal(f"Charge {charge} cannot get a fraud warning.")
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


def decide(*, dispute: str, won: bool) -> StripeObject:
    """Close a dispute for or against the merchant; raises Refusal if it is closed."""
    with store.writing():
        row = store.get(kind="dispute", stripe_id=dispute)
        before = row.status
        if before not in OPEN + INQUIRIES:
            raise Refusal(f"This dispute is already closed: it is {before}.")
        if before in INQUIRIES:
            row.data["status"] = "warning_closed" if won else "lost"
        else:
            row.data["status"] = "won" if won else "lost"
        row.data["is_charge_refundable"] = won
        if won and before in OPEN:
            _enter(row, amount=row.data["amount"], fee=-balance.DISPUTE_FEE_CENTS)
        store.save(row)
        events.emit("charge.dispute.updated", row, previous={"status": before})
        if won and before in OPEN:
            events.emit("charge.dispute.funds_reinstated", row)
        elif not won and before in INQUIRIES:
            _enter(row, amount=-row.data["amount"], fee=balance.DISPUTE_FEE_CENTS)
            events.emit("charge.dispute.funds_withdrawn", row)
        events.emit("charge.dispute.closed", row)
        return row


def _enter(dispute: StripeObject, *, amount: int, fee: int) -> None:
    entry = balance.enter(
        kind="adjustment",
        source=dispute,
        amount=amount,
        fee=fee,
        category="dispute" if amount < 0 else "dispute_reversal",
    )
    dispute.data["balance_transactions"].append(entry.payload())
    store.save(dispute)


def _fields(charge: StripeObject, amount: int, reason: str, *, inquiry: bool) -> Data:
    kind = charge.data["payment_method_details"]["type"]
    details: Data = {"type": kind}
    if kind == "card":
        brand = charge.data["payment_method_details"]["card"]["brand"]
        details["card"] = {
            "brand": brand,
            "case_type": "inquiry" if inquiry else "chargeback",
            "network": brand,
            "network_reason_code": "83" if reason == "fraudulent" else "30",
        }
    return {
        "amount": amount,
        "balance_transactions": [],
        "charge": charge.stripe_id,
        "currency": charge.data["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(EVIDENCE), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": wire.now() + ANSWER_DAYS * 86_400,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge.data["payment_intent"],
        "payment_method_details": details,
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
    }


def _get(dispute: str) -> StripeObject:
    return store.get(kind="dispute", stripe_id=dispute, param="dispute", in_path=True)


def _retrieve(*, params: Data, dispute: str) -> Data:
    return _get(dispute).payload()


def _list(*, params: Data) -> Data:
    rows = store.filtered("dispute", params, "charge", "payment_intent")
    return store.listing(rows=rows, params=params, url="disputes")


def _update(*, params: Data, dispute: str) -> Data:
    row = _get(dispute)
    if row.status not in OPEN + INQUIRIES:
        raise Refusal("This dispute is already closed; its evidence can no longer change.")
    before = row.payload()
    merge_metadata(data=row.data, params=params)
    evidence = params.get("evidence", {})
    row.data["evidence"] = {**row.data["evidence"], **evidence}
    details = row.data["evidence_details"]
    row.data["evidence_details"] = {
        **details,
        "has_evidence": details["has_evidence"] or evidence != {},
    }
    if params.get("submit", bool(evidence)):
        row.data["status"] = "warning_under_review" if row.status in INQUIRIES else "under_review"
        row.data["evidence_details"] |= {
            "submission_count": details["submission_count"] + 1,
            "submission_method": "manual",
        }
    store.save(row)
    events.emit(
        "charge.dispute.updated", row, previous=events.changes(before=before, after=row.payload())
    )
    text = row.data["evidence"]["uncategorized_text"]
    if row.status in ("under_review", "warning_under_review") and text in (WINNING, LOSING):
        row = decide(dispute=dispute, won=text == WINNING)
    return row.payload()


def _close(*, params: Data, dispute: str) -> Data:
    _get(dispute)
    return decide(dispute=dispute, won=False).payload()


def _retrieve_warning(*, params: Data, warning: str) -> Data:
    return store.get(
        kind="radar.early_fraud_warning", stripe_id=warning, param="id", in_path=True
    ).payload()


def _list_warnings(*, params: Data) -> Data:
    rows = store.filtered("radar.early_fraud_warning", params, "charge", "payment_intent")
    return store.listing(rows=rows, params=params, url="radar/early_fraud_warnings")


ENDPOINTS = (
    Endpoint("GET", "disputes", _list, {**LISTING, "charge": Text(), "payment_intent": Text()}),
    Endpoint("GET", "disputes/{dispute}", _retrieve),
    Endpoint(
        "POST",
        "disputes/{dispute}",
        _update,
        {
            "evidence": Hash(fields={name: Text(clearable=True) for name in EVIDENCE}),
            "metadata": Metadata(),
            "submit": Boolean(),
        },
    ),
    Endpoint("POST", "disputes/{dispute}/close", _close),
    Endpoint(
        "GET",
        "radar/early_fraud_warnings",
        _list_warnings,
        {**LISTING, "charge": Text(), "payment_intent": Text()},
    ),
    Endpoint("GET", "radar/early_fraud_warnings/{warning}", _retrieve_warning),
)
