"""Hints: a provider's own message that it is done, believed only as far as an id.

The address is unguessable and belongs to one attempt; the message has to be signed as its vendor
signs. Even then it only says where to look and that now is a good time: what became of the work is
asked for, and polling finds it out without any hint.
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
    default_message = "There is no such address."


class ForgedWebhook(errors.Invalid):
    default_message = "The message is not believed."


def url_for(*, provider_name: str, token: str) -> str:
    """Return where the provider may tell that an attempt is done; "" when it cannot reach us.

    Vendors send over https alone. A development copy that allows loopback addresses may be told
    by vendors on the same machine.
    """
    public = settings.VIDGO_PUBLIC_URL
    reachable = public.startswith("https://") or settings.VIDGO_ALLOW_LOOPBACK_URLS
    if not token or not reachable:
        return ""
    return f"{public}/webhooks/providers/{provider_name}/{token}"


def secret_for(*, token: str) -> str:
    """Return what the provider may sign its message with, in hexadecimal digits.

    After a change of SECRET_KEY the messages about attempts in flight are not believed; polling
    ends those.
    """
    return salted_hmac("generation.providers.webhooks", token, algorithm="sha256").hexdigest()


def receive(*, provider_name: str, token: str, headers: Mapping[str, str], body: bytes) -> None:
    """Let a genuine message bring its job forward; one about an attempt that is over does nothing.

    Header names are in lower case. May talk to the vendor for its public keys. Raises
    `UnknownWebhook` and `ForgedWebhook`; then nothing is changed.
    """
    provider = registry.providers().get(provider_name)
    attempt = Attempt.objects.filter(provider=provider_name, token=token).first() if token else None
    if provider is None or attempt is None:
        raise UnknownWebhook
    message = provider.read_webhook(headers=headers, body=body, secret=secret_for(token=token))
    try:
        upstream_ref = http.run(message)
    except BadWebhook as error:
        log.warning("provider_webhook_refused", provider=provider_name, reason=str(error))
        raise ForgedWebhook from None
    with transaction.atomic(durable=True):
        _bring_forward(attempt=attempt, upstream_ref=upstream_ref)


def _bring_forward(*, attempt: Attempt, upstream_ref: str) -> None:
    """Store a reference that was not known, and have the job looked at now unless someone does."""
    running = Job.objects.select_for_update(no_key=True).filter(
        pk=attempt.job_id, status=Status.RUNNING
    )
    if running.values("pk").first() is None:
        return
    current = Attempt.objects.filter(pk=attempt.pk, ended_at=None)
    if current.filter(upstream_ref="").update(upstream_ref=upstream_ref, lost_at=None):
        # The answer to the start was lost, or has not come yet; then it is written over this.
        log.info("provider_webhook_named_reference", provider=attempt.provider)
    elif not current.exists():
        return
    now = timezone.now()
    unattended = Q(leased_until=None) | Q(leased_until__lt=now)
    if Job.objects.filter(unattended, pk=attempt.job_id).update(due_at=now):
        queue.notify(jobs.WAKE_UP)
