"""Signing secrets of webhooks: one for each organization, two while it is rotated.

They are stored sealed with a key derived from SECRET_KEY, so that a copy of the database is not
enough to sign webhooks; see docs/decisions/0007-encrypt-webhook-secrets.md.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import audit
from accounts.audit import Actor
from accounts.models import Organization
from generation.callbacks import signing
from generation.models import CallbackSecret
from vidgo.kernel import errors
from vidgo.kernel.db import sealing

log = structlog.get_logger(__name__)

SEALER = sealing.Sealer("vidgo callback secrets")
KEY_BYTES = 32


class Unreadable(errors.Internal):
    """A stored secret cannot be opened with SECRET_KEY or any of SECRET_KEY_FALLBACKS."""

    default_message = "The signing secret cannot be read. Please contact support, or rotate it."


class Overlapping(errors.Conflict):
    """The secret was rotated already, and the previous one is still valid."""

    default_message = (
        "The previous secret is still valid. Wait until it has expired, then rotate again."
    )


def reveal(*, organization: Organization, actor: Actor) -> str:
    """Return the current secret and record who looked; raises `Unreadable`."""
    with transaction.atomic(durable=True):
        row = _current(organization.pk)
        audit.record(organization=organization, actor=actor, action="callback_secret.revealed")
    return signing.encode_key(_open(row))


def rotate(*, organization: Organization, actor: Actor) -> str:
    """Replace the secret and return the new one; both sign for CALLBACK_SECRET_OVERLAP_HOURS.

    Raises `Overlapping` during that time, because at most two secrets may be valid.
    """
    with transaction.atomic(durable=True):
        old = CallbackSecret.objects.select_for_update().get(pk=_current(organization.pk).pk)
        if old.expires_at is not None or _replaced(organization).exists():
            raise Overlapping
        old.expires_at = timezone.now() + timedelta(hours=settings.CALLBACK_SECRET_OVERLAP_HOURS)
        old.save(update_fields=["expires_at"])
        row = CallbackSecret.objects.create(organization=organization, sealed=_new_sealed())
        audit.record(organization=organization, actor=actor, action="callback_secret.rotated")
    return signing.encode_key(_open(row))


def overlap_ends_at(*, organization: Organization) -> datetime | None:
    """Return until when the previous secret is valid, None if it isn't."""
    row = _replaced(organization).first()
    return row.expires_at if row else None


def _replaced(organization: Organization) -> QuerySet[CallbackSecret]:
    return CallbackSecret.objects.filter(organization=organization, expires_at__gt=timezone.now())


def keys_of(*, organization_ids: Collection[int]) -> dict[int, tuple[bytes, ...]]:
    """Return each organization's signing keys, the current one first.

    An organization whose secret can't be read is left out and logged as an error.
    """
    current = CallbackSecret.objects.filter(expires_at=None, organization__in=organization_ids)
    for organization_id in {*organization_ids} - {row.organization_id for row in current}:
        _current(organization_id)
    rows = CallbackSecret.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=timezone.now()), organization__in=organization_ids
    ).order_by("-id")
    keys: dict[int, tuple[bytes, ...]] = {}
    for row in rows:
        try:
            keys[row.organization_id] = (*keys.get(row.organization_id, ()), _open(row))
        except Unreadable:
            log.error("webhook_secret_unreadable", secret=row.pk)
    return keys


def _current(organization_id: int) -> CallbackSecret:
    current = CallbackSecret.objects.filter(organization_id=organization_id, expires_at=None)
    row = current.first()
    if row is None:
        # A concurrent insert waits for the first one to commit, and then finds its row.
        CallbackSecret.objects.bulk_create(
            [CallbackSecret(organization_id=organization_id, sealed=_new_sealed())],
            ignore_conflicts=True,
        )
        row = current.get()
    return row


def _new_sealed() -> str:
    return SEALER.seal(secrets.token_bytes(KEY_BYTES))


def _open(row: CallbackSecret) -> bytes:
    try:
        return SEALER.unseal(row.sealed)
    except sealing.Unreadable:
        raise Unreadable from None


def reseal() -> int:
    """Reseal with SECRET_KEY what a former key sealed, and return how many rows.

    After that the former key may leave SECRET_KEY_FALLBACKS. Also deletes expired secrets.
    """
    CallbackSecret.objects.filter(expires_at__lte=timezone.now()).delete()
    resealed = 0
    for row in CallbackSecret.objects.exclude(sealed__startswith=SEALER.prefix):
        try:
            sealed = SEALER.reseal(row.sealed)
        except sealing.Unreadable:
            log.error("webhook_secret_unreadable", secret=row.pk)
            continue
        same = CallbackSecret.objects.filter(pk=row.pk, sealed=row.sealed)
        resealed += same.update(sealed=sealed)
    return resealed
