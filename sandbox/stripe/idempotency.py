"""Idempotency: a key runs once, is replayed later, and is refused for other requests.

As Stripe documents, a reply is stored once the endpoint starts to run, whether it succeeds or not;
requests with invalid parameters or a key in use store nothing.
"""

import hashlib
import json
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from sandbox.stripe.errors import BadParameter, InUse, WrongReuse
from sandbox.stripe.models import Reply
from sandbox.stripe.wire import Data
from vidgo.kernel.db.transactions import requires_transaction

MAX_LENGTH = 255
# Stripe guarantees at least 24 hours.
KEEP_HOURS = 48


def fingerprint(given: Data) -> str:
    """Return a hash of the parameters, independent of their order."""
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()


@requires_transaction
def claim(*, key: str, path: str, given: Data) -> Reply | None:
    """Lock the key for this transaction and return its stored reply, if any.

    Raises InUse while another transaction holds it, WrongReuse for a different request.
    """
    if len(key) > MAX_LENGTH:
        raise BadParameter(f"Idempotency keys can have up to {MAX_LENGTH} characters.")
    lock = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock])
        if not cursor.fetchone()[0]:
            raise InUse(
                "There is currently another in-progress request using this Idempotent Key (that "
                "probably means you submitted twice, and the other request is still going "
                f"through): {key}. Please try again later.",
                code="idempotency_key_in_use",
            )
    reply = Reply.objects.filter(key=key).first()
    if reply is None:
        return None
    if reply.path != path:
        raise WrongReuse(
            "Keys for idempotent requests can only be used for the same endpoint they were first "
            f"used for ('{reply.path.partition(' ')[2]}'). Try using a key other than '{key}' if "
            "you meant to execute a different request."
        )
    if reply.fingerprint != fingerprint(given):
        raise WrongReuse(
            "Keys for idempotent requests can only be used with the same parameters they were "
            f"first used with. Try using a key other than '{key}' if you meant to execute a "
            "different request."
        )
    return reply


@requires_transaction
def keep(*, key: str, path: str, given: Data, request_id: str, status: int, body: Data) -> None:
    """Store the reply to replay for this key."""
    Reply.objects.create(
        key=key,
        path=path,
        fingerprint=fingerprint(given),
        request_id=request_id,
        status=status,
        body=body,
    )


def forget_old() -> int:
    """Delete expired replies and return how many."""
    edge = timezone.now() - timedelta(hours=KEEP_HOURS)
    return Reply.objects.filter(created_at__lt=edge).delete()[0]
