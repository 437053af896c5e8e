"""Automatic recharge: buys a pack with the saved card when the balance runs low.

Claim, call, record: the top-up is stored before the card is charged. A crash in between leaves a
pending row, and repeating the charge under the row's own idempotency key charges only once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from accounts import audit
from accounts.audit import Actor
from accounts.models import Organization
from billing import emails, packs, top_ups, wallets
from billing.models import AutoRecharge, Customer, TopUp, Wallet
from billing.stripe import client, customers
from vidgo.kernel import errors, queue

log = structlog.get_logger(__name__)

TASK = "billing.tasks.recharge"
FAILURES_UNTIL_OFF = 3
PAUSE_AFTER_FAILURE = timedelta(hours=6)
CONSENT = (
    "I authorize the purchase of {credits:,} credits for ${dollars:,.2f} with the saved card "
    "whenever the balance falls below {threshold:,} credits, up to ${cap:,.2f} per month, until I "
    "turn this off."
)


class NoCard(errors.Conflict):
    default_message = (
        "Buy credits once with “Save this card” checked, then turn on automatic recharge."
    )


class CapTooLow(errors.Invalid):
    default_message = "The monthly limit must allow at least one recharge."


class ConsentMissing(errors.Invalid):
    default_message = "Please agree to the automatic payments."


def find_setting(*, organization: Organization) -> AutoRecharge:
    """Return the organization's setting; an unsaved, disabled one if it has none."""
    return AutoRecharge.objects.filter(pk=organization.pk).first() or AutoRecharge(
        organization=organization
    )


def consent_text(*, pack: packs.Pack, threshold_credits: int, monthly_cap_cents: int) -> str:
    """Return the text that a person agrees to; it is stored with the setting."""
    return CONSENT.format(
        credits=pack.credits,
        dollars=pack.amount_cents / 100,
        threshold=threshold_credits,
        cap=monthly_cap_cents / 100,
    )


def enable(
    *,
    organization: Organization,
    pack: packs.Pack,
    threshold_credits: int,
    monthly_cap_cents: int,
    agreed: bool,
    actor: Actor,
) -> AutoRecharge:
    """Turn on automatic recharge with the given consent.

    Raises `ConsentMissing`, `CapTooLow` and `NoCard`.
    """
    if not agreed:
        raise ConsentMissing(param="agreed")
    if monthly_cap_cents < pack.amount_cents:
        raise CapTooLow(param="monthly_cap")
    if not Customer.objects.filter(pk=organization.pk).exclude(payment_method_id="").exists():
        raise NoCard
    text = consent_text(
        pack=pack, threshold_credits=threshold_credits, monthly_cap_cents=monthly_cap_cents
    )
    with transaction.atomic(durable=True):
        setting, _ = AutoRecharge.objects.update_or_create(
            organization=organization,
            defaults={
                "is_enabled": True,
                "threshold_credits": threshold_credits,
                "amount_cents": pack.amount_cents,
                "credits": pack.credits,
                "monthly_cap_cents": monthly_cap_cents,
                "failures_in_a_row": 0,
                "consent": text,
                "consented_by": actor.user,
                "consented_at": timezone.now(),
                "stopped_reason": "",
            },
        )
        wallets.set_thresholds(organization=organization, recharge_below_credits=threshold_credits)
        audit.record(
            organization=organization, actor=actor, action="auto_recharge.enabled", target=text
        )
        queue.enqueue(TASK, organization.pk)
    return setting


def disable(*, organization: Organization, actor: Actor, reason: str = "") -> None:
    """Turn off automatic recharge; a charge under way still counts."""
    with transaction.atomic():
        changed = AutoRecharge.objects.filter(pk=organization.pk, is_enabled=True).update(
            is_enabled=False, stopped_reason=reason[:200]
        )
        if changed:
            wallets.set_thresholds(organization=organization, recharge_below_credits=0)
            audit.record(
                organization=organization,
                actor=actor,
                action="auto_recharge.disabled",
                reason=reason,
            )


def stop(*, organization: Organization, reason: str) -> None:
    """Turn off automatic recharge because it can no longer work, and send an e-mail about it."""
    if AutoRecharge.objects.filter(pk=organization.pk, is_enabled=True).exists():
        disable(organization=organization, actor=audit.SYSTEM, reason=reason)
        emails.queue_notice(organization=organization, kind="recharge_ended", about=reason)


def list_due() -> list[int]:
    """Return the ids of the organizations whose balance is below their recharge threshold."""
    low = Wallet.objects.filter(balance_credits__lt=F("recharge_below_credits"))
    return list(low.values_list("pk", flat=True))


def recharge(*, organization_id: int) -> TopUp | None:
    """Buy the pack if a recharge is due; return None if not.

    Calls Stripe between two transactions.
    """
    top_up = _claim(organization_id=organization_id)
    return None if top_up is None else charge(top_up=top_up)


def _claim(*, organization_id: int) -> TopUp | None:
    """Store the top-up of a recharge that is due, under a row lock, so that only one is stored."""
    with transaction.atomic(durable=True):
        setting = (
            AutoRecharge.objects.select_for_update(of=("self",))
            .select_related("organization")
            .filter(pk=organization_id, is_enabled=True)
            .first()
        )
        if setting is None or setting.organization.is_suspended:
            return None
        if _is_blocked(setting):
            return None
        # Read after looking for an open recharge: one booked in between is in this balance.
        balance = wallets.balance_of(organization=setting.organization).balance_credits
        if balance >= setting.threshold_credits:
            return None
        return TopUp.objects.create(
            organization=setting.organization,
            source=TopUp.Source.AUTO_RECHARGE,
            credits=setting.credits,
            amount_cents=setting.amount_cents,
            currency=top_ups.CURRENCY,
        )


def _is_blocked(setting: AutoRecharge) -> bool:
    """Return whether an open recharge, a recent failure or the monthly cap prevents another."""
    now = timezone.now()
    mine = TopUp.objects.for_organization(setting.organization).filter(
        source=TopUp.Source.AUTO_RECHARGE
    )
    if mine.filter(status__in=TopUp.OPEN).exists():
        return True
    if mine.filter(status=TopUp.Status.FAILED, created_at__gt=now - PAUSE_AFTER_FAILURE).exists():
        return True
    spent = spent_this_month(organization=setting.organization, now=now)
    if spent + setting.amount_cents > setting.monthly_cap_cents:
        log.info("recharge_cap_reached", organization=setting.organization.public_id)
        return True
    return False


def spent_this_month(*, organization: Organization, now: datetime) -> int:
    """Return the cents spent by automatic recharge in this calendar month, UTC."""
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    paid = TopUp.objects.for_organization(organization).filter(
        source=TopUp.Source.AUTO_RECHARGE, status=TopUp.Status.PAID, created_at__gte=month
    )
    return paid.aggregate(total=Sum("amount_cents"))["total"] or 0


def charge(*, top_up: TopUp) -> TopUp:
    """Charge the saved card for a pending recharge and book the result.

    Safe to repeat: the idempotency key is the row's id. If Stripe does not answer, the row stays
    pending.
    """
    customer = customers.get_customer(organization=top_up.organization)
    if not customer.payment_method_id:
        return _fail(top_up, message="The saved card was removed.")
    try:
        intent = client.charge_saved_card(
            top_up_id=top_up.public_id,
            customer_id=customer.stripe_id,
            payment_method_id=customer.payment_method_id,
            amount_cents=top_up.amount_cents,
            currency=top_up.currency,
            description=top_ups.describe(top_up),
        )
    except client.AuthenticationRequired as refused:
        return _fail_unconfirmed(top_up, intent_id=refused.intent_id)
    except client.Declined as refused:
        return _fail(top_up, message=str(refused))
    except client.Unreachable as error:
        log.warning("recharge_unanswered", top_up=top_up.public_id, error=str(error))
        return top_up
    booked = top_ups.fulfill_intent(intent=intent)
    if booked is not None and booked.status == TopUp.Status.PAID:
        succeeded(organization=top_up.organization)
    return booked or top_up


def succeeded(*, organization: Organization) -> None:
    """Reset the count of failures, because the card works."""
    AutoRecharge.objects.filter(pk=organization.pk).update(failures_in_a_row=0)


def payment_failed(*, intent: client.Intent) -> None:
    """Book a recharge that Stripe reports as failed, also if its own response was lost."""
    top_up = (
        TopUp.objects.select_related("organization")
        .filter(public_id=intent.top_up_id, source=TopUp.Source.AUTO_RECHARGE)
        .first()
    )
    if top_up is None or top_up.status != TopUp.Status.PENDING:
        return
    if intent.failure_code == "authentication_required":
        _fail_unconfirmed(top_up, intent_id=intent.id)
    else:
        _fail(top_up, message=intent.failure_message or "The card was declined.")


def _fail(top_up: TopUp, *, message: str) -> TopUp:
    if top_ups.close(top_up=top_up, status=TopUp.Status.FAILED, message=message):
        _count_failure(top_up, message=message)
    top_up.refresh_from_db()
    return top_up


def _fail_unconfirmed(top_up: TopUp, *, intent_id: str) -> TopUp:
    """Fail a recharge that the cardholder would have to confirm; the e-mail asks to buy manually.

    The intent is canceled first, so that it cannot be paid in addition to that purchase.
    """
    if intent_id:
        try:
            client.cancel_intent(intent_id=intent_id)
        except client.StripeError as error:
            log.warning("intent_not_canceled", top_up=top_up.public_id, error=str(error))
    return _fail(top_up, message="The bank requires the cardholder to confirm the payment.")


def _count_failure(top_up: TopUp, *, message: str) -> None:
    """Send an e-mail about the failure, and turn off automatic recharge after repeated ones."""
    with transaction.atomic(durable=True):
        setting = AutoRecharge.objects.select_for_update().get(pk=top_up.organization_id)
        setting.failures_in_a_row += 1
        is_off = setting.failures_in_a_row >= FAILURES_UNTIL_OFF
        if is_off:
            setting.is_enabled = False
            setting.stopped_reason = f"Turned off after {FAILURES_UNTIL_OFF} failed payments."
            wallets.set_thresholds(organization=top_up.organization, recharge_below_credits=0)
            audit.record(
                organization=top_up.organization,
                actor=audit.SYSTEM,
                action="auto_recharge.disabled",
                reason=message,
            )
        setting.save()
        emails.queue_notice(
            organization=top_up.organization,
            kind="recharge_stopped" if is_off else "recharge_failed",
            about=top_up.public_id,
        )
