"""System checks that refuse payment settings that would lose money."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from billing import packs


@register(Tags.security)
def no_simulator_with_real_money(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Refuse the simulator in production and with a live key: nobody pays real money there."""
    live = settings.STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_"))
    if settings.STRIPE_SIMULATOR and (settings.PRODUCTION or live):
        return [
            Error(
                "The Stripe simulator is on in production or with a live key.",
                hint="Set STRIPE_SIMULATOR=false.",
                id="billing.E001",
            )
        ]
    return []


@register(Tags.security)
def webhooks_can_be_verified(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Refuse a Stripe key without the secret that verifies webhooks."""
    if settings.STRIPE_SECRET_KEY and not settings.STRIPE_WEBHOOK_SECRET:
        return [
            Error(
                "STRIPE_SECRET_KEY is set without STRIPE_WEBHOOK_SECRET.",
                hint="Copy the signing secret of the webhook endpoint from Stripe's dashboard.",
                id="billing.E002",
            )
        ]
    if settings.PRODUCTION and not settings.STRIPE_SECRET_KEY:
        return [
            Warning(
                "No STRIPE_SECRET_KEY: nobody can buy credits.",
                hint="Grant credits in the admin, or set the key.",
                id="billing.W001",
            )
        ]
    return []


@register()
def packs_make_sense(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Refuse packs that cannot be parsed or that are below Stripe's minimum."""
    try:
        listed = packs.listed()
    except ValueError:
        listed = []
    # 50 cents is Stripe's smallest charge in US dollars.
    if not listed or any(pack.amount_cents < 50 or pack.credits < 1 for pack in listed):
        return [
            Error(
                "BILLING_PACKS must be 'cents:credits' pairs of at least 50 cents.",
                id="billing.E003",
            )
        ]
    return []
