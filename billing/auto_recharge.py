"""Automatic recharge: a pack bought with the kept card when the balance runs low.

Claim, call, record: the top-up is stored before the card is charged, so a crash in between leaves a
pending row, and asking Stripe again with the row's own idempotency key charges nothing twice.
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
    "I agree that {credits:,} credits are bought for ${dollars:,.2f} with the kept card whenever "
    "the balance falls below {threshold:,} credits, for at most ${cap:,.2f} a month, until I "
    "switch this off."
)


class NoCard(errors.Conflict):
    default_message = (
        "Buy credits once with “keep this card” ticked, then switch automatic recharge on."
    )


class CapTooLow(errors.Invalid):
    default_message = "The monthly limit must allow at least one recharge."


class ConsentMissing(errors.Invalid):
    default_message = "Please agree to the automatic payments."


def find_setting(*, organization: Organization) -> AutoRecharge:
    """Return the organization's wish; an unsaved, switched-off one when it never had any."""
    return AutoRecharge.objects.filter(pk=organization.pk).first() or AutoRecharge(
        organization=organization
    )


def consent_text(*, pack: packs.Pack, threshold_credits: int, monthly_cap_cents: int) -> str:
    """Return the sentence that a person agrees to and that is kept as it was."""
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
    """Switch automatic recharge on, with the consent that was given.

    Raises `ConsentMissing`, `NoCard` and `CapTooLow`.
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
        wallets.watch(organization=organization, recharge_below_credits=threshold_credits)
        audit.record(
            organization=organization, actor=actor, action="auto_recharge.enabled", target=text
        )
        queue.enqueue(TASK, organization.pk)
    return setting


def disable(*, organization: Organization, actor: Actor, reason: str = "") -> None:
    """Switch automatic recharge off; what is being charged right now still counts."""
    with transaction.atomic():
        changed = AutoRecharge.objects.filter(pk=organization.pk, is_enabled=True).update(
            is_enabled=False, stopped_reason=reason[:200]
        )
        if changed:
            wallets.watch(organization=organization, recharge_below_credits=0)
            audit.record(
                organization=organization,
                actor=actor,
                action="auto_recharge.disabled",
                reason=reason,
            )


def stop(*, organization: Organization, reason: str) -> None:
    """Switch automatic recharge off because it cannot work any more, and tell the people."""
    was_on = AutoRecharge.objects.filter(pk=organization.pk, is_enabled=True).exists()
    if was_on:
        disable(organization=organization, actor=audit.SYSTEM, reason=reason)
        emails.queue_notice(organization=organization, kind="recharge_ended", about=reason)


def list_due() -> list[int]:
    """Return the organizations whose balance has fallen below what they wished."""
    low = Wallet.objects.filter(balance_credits__lt=F("recharge_below_credits"))
    return list(low.values_list("pk", flat=True))


def recharge(*, organization_id: int) -> TopUp | None:
    """Buy the pack if the balance is low and nothing speaks against it; None when nothing was due.

    Talks to Stripe between two transactions.
    """
    top_up = _claim(organization_id=organization_id)
    return None if top_up is None else charge(top_up=top_up)


def _claim(*, organization_id: int) -> TopUp | None:
    """Store the top-up of a recharge that is due; the row's lock lets one caller through."""
    with transaction.atomic(durable=True):
        setting = (
            AutoRecharge.objects.select_for_update(of=("self",))
            .select_related("organization")
            .filter(pk=organization_id, is_enabled=True)
            .first()
        )
        if setting is None or setting.organization.is_suspended:
            return None
        if _speaks_against(setting):
            return None
        # After the look for an open recharge: one booked in between is in this balance.
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


def _speaks_against(setting: AutoRecharge) -> bool:
    """Return whether an open recharge, a recent failure or the monthly cap forbids another."""
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
    """Return the cents that automatic recharge has spent in this calendar month, UTC."""
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    paid = TopUp.objects.for_organization(organization).filter(
        source=TopUp.Source.AUTO_RECHARGE, status=TopUp.Status.PAID, created_at__gte=month
    )
    return paid.aggregate(total=Sum("amount_cents"))["total"] or 0


def charge(*, top_up: TopUp) -> TopUp:
    """Charge the kept card for a pending recharge and book what came of it.

    Safe to repeat: the idempotency key is the row's id. Without an answer the row stays pending.
    """
    customer = customers.get_customer(organization=top_up.organization)
    if not customer.payment_method_id:
        return _failed(top_up, message="No card is kept any more.")
    try:
        intent = client.charge_kept_card(
            top_up_id=top_up.public_id,
            customer_id=customer.stripe_id,
            payment_method_id=customer.payment_method_id,
            amount_cents=top_up.amount_cents,
            currency=top_up.currency,
            description=top_ups.describe(top_up),
        )
    except client.AuthenticationRequired as refused:
        return _needs_person(top_up, intent_id=refused.intent_id)
    except client.Declined as refused:
        return _failed(top_up, message=str(refused))
    except client.Unreachable as error:
        log.warning("recharge_unanswered", top_up=top_up.public_id, error=str(error))
        return top_up
    booked = top_ups.fulfil_intent(intent=intent)
    if booked is not None and booked.status == TopUp.Status.PAID:
        succeeded(organization=top_up.organization)
    return booked or top_up


def succeeded(*, organization: Organization) -> None:
    """Forget earlier failures: the card works."""
    AutoRecharge.objects.filter(pk=organization.pk).update(failures_in_a_row=0)


def payment_failed(*, intent: client.Intent) -> None:
    """Book a recharge that Stripe reports as failed, whether or not we saw its answer."""
    top_up = (
        TopUp.objects.select_related("organization")
        .filter(public_id=intent.top_up_id, source=TopUp.Source.AUTO_RECHARGE)
        .first()
    )
    if top_up is None or top_up.status != TopUp.Status.PENDING:
        return
    if intent.failure_code == "authentication_required":
        _needs_person(top_up, intent_id=intent.id)
    else:
        _failed(top_up, message=intent.failure_message or "The card was declined.")


def _failed(top_up: TopUp, *, message: str) -> TopUp:
    if top_ups.close(top_up=top_up, status=TopUp.Status.FAILED, message=message):
        _count_failure(top_up, message=message)
    top_up.refresh_from_db()
    return top_up


def _needs_person(top_up: TopUp, *, intent_id: str) -> TopUp:
    """Ask for the cardholder: the recharge is given up, and people are sent to buy by hand.

    The intent is canceled first, so that it cannot be paid beside the purchase made instead.
    """
    if intent_id:
        try:
            client.cancel_intent(intent_id=intent_id)
        except client.StripeError as error:
            log.warning("intent_not_canceled", top_up=top_up.public_id, error=str(error))
    message = "The bank asks the cardholder to confirm the payment."
    if top_ups.close(top_up=top_up, status=TopUp.Status.FAILED, message=message):
        _count_failure(top_up, message=message)
    top_up.refresh_from_db()
    return top_up


def _count_failure(top_up: TopUp, *, message: str) -> None:
    """Tell the people who pay, and stop asking the card after repeated failures."""
    with transaction.atomic(durable=True):
        setting = AutoRecharge.objects.select_for_update().get(pk=top_up.organization_id)
        setting.failures_in_a_row += 1
        is_off = setting.failures_in_a_row >= FAILURES_UNTIL_OFF
        if is_off:
            setting.is_enabled = False
            setting.stopped_reason = f"Switched off after {FAILURES_UNTIL_OFF} failed payments."
            wallets.watch(organization=top_up.organization, recharge_below_credits=0)
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
