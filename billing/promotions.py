"""Promotions: codes that grant credits, once to each organization."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import organizations
from accounts.audit import Actor
from accounts.models import Organization
from billing import grants
from billing.models import Grant, Promotion, Redemption
from vidgo.kernel import errors


class UnknownCode(errors.Invalid):
    default_message = "This promotion code is not valid."


class PromotionEnded(errors.Conflict):
    default_message = "This promotion has ended."


class AlreadyRedeemed(errors.Conflict):
    default_message = "Your organization has already used this promotion code."


def redeem(*, organization: Organization, code: str, actor: Actor) -> Grant:
    """Grant an organization the credits of a code.

    Raises `UnknownCode`, `PromotionEnded` and `AlreadyRedeemed`; nothing is granted then.
    """
    organizations.require_active(organization=organization)
    now = timezone.now()
    try:
        with transaction.atomic(durable=True):
            # The lock makes the count of redemptions exact.
            promotion = (
                Promotion.objects.select_for_update().filter(code__iexact=code.strip()).first()
            )
            if promotion is None or promotion.starts_at > now:
                raise UnknownCode(param="code")
            _require_open(promotion)
            days = promotion.credits_last_days
            grant = grants.record(
                organization=organization,
                amount_credits=promotion.credits,
                reason=f"Promotion {promotion.code}",
                actor=actor,
                expires_at=now + timedelta(days=days) if days else None,
            )
            Redemption.objects.create(promotion=promotion, organization=organization, grant=grant)
    except IntegrityError as error:
        if "promotion_is_redeemed_once_per_organization" in str(error):
            raise AlreadyRedeemed(param="code") from None
        raise
    return grant


def _require_open(promotion: Promotion) -> None:
    over = promotion.ends_at is not None and promotion.ends_at <= timezone.now()
    used_up = (
        promotion.max_redemptions is not None
        and promotion.redemptions.count() >= promotion.max_redemptions
    )
    if not promotion.is_active or over or used_up:
        raise PromotionEnded(param="code")
