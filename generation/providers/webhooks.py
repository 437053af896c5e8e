"""Provider webhooks: a provider tells us that work is done, and we poll for it sooner.

The URL is unguessable and belongs to one attempt; the vendor's signature is verified. Of a webhook
we use only the id: the result always comes from a poll, which would find it without the webhook.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from generation import jobs
from generation.models import Attempt, Job, Status
from generation.providers import registry
from generation.providers.base import BadWebhook
from vidgo.kernel import errors, http, queue

log = structlog.get_logger(__name__)


class UnknownWebhook(errors.NotFound):
    default_message = "There is no such webhook URL."


class ForgedWebhook(errors.Invalid):
    default_message = "The webhook could not be verified."


def url_for(*, provider_name: str, token: str) -> str:
    """Return the webhook URL of an attempt, "" if the provider cannot reach us.

    Vendors require https. VIDGO_ALLOW_LOOPBACK_URLS lets local vendors call a development copy.
    """
    public = settings.VIDGO_PUBLIC_URL
    reachable = public.startswith("https://") or settings.VIDGO_ALLOW_LOOPBACK_URLS
    if not token or not reachable:
        return ""
    return f"{public}/webhooks/providers/{provider_name}/{token}"


def secret_for(*, token: str) -> str:
    """Return the secret for a provider to sign an attempt's webhook with, in hexadecimal digits.

    After a change of SECRET_KEY, webhooks of attempts in flight are refused; polling finishes
    those.
    """
    return salted_hmac("generation.providers.webhooks", token, algorithm="sha256").hexdigest()


def receive(*, provider_name: str, token: str, headers: Mapping[str, str], body: bytes) -> None:
    """Verify a webhook and poll its job sooner; one about an ended attempt does nothing.

    Header names are in lower case. May fetch the vendor's public keys. Raises `UnknownWebhook` and
    `ForgedWebhook`; then nothing is changed.
    """
    provider = registry.providers().get(provider_name)
    attempt = Attempt.objects.filter(provider=provider_name, token=token).first() if token else None
    if provider is None or attempt is None:
        raise UnknownWebhook
    reading = provider.read_webhook(headers=headers, body=body, secret=secret_for(token=token))
    try:
        upstream_ref = http.run(reading)
    except BadWebhook as error:
        log.warning("provider_webhook_refused", provider=provider_name, reason=str(error))
        raise ForgedWebhook from None
    with transaction.atomic(durable=True):
        _make_due(attempt=attempt, upstream_ref=upstream_ref)


def _make_due(*, attempt: Attempt, upstream_ref: str) -> None:
    """Store a reference that was missing, and make the job due now unless a driver holds it."""
    running = Job.objects.select_for_update(no_key=True).filter(
        pk=attempt.job_id, status=Status.RUNNING
    )
    if running.values("pk").first() is None:
        return
    current = Attempt.objects.filter(pk=attempt.pk, ended_at=None)
    if current.filter(upstream_ref="").update(upstream_ref=upstream_ref, lost_at=None):
        # The answer to the start was lost, or comes later and then replaces this.
        log.info("provider_webhook_named_reference", provider=attempt.provider)
    elif not current.exists():
        return
    now = timezone.now()
    unleased = Q(leased_until=None) | Q(leased_until__lt=now)
    if Job.objects.filter(unleased, pk=attempt.job_id).update(due_at=now):
        queue.notify(jobs.WAKE_UP)
