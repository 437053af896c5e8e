"""Idempotency keys: a submit that is sent again takes no second task and no second payment.

A key belongs to an organization and is stored in the transaction of the job it stands for, so a
submit that was refused leaves the key free. Whoever comes second, while the first is still under
way, waits in the database for its commit and is then answered as if it had come later.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import ApiKey, Organization, User
from generation import jobs
from generation.models import KEY_MAX_CHARACTERS, IdempotencyKey, Job
from generation.orders import Order
from vidgo.kernel import errors
from vidgo.kernel.db import prepared_statements
from vidgo.kernel.db.transactions import requires_transaction

HEADER = "Idempotency-Key"
KEPT = timedelta(days=7)
PRINTABLE = re.compile(rf"[\x20-\x7e]{{1,{KEY_MAX_CHARACTERS}}}")

# Waits for another transaction that has stored the same key but not committed yet.
STORE = """
INSERT INTO generation_idempotencykey (organization_id, key, fingerprint, job_id, created_at)
VALUES (%(organization)s, %(key)s, %(fingerprint)s, %(job)s, statement_timestamp())
    ON CONFLICT (organization_id, key) DO NOTHING
"""


class BadKey(errors.Invalid):
    sentence = (
        f"'{HEADER}' must have 1 to {KEY_MAX_CHARACTERS} characters, all of them printable ASCII."
    )


class OtherOrder(errors.IdempotencyMismatch):
    """The key stands for another order; nothing was taken."""

    sentence = f"This '{HEADER}' was used with another request. Use a new one for a new request."


class _Taken(Exception):
    """Another submit stored this key first."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """The job an order has become, now or the first time it was sent."""

    job: Job
    is_replay: bool


def parse(header: str | None) -> str | None:
    """Return the key in a request's header, None without one; raises `BadKey`."""
    if header is None:
        return None
    if not PRINTABLE.fullmatch(header):
        raise BadKey(param=HEADER)
    return header


def submit(
    *,
    organization: Organization,
    order: Order,
    key: str | None,
    api_key: ApiKey | None = None,
    created_by: User | None = None,
    fingerprint: str = "",
) -> Submitted:
    """Submit an order, or return the job that it has become under the same key before.

    Either an API key or a person asks. A replay looks at nothing but the key: no image is fetched
    and no balance read again. `fingerprint` says what the order is where the order alone does not,
    as with a file that is stored under another name each time. Raises `OtherOrder`, and for an
    order that is new whatever `jobs.submit` does.
    """
    asker = api_key.display if api_key else str(created_by)
    who: dict[str, Any] = {"actor": asker, "api_key": api_key, "created_by": created_by}
    if key is None:
        job = jobs.submit(organization=organization, order=order, **who)
        return Submitted(job=job, is_replay=False)
    fingerprint = fingerprint or fingerprint_of(order)
    while True:
        found = find(organization=organization, key=key, fingerprint=fingerprint)
        if found is not None:
            return Submitted(job=found, is_replay=True)
        try:
            job = jobs.submit(
                organization=organization,
                order=order,
                **who,
                within=lambda job: keep(key=key, fingerprint=fingerprint, job=job),
            )
        except _Taken:
            # It is found now, unless it has just been swept.
            continue
        return Submitted(job=job, is_replay=False)


def find(*, organization: Organization, key: str, fingerprint: str) -> Job | None:
    """Return the job a key stands for, None for a new key; raises `OtherOrder`."""
    kept = (
        IdempotencyKey.objects.for_organization(organization)
        .select_related("job")
        .filter(key=key)
        .first()
    )
    if kept is None:
        return None
    if kept.fingerprint != fingerprint:
        raise OtherOrder(param=HEADER)
    return kept.job


@requires_transaction
def keep(*, key: str, fingerprint: str, job: Job) -> None:
    """Let a key of the job's organization stand for it; raises `_Taken`, then roll back."""
    values: dict[str, Any] = {
        "organization": job.organization_id,
        "key": key,
        "fingerprint": fingerprint,
        "job": job.pk,
    }
    with prepared_statements.prepared() as cursor:
        cursor.execute(STORE, values)
        if not cursor.rowcount:
            raise _Taken


def fingerprint_of(order: Order) -> str:
    """Return what makes two orders the same: all that a job is made from, defaults filled in."""
    parts = [
        order.model.id,
        order.prompt,
        order.size.name,
        order.output_format,
        order.seed,
        order.image_url,
        order.callback_url,
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def remove_expired() -> int:
    """Forget the keys older than `KEPT` and return how many there were."""
    removed, _ = IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
    return removed
