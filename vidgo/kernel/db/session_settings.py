"""Session settings: what each new connection to PostgreSQL is told once.

- `random_page_cost` for SSDs. By default PostgreSQL assumes that a random read costs four times a
  sequential one, as on a spinning disk. To find a tenant's newest rows it then scans the whole
  table backwards instead of using the tenant's index: after two million rows of others, a page of
  50 took a second instead of a millisecond.
- Bounds, so that nobody waits forever for a process that hangs: `lock_timeout` ends a wait for
  somebody's lock, `idle_in_transaction_session_timeout` ends the session of a process that stopped
  in the middle of a transaction and so frees its locks, `statement_timeout` ends a query. Web
  processes and workers set their own bounds; commands such as migrations and backups have none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

# PostgreSQL's advice for SSDs, for most network storage, and for data that fits into memory.
RANDOM_PAGE_COST = "1.1"
STATEMENT = """
SELECT set_config('random_page_cost', %s, false), set_config('lock_timeout', %s, false),
       set_config('idle_in_transaction_session_timeout', %s, false),
       set_config('statement_timeout', %s, false)
"""
# The attribute that marks a driver connection on which they are set.
MARK = "vidgo_session_is_set"


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How long a session may wait for a lock, idle in a transaction, and run a query.

    All in seconds; 0 means no bound.
    """

    lock_seconds: float = 0
    idle_in_transaction_seconds: float = 0
    statement_seconds: float = 0


_bounds = Bounds()


def bound(*, statement_seconds: float) -> None:
    """Give the connections that this process opens from now on its bounds."""
    global _bounds
    _bounds = Bounds(
        lock_seconds=settings.DATABASE_LOCK_TIMEOUT_SECONDS,
        idle_in_transaction_seconds=settings.DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_SECONDS,
        statement_seconds=statement_seconds,
    )


def watch() -> None:
    """Configure each new connection; call once, when the process starts."""
    connection_created.connect(_on_connection, dispatch_uid="session settings")


def _on_connection(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Configure a driver connection once, however often the pool hands it out."""
    driver = connection.connection
    if not getattr(driver, MARK, False):
        bounds = (
            _bounds.lock_seconds,
            _bounds.idle_in_transaction_seconds,
            _bounds.statement_seconds,
        )
        driver.execute(STATEMENT, [RANDOM_PAGE_COST, *(f"{seconds:g}s" for seconds in bounds)])
        setattr(driver, MARK, True)
