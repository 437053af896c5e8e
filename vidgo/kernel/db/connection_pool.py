"""The connection pool that the threads of a web process share.

The pool's own check queries the database before every request. This one trusts a connection that
was good a moment ago and tests only one that has been idle.
"""

from __future__ import annotations

import time
from typing import Any

import structlog
from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from psycopg import OperationalError

log = structlog.get_logger(__name__)

TRUSTED_SECONDS = 1.0
# The attribute of a driver connection with the time when it last worked.
MARK = "vidgo_good_at"


def share(*, threads: int) -> None:
    """Let the threads of this process share up to `threads` connections; call before any query.

    A thread waits for a free connection for ten seconds, then its request is answered with 503.
    """
    database = settings.DATABASES["default"]
    database["OPTIONS"]["pool"] = {
        "min_size": 0,
        "max_size": threads,
        # In seconds.
        "max_idle": database["CONN_MAX_AGE"] or 1,
        "timeout": 10,
    }
    # The pool keeps connections open instead, and `watch` tests them.
    database["CONN_MAX_AGE"] = 0
    database["CONN_HEALTH_CHECKS"] = False


def watch() -> None:
    """Test each connection that is taken from the pool; call once, when the process starts."""
    connection_created.connect(_on_connection, dispatch_uid="pool")


def _on_connection(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Replace a connection that the database has closed since its last use."""
    driver = connection.connection
    if connection.pool is None:  # type: ignore[attr-defined]
        return
    now = time.monotonic()
    if getattr(driver, MARK, 0.0) < now - TRUSTED_SECONDS:
        try:
            driver.execute("")
        except OperationalError as error:
            log.info("connection_lost", error=str(error).strip())
            # The pool discards it; the next one calls this function again.
            connection.close()
            connection.connect()
            return
    setattr(driver, MARK, now)
