"""Idempotency keys: a repeated submit creates no second job and no second charge.

A key belongs to an organization and is stored in the transaction of its job, so a refused submit
leaves the key unused. A second submit that arrives during the first waits in the database for the
first to commit, and then returns its job.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Organization
from generation.jobs.generation_request import GenerationRequest
from generation.models import KEY_MAX_CHARACTERS, IdempotencyKey, Job
from vidgo.kernel import errors
from vidgo.kernel.db import prepared_statements
from vidgo.kernel.db.transactions import requires_transaction

HEADER = "Idempotency-Key"
KEPT = timedelta(days=7)
PRINTABLE = re.compile(rf"[\x20-\x7e]{{1,{KEY_MAX_CHARACTERS}}}")

STORE = """
INSERT INTO generation_idempotencykey (organization_id, key, fingerprint, job_id, created_at)
VALUES (%(organization)s, %(key)s, %(fingerprint)s, %(job)s, statement_timestamp())
    ON CONFLICT (organization_id, key) DO NOTHING
"""


class BadKey(errors.Invalid):
    default_message = (
        f"'{HEADER}' must have 1 to {KEY_MAX_CHARACTERS} characters, all of them printable ASCII."
    )


class OtherRequest(errors.IdempotencyMismatch):
    """The key belongs to a different request; nothing was charged."""

    default_message = (
        f"This '{HEADER}' was used with another request. Use a new one for a new request."
    )


class AlreadyStored(Exception):
    """Another submit stored this key first; roll back and look up its job."""


@dataclass(frozen=True, slots=True)
class Key:
    """An organization's key and the fingerprint of the request sent with it."""

    organization: Organization
    text: str
    fingerprint: str


def parse(header: str | None) -> str | None:
    """Return the key from a request's header, None without one; raises `BadKey`."""
    if header is None:
        return None
    if not PRINTABLE.fullmatch(header):
        raise BadKey(param=HEADER)
    return header


def find(key: Key) -> Job | None:
    """Return the job stored under a key, None for a new key; raises `OtherRequest`."""
    stored = (
        IdempotencyKey.objects.for_organization(key.organization)
        .select_related("job")
        .filter(key=key.text)
        .first()
    )
    if stored is None:
        return None
    if stored.fingerprint != key.fingerprint:
        raise OtherRequest(param=HEADER)
    return stored.job


@requires_transaction
def store(key: Key, *, job: Job) -> None:
    """Store a job under a key; raises `AlreadyStored`, then roll back.

    Waits for a transaction that has stored the same key but not committed yet.
    """
    values: dict[str, Any] = {
        "organization": key.organization.pk,
        "key": key.text,
        "fingerprint": key.fingerprint,
        "job": job.pk,
    }
    with prepared_statements.prepared() as cursor:
        cursor.execute(STORE, values)
        if not cursor.rowcount:
            raise AlreadyStored


def fingerprint_of(request: GenerationRequest) -> str:
    """Return a digest of everything that defines the job, defaults filled in."""
    parts = [
        request.model.id,
        request.prompt,
        request.size.name,
        request.output_format,
        request.seed,
        request.image_url,
        request.callback_url,
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def remove_expired() -> int:
    """Delete keys older than `KEPT` and return how many."""
    removed, _ = IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
    return removed
