"""The broker: the queue's table, with coalesced wake-ups and rows that outlive a SECRET_KEY."""

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

# A bell's row carries its task in the name of its queue.
WAKE_UP_PREFIX = f"{Conf.CLUSTER_NAME} bell "

# One row that nobody has pulled: another task's before a bell's, of which there is always one more
# while customers order. Of bells for the same task one is kept, since whoever hears it looks at all
# that was committed with the others. No bell while there is a process at work for each: it would
# lie in memory, where other tasks would wait behind it.
_PULL = """
WITH first AS (
    SELECT id, key FROM django_q_ormq
     WHERE lock < %(now)s
       AND (key = %(queue)s OR %(hears)s AND starts_with(key, %(bell)s))
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
    """The queue's table, with bells that do not pile up and rows that outlive a SECRET_KEY.

    django-q2 drops a row that the present key has not signed. What a key of SECRET_KEY_FALLBACKS
    has signed is signed anew on its way to a worker.
    """

    # The bells that were pulled here and whose tasks go on: a row is removed when its task ends.
    heard: tuple[int, ...] = ()

    def dequeue(self) -> list[tuple[int, str]] | None:
        """Return the row that is this worker's from now on, as its number and its text."""
        # Also drops a connection that was lost.
        rows = self.get_connection()
        if self.heard:
            self.heard = tuple(rows.filter(pk__in=self.heard).values_list("pk", flat=True))
        now = timezone.now()
        values = {
            "queue": self.list_key,
            "bell": WAKE_UP_PREFIX,
            "hears": len(self.heard) < settings.WORKER_PROCESSES,
            "now": now,
            "until": now + timedelta(seconds=Conf.RETRY),
        }
        with connection.cursor() as cursor:
            cursor.execute(_PULL, values)
            row = cursor.fetchone()
        if row is None:
            # The pusher asks again at once.
            time.sleep(Conf.POLL)
            return None
        number, text, is_wake_up = row
        if is_wake_up:
            self.heard += (number,)
        return [(number, _signed_anew(text))]


def _signed_anew(text: str) -> str:
    for key in settings.SECRET_KEY_FALLBACKS:
        with contextlib.suppress(BadSignature):
            task = core_signing.loads(text, key=key, salt=Conf.PREFIX, serializer=PickleSerializer)
            return str(SignedPackage.dumps(task))
    return text
