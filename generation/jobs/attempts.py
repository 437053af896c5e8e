"""Attempts: one try of a job at one provider, stored before the provider is called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from generation.models import Attempt, Job
from generation.providers.base import FailureKind
from vidgo.kernel.db import prepared_statements
from vidgo.kernel.db.transactions import requires_transaction

TRIES_PER_PROVIDER = 3
# These don't count as tries: the provider asked us to wait, or our account there is at fault.
UNCOUNTED = frozenset({FailureKind.THROTTLED, FailureKind.NO_CREDIT, FailureKind.UNAUTHORIZED})

CHANGE = """
WITH held AS (
    SELECT id FROM generation_job
     WHERE id = %(job)s AND status = 'running' AND fence = %(fence)s
       FOR NO KEY UPDATE
)
UPDATE generation_attempt SET {columns}
  FROM held WHERE generation_attempt.id = %(attempt)s
"""


class LeaseLost(Exception):
    """Another driver has taken over the job, or the job has ended; stop driving it."""


def list_open(*, job_ids: Collection[int]) -> dict[int, Attempt]:
    """Return the open attempt of each job that has one."""
    return {each.job_id: each for each in Attempt.objects.filter(job__in=job_ids, ended_at=None)}


def list_ended(*, job_ids: Collection[int]) -> dict[int, list[Attempt]]:
    """Return the ended attempts of each job that has any, the first one first."""
    ended: dict[int, list[Attempt]] = {}
    rows = Attempt.objects.filter(job__in=job_ids, ended_at__isnull=False)
    for attempt in rows.order_by("job_id", "number"):
        ended.setdefault(attempt.job_id, []).append(attempt)
    return ended


def count_tries(ended: Iterable[Attempt]) -> dict[str, int]:
    """Return by provider how many of these attempts count against `TRIES_PER_PROVIDER`."""
    return dict(Counter(each.provider for each in ended if each.failure_kind not in UNCOUNTED))


def note_started(
    *, job: Job, attempt: Attempt, upstream_ref: str, cost_usd: Decimal | None = None
) -> None:
    """Store the provider's reference to the work, before anything else; raises `LeaseLost`."""
    _change(job, attempt, upstream_ref=upstream_ref, cost_usd=cost_usd, lost_at=None)


def note_lost(*, job: Job, attempt: Attempt, since: datetime) -> None:
    """Store since when the outcome at the provider has been unknown; raises `LeaseLost`."""
    _change(job, attempt, lost_at=since)


def note_found(*, job: Job, attempt: Attempt) -> None:
    """Note that the provider answers about the work again; raises `LeaseLost`."""
    _change(job, attempt, lost_at=None)


@requires_transaction
def close(
    *,
    job: Job,
    kind: FailureKind | None = None,
    message: str = "",
    cost_usd: Decimal | None = None,
) -> None:
    """End the job's open attempt, if there is one.

    `cost_usd` is the provider's price, used if the attempt has none yet.
    """
    Attempt.objects.filter(job=job, ended_at=None).update(
        ended_at=timezone.now(),
        failure_kind=kind.value if kind else "",
        error_message=message,
        cost_usd=Coalesce("cost_usd", Value(cost_usd, DecimalField())),
        # The next provider is asked although this one may have made the image, too.
        may_cost_double=kind is FailureKind.OUTCOME_UNKNOWN,
    )


def _change(job: Job, attempt: Attempt, **values: Any) -> None:
    """Write to an attempt of a job this driver holds; raises `LeaseLost`.

    One statement, because every job needs it at least once. It locks the job's row until the
    attempt is written: otherwise a driver that is losing the job could overwrite the reference
    that its successor has stored.
    """
    columns = ", ".join(f"{name} = %({name})s" for name in values)
    with prepared_statements.prepared() as cursor:
        cursor.execute(
            CHANGE.format(columns=columns),
            {**values, "attempt": attempt.pk, "job": job.pk, "fence": job.fence},
        )
        if not cursor.rowcount:
            raise LeaseLost(job.public_id)
    for name, value in values.items():
        setattr(attempt, name, value)
