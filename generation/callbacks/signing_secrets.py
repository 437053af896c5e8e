"""The secrets callbacks are signed with: one for each organization, two while it rotates.

They are stored sealed, with a key made of SECRET_KEY, so that a copy of the database does not let
anybody sign in our name; see docs/decisions/0007-encrypt-webhook-secrets.md.
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
    """The secret was replaced already, and the one before it still counts."""

    default_message = (
        "The secret before this one is still valid. Wait until it has expired, then rotate again."
    )


def reveal(*, organization: Organization, actor: Actor) -> str:
    """Return the present secret as customers write it, and note who looked; raises `Unreadable`."""
    with transaction.atomic(durable=True):
        row = _present(organization.pk)
        audit.record(organization=organization, actor=actor, action="callback_secret.revealed")
    return signing.written(_open(row))


def rotate(*, organization: Organization, actor: Actor) -> str:
    """Replace the secret and return the new one; the old one signs beside it for a while.

    Raises `Overlapping`: with three secrets the receiver could not know which one to take.
    """
    with transaction.atomic(durable=True):
        old = CallbackSecret.objects.select_for_update().get(pk=_present(organization.pk).pk)
        if old.expires_at is not None or _replaced(organization).exists():
            raise Overlapping
        old.expires_at = timezone.now() + timedelta(hours=settings.CALLBACK_SECRET_OVERLAP_HOURS)
        old.save(update_fields=["expires_at"])
        row = CallbackSecret.objects.create(organization=organization, sealed=_new_sealed())
        audit.record(organization=organization, actor=actor, action="callback_secret.rotated")
    return signing.written(_open(row))


def overlap_ends_at(*, organization: Organization) -> datetime | None:
    """Return until when the secret before the present one still counts, None when none does."""
    row = _replaced(organization).first()
    return row.expires_at if row else None


def _replaced(organization: Organization) -> QuerySet[CallbackSecret]:
    return CallbackSecret.objects.filter(organization=organization, expires_at__gt=timezone.now())


def keys_of(*, organization_ids: Collection[int]) -> dict[int, tuple[bytes, ...]]:
    """Return the keys that sign for each organization, the present one first.

    An organization whose secret cannot be read is left out, and that is logged as an error.
    """
    present = CallbackSecret.objects.filter(expires_at=None, organization__in=organization_ids)
    for organization_id in {*organization_ids} - {row.organization_id for row in present}:
        _present(organization_id)
    rows = CallbackSecret.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=timezone.now()), organization__in=organization_ids
    ).order_by("-id")
    keys: dict[int, tuple[bytes, ...]] = {}
    for row in rows:
        try:
            keys[row.organization_id] = (*keys.get(row.organization_id, ()), _open(row))
        except Unreadable:
            log.error("callback_secret_unreadable", secret=row.pk)
    return keys


def _present(organization_id: int) -> CallbackSecret:
    present = CallbackSecret.objects.filter(organization_id=organization_id, expires_at=None)
    row = present.first()
    if row is None:
        # Whoever comes second waits for the first one's commit, and then finds its row.
        CallbackSecret.objects.bulk_create(
            [CallbackSecret(organization_id=organization_id, sealed=_new_sealed())],
            ignore_conflicts=True,
        )
        row = present.get()
    return row


def _new_sealed() -> str:
    return SEALER.seal(secrets.token_bytes(KEY_BYTES))


def _open(row: CallbackSecret) -> bytes:
    try:
        return SEALER.unseal(row.sealed)
    except sealing.Unreadable:
        raise Unreadable from None


def reseal() -> int:
    """Seal with the present SECRET_KEY what a former one sealed; return how many rows those were.

    Once it has run, the former key may leave SECRET_KEY_FALLBACKS. Secrets past their end go.
    """
    CallbackSecret.objects.filter(expires_at__lte=timezone.now()).delete()
    resealed = 0
    for row in CallbackSecret.objects.exclude(sealed__startswith=SEALER.prefix):
        try:
            sealed = SEALER.reseal(row.sealed)
        except sealing.Unreadable:
            log.error("callback_secret_unreadable", secret=row.pk)
            continue
        same = CallbackSecret.objects.filter(pk=row.pk, sealed=row.sealed)
        resealed += same.update(sealed=sealed)
    return resealed
