"""Delivery claims: which webhooks are sent next, leased to one process at a time.

Each claim is one try, counted and stored before anything is sent. A lease outlives the longest try,
so it is never renewed; one that runs out belonged to a process that died.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from generation.callbacks import signing_secrets
from generation.models import Callback, CallbackTry
from vidgo.kernel import http
from vidgo.kernel.db import prepared_statements

# The advisory lock that serializes claims, so that limits are exact; it is held for milliseconds.
LOCK = 0x7669_6463
# Longer than a call and the recording of its result can take.
LEASE_SECONDS = http.CALLBACK.total_timeout_seconds + 5
# After this many failures in a row an endpoint gets one webhook at a time until it accepts one.
STRIKES = 5

# A loose index scan finds the endpoints with queued webhooks, so that neither a long queue nor a
# paused endpoint costs anything. Each endpoint and each organization contributes no more than its
# limit; then everyone's first webhook, everyone's second, and so on.
DUE = """
WITH RECURSIVE hops AS (
    (SELECT endpoint_id FROM generation_callback
      WHERE state = 'waiting' ORDER BY endpoint_id LIMIT 1)
    UNION ALL
    SELECT (SELECT endpoint_id FROM generation_callback
             WHERE state = 'waiting' AND endpoint_id > hops.endpoint_id
             ORDER BY endpoint_id LIMIT 1)
      FROM hops WHERE hops.endpoint_id IS NOT NULL
),
due AS (
    SELECT endpoint.organization_id, waiting.id, waiting.due_at,
           row_number() OVER (PARTITION BY endpoint.organization_id
                              ORDER BY waiting.place, waiting.due_at, waiting.id) AS turn
      FROM hops
      JOIN generation_callbackendpoint endpoint ON endpoint.id = hops.endpoint_id
     CROSS JOIN LATERAL (
           SELECT count(*) AS callbacks FROM generation_callback
            WHERE state = 'sending' AND organization_id = endpoint.organization_id
              AND endpoint_id = endpoint.id AND leased_until > statement_timestamp()) busy
     CROSS JOIN LATERAL (
           SELECT id, due_at, row_number() OVER (ORDER BY due_at, id) AS place FROM (
               (SELECT id, due_at FROM generation_callback
                 WHERE state = 'waiting' AND endpoint_id = endpoint.id AND kind = 'test'
                   AND due_at <= statement_timestamp()
                 ORDER BY due_at LIMIT %(endpoint_limit)s)
               UNION ALL
               (SELECT id, due_at FROM generation_callback
                 WHERE state = 'waiting' AND endpoint_id = endpoint.id AND kind = 'task'
                   AND due_at <= statement_timestamp() AND endpoint.paused_at IS NULL
                 ORDER BY due_at LIMIT %(endpoint_limit)s)
           ) both_kinds
            ORDER BY due_at, id
            LIMIT greatest(
                CASE WHEN endpoint.failures_in_a_row < %(strikes)s
                     THEN %(endpoint_limit)s ELSE 1 END - busy.callbacks, 0)
           ) waiting
),
turns AS (
    SELECT due.id, due.due_at, due.turn + busy.callbacks AS turn
      FROM due
     CROSS JOIN LATERAL (
           SELECT count(*) AS callbacks FROM generation_callback
            WHERE state = 'sending' AND organization_id = due.organization_id
              AND leased_until > statement_timestamp()) busy
     WHERE due.turn + busy.callbacks <= %(organization_limit)s
)
"""

FRESH = (
    DUE  # noqa: S608  both parts are written here
    + """
SELECT id FROM generation_callback
 WHERE state = 'waiting'
   AND id IN (SELECT id FROM turns ORDER BY turn, due_at, id LIMIT %(limit)s)
   FOR UPDATE SKIP LOCKED
"""
)

LEFT_BEHIND = """
SELECT id FROM generation_callback
 WHERE state = 'sending' AND leased_until < statement_timestamp()
 ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""

CLAIM = """
UPDATE generation_callback
   SET state = 'sending', tries_count = tries_count + 1, lease_owner = %(owner)s,
       leased_until = statement_timestamp() + make_interval(secs => %(seconds)s)
 WHERE id = ANY(%(ids)s)
"""

IS_DUE = (
    DUE  # noqa: S608  both parts are written here
    + """
SELECT EXISTS (SELECT 1 FROM turns)
    OR EXISTS (SELECT 1 FROM generation_callback
                WHERE state = 'sending' AND leased_until < statement_timestamp())
"""
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A webhook to send now and the keys to sign it with, none if they can't be read."""

    callback: Callback
    keys: tuple[bytes, ...]


def claim(*, owner: str, limit: int) -> list[Claimed]:
    """Lease up to `limit` webhooks to a sender: first those left by others, then due ones."""
    with transaction.atomic(), prepared_statements.prepared() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute(LEFT_BEHIND, {"limit": limit})
        chosen = [row[0] for row in cursor.fetchall()]
        if len(chosen) < limit:
            cursor.execute(FRESH, {**_limits(), "limit": limit - len(chosen)})
            chosen += [row[0] for row in cursor.fetchall()]
        if not chosen:
            return []
        cursor.execute(CLAIM, {"ids": chosen, "owner": owner, "seconds": LEASE_SECONDS})
        callbacks = list(
            Callback.objects.filter(pk__in=chosen)
            .select_related("job", "job__asset")
            .order_by("due_at", "id")
        )
        CallbackTry.objects.bulk_create(
            CallbackTry(callback=each, number=each.tries_count, started_at=timezone.now())
            for each in callbacks
        )
    # Outside the transaction: this may create a secret, and no other claim should wait for that.
    keys = signing_secrets.keys_of(organization_ids={each.organization_id for each in callbacks})
    return [Claimed(each, keys.get(each.organization_id, ())) for each in callbacks]


def is_due() -> bool:
    """Return whether any webhook could be sent right now."""
    with prepared_statements.prepared() as cursor:
        cursor.execute(IS_DUE, _limits())
        (due,) = cursor.fetchone() or (False,)
    return bool(due)


def release(*, owner: str) -> int:
    """Release all webhooks a sender still holds, so that another one may send them at once."""
    return _release(lease_owner=owner)


def release_cluster(*, cluster: str) -> int:
    """Release all webhooks that the senders of a cluster held, after its processes were killed."""
    return _release(lease_owner__startswith=f"{cluster}/")


def _release(**held: str) -> int:
    return Callback.objects.filter(state=Callback.State.SENDING, **held).update(
        state=Callback.State.WAITING, leased_until=None, lease_owner=""
    )


def _limits() -> dict[str, int]:
    return {
        "endpoint_limit": settings.CALLBACKS_IN_FLIGHT_PER_ENDPOINT,
        "organization_limit": settings.CALLBACKS_IN_FLIGHT_PER_ORGANIZATION,
        "strikes": STRIKES,
    }
