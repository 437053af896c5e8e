"""The secrets callbacks are signed with: one for each organization, two while it rotates.

They are stored sealed, with a key made of SECRET_KEY, so that a copy of the database does not let
anybody sign in our name; see docs/decisions/0007-callback-secrets-are-sealed.md.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import lru_cache

import structlog
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
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

log = structlog.get_logger(__name__)

KEY_BYTES = 32


class Unreadable(errors.Internal):
    """A stored secret cannot be opened with SECRET_KEY or any of SECRET_KEY_FALLBACKS."""

    sentence = "The signing secret cannot be read. Please contact support, or rotate it."


class Overlapping(errors.Conflict):
    """The secret was replaced already, and the one before it still counts."""

    sentence = (
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
        row = CallbackSecret.objects.create(**_new(organization.pk))
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
            [CallbackSecret(**_new(organization_id))], ignore_conflicts=True
        )
        row = present.get()
    return row


def _new(organization_id: int) -> dict[str, object]:
    sealer, name = _sealers()[0]
    return {
        "organization_id": organization_id,
        "sealed": sealer.encrypt(secrets.token_bytes(KEY_BYTES)).decode(),
        "sealed_with": name,
    }


def _open(row: CallbackSecret) -> bytes:
    for sealer, name in _sealers():
        if name == row.sealed_with:
            try:
                return sealer.decrypt(row.sealed)
            except InvalidToken:
                break
    raise Unreadable


def reseal() -> int:
    """Seal with the present SECRET_KEY what a former one sealed; return how many rows those were.

    Once it has run, the former key may leave SECRET_KEY_FALLBACKS. Secrets past their end go.
    """
    CallbackSecret.objects.filter(expires_at__lte=timezone.now()).delete()
    sealer, name = _sealers()[0]
    resealed = 0
    for row in CallbackSecret.objects.exclude(sealed_with=name):
        try:
            key = _open(row)
        except Unreadable:
            log.error("callback_secret_unreadable", secret=row.pk)
            continue
        resealed += CallbackSecret.objects.filter(pk=row.pk, sealed=row.sealed).update(
            sealed=sealer.encrypt(key).decode(), sealed_with=name
        )
    return resealed


def _sealers() -> list[tuple[Fernet, str]]:
    return [_sealer(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


@lru_cache(maxsize=8)
def _sealer(secret_key: str) -> tuple[Fernet, str]:
    """Return what seals with a SECRET_KEY, and a name for it that tells nothing about it."""
    made = HKDF(
        algorithm=hashes.SHA256(), length=40, salt=None, info=b"vidgo callback secrets"
    ).derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(made[:32])), made[32:].hex()
