"""The connections that the threads of a web server share.

The library's own check asks the database before every request whether it is still there. Here a
connection that was good a moment ago is trusted, and only one that lay idle is asked.
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
# What a connection of the driver carries: when it was last known to be good.
MARK = "vidgo_good_at"


def share(*, threads: int) -> None:
    """Let up to so many threads of this process share connections; called once, before any query.

    A thread that finds none waits, and after ten seconds its request is answered with 503.
    """
    database = settings.DATABASES["default"]
    database["OPTIONS"]["pool"] = {
        "min_size": 0,
        "max_size": threads,
        # One that lies idle for so long is closed. Seconds.
        "max_idle": database["CONN_MAX_AGE"] or 1,
        "timeout": 10,
    }
    # The pool keeps them instead, and `watch` checks them.
    database["CONN_MAX_AGE"] = 0
    database["CONN_HEALTH_CHECKS"] = False


def watch() -> None:
    """Look at each connection that is taken, before anybody else does."""
    connection_created.connect(_on_connection, dispatch_uid="pool")


def _on_connection(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Take another connection when the pool gave one that the database has ended meanwhile."""
    driver = connection.connection
    if connection.pool is None:  # type: ignore[attr-defined]
        return
    now = time.monotonic()
    if getattr(driver, MARK, 0.0) < now - TRUSTED_SECONDS:
        try:
            driver.execute("")
        except OperationalError as error:
            log.info("connection_lost", error=str(error).strip())
            # The pool throws it away, and this comes by here again with the next.
            connection.close()
            connection.connect()
            return
    setattr(driver, MARK, now)
