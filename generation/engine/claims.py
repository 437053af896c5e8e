"""Claims: which jobs a worker drives next, and at which provider.

Claims of all workers are serialized, so that the limits of organizations and the slots of providers
are counted exactly. The attempt is stored with the claim: an open attempt occupies a slot.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.backends.utils import CursorWrapper

from generation import catalog
from generation.jobs import attempts
from generation.models import Job
from generation.models.jobs import new_attempt_token
from generation.providers import circuit_breaker, registry
from vidgo.kernel.db import prepared_statements

# The advisory lock that serializes claims; it is held for milliseconds.
LOCK = 0x7669_6467
# How long a job that no provider has a slot for is passed over.
POSTPONE_SECONDS = 1.0

# `statement_timestamp()`, because a claim may have waited for the lock since its transaction began.
RESUME = """
SELECT id FROM generation_job
 WHERE status = 'running' AND due_at <= statement_timestamp()
   AND (leased_until IS NULL OR leased_until < statement_timestamp())
 ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""

# A loose index scan finds the organizations with queued jobs. Each contributes no more jobs than
# its limit allows; then everyone's first job, everyone's second, and so on.
FRESH = """
WITH RECURSIVE tenants AS (
    (SELECT organization_id FROM generation_job
      WHERE status = 'queued' ORDER BY organization_id LIMIT 1)
    UNION ALL
    SELECT (SELECT organization_id FROM generation_job
             WHERE status = 'queued' AND organization_id > tenants.organization_id
             ORDER BY organization_id LIMIT 1)
      FROM tenants WHERE tenants.organization_id IS NOT NULL
),
turns AS (
    SELECT waiting.id,
           busy.jobs + row_number() OVER (PARTITION BY tenants.organization_id
                                          ORDER BY waiting.id) AS turn
      FROM tenants
      JOIN accounts_organization organization ON organization.id = tenants.organization_id
     CROSS JOIN LATERAL (
           SELECT count(*) AS jobs FROM generation_job
            WHERE status = 'running' AND organization_id = organization.id) busy
     CROSS JOIN LATERAL (
           SELECT id FROM generation_job
            WHERE status = 'queued' AND organization_id = organization.id
              AND due_at <= statement_timestamp() AND model = ANY(%(models)s)
            ORDER BY id
            LIMIT greatest(least(%(limit)s,
                coalesce(organization.concurrency_limit, %(organization_limit)s) - busy.jobs), 0)
           ) waiting
)
SELECT id, model, size, fence FROM generation_job
 WHERE status = 'queued' AND id IN (SELECT id FROM turns ORDER BY turn, id LIMIT %(limit)s)
   FOR UPDATE SKIP LOCKED
"""

CLAIM = """
UPDATE generation_job
   SET status = 'running', fence = fence + 1, lease_owner = %(owner)s,
       leased_until = statement_timestamp() + make_interval(secs => %(seconds)s),
       started_at = coalesce(started_at, statement_timestamp())
 WHERE id = ANY(%(ids)s)
"""

POSTPONE = """
UPDATE generation_job SET due_at = statement_timestamp() + make_interval(secs => %(seconds)s)
 WHERE id = ANY(%(ids)s)
"""

# By hand, because the ORM takes longer to build this statement than the database to run it.
OPEN = """
INSERT INTO generation_attempt (job_id, number, fence, provider, token, upstream_ref, upstream_size,
                                may_cost_double, started_at, failure_kind, error_message)
SELECT job, number, fence, provider, token, '', upstream_size, false, statement_timestamp(), '', ''
  FROM unnest(%(jobs)s::bigint[], %(numbers)s::int[], %(fences)s::int[], %(providers)s::text[],
              %(tokens)s::text[], %(upstream_sizes)s::text[])
    AS new(job, number, fence, provider, token, upstream_size)
"""

# Whether the engine has work, no matter whether a wake-up arrived.
DUE = """
SELECT EXISTS (SELECT 1 FROM generation_job
                WHERE status = 'queued' AND due_at <= statement_timestamp())
    OR EXISTS (SELECT 1 FROM generation_job
                WHERE status = 'running' AND due_at <= statement_timestamp()
                  AND (leased_until IS NULL OR leased_until < statement_timestamp()))
"""


def claim(*, owner: str, limit: int) -> list[Job]:
    """Lease up to `limit` jobs to a driver: first those left by others, then queued ones.

    Each job has its `open_attempt`; None means that no provider is left to try.
    """
    with transaction.atomic(), prepared_statements.prepared() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute(RESUME, {"limit": limit})
        chosen = [row[0] for row in cursor.fetchall()]
        if len(chosen) < limit:
            chosen += _take_fresh(cursor, limit=limit - len(chosen))
        if not chosen:
            return []
        cursor.execute(CLAIM, {"ids": chosen, "owner": owner, "seconds": settings.LEASE_SECONDS})
        claimed = list(
            # How long a result is kept depends on the organization.
            Job.objects.select_related("organization").filter(pk__in=chosen).order_by("id")
        )
        still_open = attempts.list_open(job_ids=chosen)
    for job in claimed:
        job.open_attempt = still_open.get(job.pk)
    return claimed


def is_due() -> bool:
    """Return whether any job is due for a driver."""
    with prepared_statements.prepared() as cursor:
        cursor.execute(DUE)
        (due,) = cursor.fetchone() or (False,)
    return bool(due)


def _take_fresh(cursor: CursorWrapper, *, limit: int) -> list[int]:
    """Choose queued jobs and open an attempt of each at a provider with a free slot."""
    free = circuit_breaker.free_slots(providers=registry.providers())
    models = [
        model.id
        for model in catalog.load().models.values()
        if any(free.get(offer.provider) for offer in model.offers)
    ]
    if not models:
        return []
    cursor.execute(
        FRESH,
        {
            "limit": min(limit, sum(free.values())),
            "models": models,
            "organization_limit": settings.ORGANIZATION_CONCURRENCY,
        },
    )
    waiting = cursor.fetchall()
    if not waiting:
        return []
    return _assign(cursor, waiting, free=free)


def _assign(cursor: CursorWrapper, waiting: list[Any], *, free: dict[str, int]) -> list[int]:
    """Assign each job to the first provider of its route that has tries and a slot left."""
    ended = attempts.list_ended(job_ids=[row[0] for row in waiting])
    opened: list[tuple[int, int, int, str, str, str]] = []
    exhausted: list[int] = []
    postponed: list[int] = []
    for job_id, model, size, fence in waiting:
        of_job = ended.get(job_id, [])
        tries = attempts.count_tries(of_job)
        route = [
            offer
            for provider, offer in registry.route_of(catalog.get_model(model), size=size)
            if tries.get(provider.name, 0) < attempts.TRIES_PER_PROVIDER
        ]
        offer = next((each for each in route if free[each.provider] > 0), None)
        if offer is None:
            (postponed if route else exhausted).append(job_id)
            continue
        free[offer.provider] -= 1
        asked = offer.upstream_size(size)
        opened.append(
            (
                job_id,
                max((each.number for each in of_job), default=0) + 1,
                fence + 1,
                offer.provider,
                new_attempt_token(),
                "" if asked == size else asked,
            )
        )
    if opened:
        names = ("jobs", "numbers", "fences", "providers", "tokens", "upstream_sizes")
        # The database sets `started_at`, which the circuit breaker compares with its own times.
        cursor.execute(OPEN, dict(zip(names, map(list, zip(*opened, strict=True)), strict=True)))
    if postponed:
        cursor.execute(POSTPONE, {"ids": postponed, "seconds": POSTPONE_SECONDS})
    return [*(each[0] for each in opened), *exhausted]
