"""E-mails about money, sent to the members of an organization who manage billing."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from accounts import access
from accounts.models import Organization
from billing.models import TopUp, Wallet
from vidgo.kernel import queue
from vidgo.kernel.web import mail

TASK = "billing.tasks.send_notice"
KINDS = ("low_balance", "recharge_failed", "recharge_stopped", "dispute_opened", "recharge_ended")


def queue_notice(*, organization: Organization, kind: str, about: str = "") -> None:
    """Queue an e-mail; inside a transaction it is queued only if that commits."""
    if kind not in KINDS:
        raise ValueError(f"no such e-mail: {kind}")
    queue.enqueue(TASK, organization.pk, kind, about)


def send(*, organization: Organization, kind: str, about: str = "") -> int:
    """Send an e-mail to each member with the billing ability and return how many were sent."""
    recipients = access.emails_with(organization=organization, ability="billing")
    context: dict[str, Any] = {
        "organization": organization,
        "wallet": Wallet.objects.filter(pk=organization.pk).first(),
        "top_up": TopUp.objects.for_organization(organization).filter(public_id=about).first(),
        "about": about,
        "link": f"{settings.VIDGO_PUBLIC_URL}/dashboard/billing",
    }
    return mail.send(kind=kind, to=recipients, context=context)
