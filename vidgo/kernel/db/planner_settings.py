"""PostgreSQL's planner: told of disks that jump as quickly as they read on.

By default it takes a row elsewhere for four times as dear as the next one, as on a disk that turns.
Then it reads a tenant's newest rows backwards through everybody's, hoping to meet enough of them,
rather than through the tenant's own index: where others wrote two million rows since, a page of 50
took a second in place of a millisecond.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

# What PostgreSQL's documentation advises where reading elsewhere is cheap: for SSDs, for most
# storages behind a network, and for data that fits into memory.
STATEMENT = "SET random_page_cost = 1.1"
# What a connection of the driver carries once it was told.
MARK = "vidgo_planner_told"


def watch() -> None:
    """Tell each new connection; called once, when the process starts."""
    connection_created.connect(_on_connection, dispatch_uid="planner")


def _on_connection(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Tell a connection once, however often the pool lends it."""
    driver = connection.connection
    if not getattr(driver, MARK, False):
        driver.execute(STATEMENT)
        setattr(driver, MARK, True)
