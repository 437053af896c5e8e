"""Planner settings: set `random_page_cost` for SSDs on each connection.

By default PostgreSQL assumes that a random read costs four times a sequential one, as on a
spinning disk. To find a tenant's newest rows it then scans the whole table backwards instead of
using the tenant's index: after two million rows of others, a page of 50 took a second instead of a
millisecond.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

# PostgreSQL's advice for SSDs, for most network storage, and for data that fits into memory.
STATEMENT = "SET random_page_cost = 1.1"
# The attribute that marks a driver connection on which it is set.
MARK = "vidgo_planner_is_set"


def watch() -> None:
    """Configure each new connection; call once, when the process starts."""
    connection_created.connect(_on_connection, dispatch_uid="planner")


def _on_connection(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Configure a driver connection once, however often the pool hands it out."""
    driver = connection.connection
    if not getattr(driver, MARK, False):
        driver.execute(STATEMENT)
        setattr(driver, MARK, True)
