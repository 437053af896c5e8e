"""Top-ups: buying credits.

The webhook, the success page and the reconcile sweep all call `fulfill_session` or
`fulfill_intent`. Both compare Stripe's current state with the row that was stored before the first
call to Stripe, and book the payment once.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import audit, organizations
from accounts.audit import Actor
from accounts.models import Organization
from billing import ledger
from billing.models import TopUp
from billing.packs import Pack
from billing.stripe import client, customers
from vidgo.kernel import errors

log = structlog.get_logger(__name__)

CURRENCY = "usd"
# Stripe allows 30 minutes to 24 hours.
SESSION_LIFETIME = timedelta(hours=2)


class UnknownPayment(Exception):
    """A payment matches no top-up, or not its price: the operator must look into it."""


class UnknownTopUp(errors.NotFound):
    default_message = "There is no such top-up."


class CheckoutUnavailable(errors.Unavailable):
    default_message = "Payments are not available right now. Please try again in a moment."


def start(
    *, organization: Organization, pack: Pack, actor: Actor, save_card: bool, base_url: str
) -> str:
    """Store a top-up, open its Checkout page and return the page's URL.

    Calls Stripe after the row is committed. Raises `organizations.Suspended` and
    `CheckoutUnavailable`; the row then stays pending until the sweep closes it.
    """
    organizations.require_active(organization=organization)
    with transaction.atomic(durable=True):
        top_up = TopUp.objects.create(
            organization=organization,
            source=TopUp.Source.CHECKOUT,
            credits=pack.credits,
            amount_cents=pack.amount_cents,
            currency=CURRENCY,
            saves_card=save_card,
            created_by=actor.user,
        )
        audit.record(
            organization=organization,
            actor=actor,
            action="top_up.started",
            target=f"{top_up.public_id}: {pack.credits} credits",
        )
    try:
        customer = customers.ensure(organization=organization)
        session = client.create_session(
            top_up_id=top_up.public_id,
            customer_id=customer.stripe_id,
            amount_cents=top_up.amount_cents,
            currency=top_up.currency,
            description=describe(top_up),
            success_url=f"{base_url}/dashboard/billing/paid?session={{CHECKOUT_SESSION_ID}}",
            cancel_url=f"{base_url}/dashboard/billing",
            save_card=save_card,
            expires_at=timezone.now() + SESSION_LIFETIME,
        )
    except client.StripeError as error:
        log.error("checkout_not_opened", top_up=top_up.public_id, error=str(error))
        raise CheckoutUnavailable from error
    TopUp.objects.filter(pk=top_up.pk).update(stripe_session_id=session.id)
    return session.url


def describe(top_up: TopUp) -> str:
    """Return the top-up's name on receipts."""
    return f"{top_up.credits:,} {settings.VIDGO_NAME} credits"


def get_top_up(*, organization: Organization, public_id: str) -> TopUp:
    """Return an organization's top-up; raises `UnknownTopUp`, also for another organization's."""
    top_up = TopUp.objects.for_organization(organization).filter(public_id=public_id).first()
    if top_up is None:
        raise UnknownTopUp
    return top_up


def fulfill_session(*, session: client.Session) -> TopUp | None:
    """Book a paid Checkout session once, or close the top-up of an expired one.

    Returns None for an unpaid session without a top-up. Raises `UnknownPayment` for a paid one that
    has no top-up or does not match it.
    """
    top_up = _find(session.top_up_id)
    if top_up is None:
        if session.is_paid:
            raise UnknownPayment(f"session {session.id} names no known top-up")
        return None
    if session.is_paid:
        _require_as_sold(
            top_up,
            what=f"session {session.id}",
            amount_cents=session.subtotal_cents,
            currency=session.currency,
            livemode=session.livemode,
        )
        return _book(
            top_up,
            paid_cents=session.total_cents,
            session_id=session.id,
            intent_id=session.intent_id,
            invoice_id=session.invoice_id,
        )
    if session.status == "expired":
        close(top_up=top_up, status=TopUp.Status.EXPIRED, message="The payment page expired.")
    elif session.status == "complete" and session.intent_id:
        # A pending debit: stored, so that the top-up counts as processing and not as unpaid.
        TopUp.objects.filter(pk=top_up.pk, status__in=TopUp.OPEN).update(
            stripe_payment_intent_id=session.intent_id
        )
    top_up.refresh_from_db()
    return top_up


def fulfill_intent(*, intent: client.Intent) -> TopUp | None:
    """Book a succeeded payment intent once; None for an unpaid one without a top-up.

    An intent from Checkout is booked through its session, which has the price without tax. Raises
    `UnknownPayment`.
    """
    top_up = _find(intent.top_up_id)
    if top_up is None:
        if intent.status == "succeeded":
            raise UnknownPayment(f"payment intent {intent.id} names no known top-up")
        return None
    if top_up.source == TopUp.Source.CHECKOUT:
        session = client.find_session(intent_id=intent.id)
        return fulfill_session(session=session) if session else top_up
    if intent.status == "succeeded":
        _require_as_sold(
            top_up,
            what=f"payment intent {intent.id}",
            amount_cents=intent.received_cents,
            currency=intent.currency,
            livemode=intent.livemode,
        )
        return _book(top_up, paid_cents=intent.received_cents, intent_id=intent.id)
    return top_up


def close(*, top_up: TopUp, status: TopUp.Status, message: str) -> bool:
    """Close an open top-up without a payment and return whether this call did it."""
    mine = TopUp.objects.filter(pk=top_up.pk, status__in=TopUp.OPEN)
    return bool(mine.update(status=status, failure_message=message[:500]))


def get_by_intent(*, intent_id: str) -> TopUp:
    """Return the paid top-up of a payment intent, booking it first if that is still due.

    The event of a refund or a dispute may arrive before the payment's. Raises `UnknownPayment`.
    """
    top_up = TopUp.objects.filter(
        stripe_payment_intent_id=intent_id, status=TopUp.Status.PAID
    ).first()
    if top_up is not None:
        return top_up
    fulfilled = fulfill_intent(intent=client.get_intent(intent_id=intent_id))
    if fulfilled is None or fulfilled.status != TopUp.Status.PAID:
        raise UnknownPayment(f"payment intent {intent_id} belongs to no paid top-up")
    return fulfilled


def _find(public_id: str) -> TopUp | None:
    return TopUp.objects.select_related("organization").filter(public_id=public_id).first()


def _require_as_sold(
    top_up: TopUp, *, what: str, amount_cents: int, currency: str, livemode: bool
) -> None:
    expected = (top_up.amount_cents, top_up.currency, client.is_live())
    found = (amount_cents, currency, livemode)
    if found != expected:
        raise UnknownPayment(f"{what} was paid as {found}, but sold as {expected}")


def _book(
    top_up: TopUp, *, paid_cents: int, intent_id: str, session_id: str = "", invoice_id: str = ""
) -> TopUp:
    """Mark a top-up as paid and add its credits, in one transaction and only once."""
    with transaction.atomic(durable=True):
        booked = (
            TopUp.objects.filter(pk=top_up.pk)
            .exclude(status=TopUp.Status.PAID)
            .update(
                status=TopUp.Status.PAID,
                paid_at=timezone.now(),
                paid_cents=paid_cents,
                stripe_payment_intent_id=intent_id or None,
                stripe_session_id=session_id or top_up.stripe_session_id,
                stripe_invoice_id=invoice_id,
                failure_message="",
            )
        )
        if booked:
            ledger.top_up(
                organization=top_up.organization,
                amount_credits=top_up.credits,
                reference=top_up.public_id,
                actor="stripe",
            )
    if booked:
        log.info("top_up_booked", top_up=top_up.public_id, credits=top_up.credits)
        # Last: a card that cannot be saved must not hold back the credits.
        _save_card(top_up, intent_id=intent_id)
    top_up.refresh_from_db()
    return top_up


def _save_card(top_up: TopUp, *, intent_id: str) -> None:
    if not (top_up.saves_card and intent_id):
        return
    try:
        intent = client.get_intent(intent_id=intent_id)
        if intent.payment_method_id:
            customers.save_card(
                organization=top_up.organization, payment_method_id=intent.payment_method_id
            )
    except client.StripeError as error:
        log.warning("card_not_saved", top_up=top_up.public_id, error=str(error))
