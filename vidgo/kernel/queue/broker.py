"""The broker: django-q2's queue table, with coalesced wake-ups and rotation of SECRET_KEY."""

from __future__ import annotations

import contextlib
import time
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django_q import core_signing
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.signing import BadSignature, PickleSerializer, SignedPackage

# A wake-up's row has this prefix and its task as the name of its queue.
WAKE_UP_PREFIX = f"{Conf.CLUSTER_NAME} wake-up "

# Pull one free row, ordinary tasks before wake-ups, of which a busy site always has another. Of
# wake-ups for the same task the others are deleted: the one pulled looks for all work that was
# committed with them. Pull no wake-up while there is one for each process: it would wait in memory,
# and other tasks behind it.
_PULL = """
WITH first AS (
    SELECT id, key FROM django_q_ormq
     WHERE lock < %(now)s
       AND (key = %(queue)s OR %(accepts_wake_ups)s AND starts_with(key, %(wake_up_prefix)s))
     ORDER BY key <> %(queue)s, id
     LIMIT 1
       FOR UPDATE SKIP LOCKED
), same AS (
    SELECT other.id FROM django_q_ormq other, first
     WHERE other.key = first.key AND first.key <> %(queue)s
       AND other.id <> first.id AND other.lock < %(now)s
       FOR UPDATE OF other SKIP LOCKED
), removed AS (
    DELETE FROM django_q_ormq WHERE id IN (SELECT id FROM same)
)
UPDATE django_q_ormq SET lock = %(until)s FROM first
 WHERE django_q_ormq.id = first.id
RETURNING django_q_ormq.id, payload, first.key <> %(queue)s
"""


class Broker(ORM):
    """The queue table with coalesced wake-ups, which accepts signatures of former keys.

    django-q2 drops a row that SECRET_KEY has not signed. A row signed with one of
    SECRET_KEY_FALLBACKS is signed again on its way to a worker.
    """

    # The ids of wake-ups pulled here whose tasks still run: a row is deleted when its task ends.
    pulled: tuple[int, ...] = ()

    def dequeue(self) -> list[tuple[int, str]] | None:
        """Claim the next row for this worker and return its id and its payload."""
        # Also drops a connection that was lost.
        rows = self.get_connection()
        if self.pulled:
            self.pulled = tuple(rows.filter(pk__in=self.pulled).values_list("pk", flat=True))
        now = timezone.now()
        values = {
            "queue": self.list_key,
            "wake_up_prefix": WAKE_UP_PREFIX,
            "accepts_wake_ups": len(self.pulled) < settings.WORKER_PROCESSES,
            "now": now,
            "until": now + timedelta(seconds=Conf.RETRY),
        }
        with connection.cursor() as cursor:
            cursor.execute(_PULL, values)
            row = cursor.fetchone()
        if row is None:
            # django-q2's pusher calls again at once.
            time.sleep(Conf.POLL)
            return None
        row_id, payload, is_wake_up = row
        if is_wake_up:
            self.pulled += (row_id,)
        return [(row_id, _signed_again(payload))]


def _signed_again(payload: str) -> str:
    for key in settings.SECRET_KEY_FALLBACKS:
        with contextlib.suppress(BadSignature):
            task = core_signing.loads(
                payload, key=key, salt=Conf.PREFIX, serializer=PickleSerializer
            )
            return str(SignedPackage.dumps(task))
    return payload
