"""Prepared statements: hand-written SQL that PostgreSQL plans once per connection.

Django puts the values into the text of a query, so PostgreSQL plans each query anew. On the paths
that every API call and every job takes, planning would take longer than running the query.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, Self

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper


class _Cursor(psycopg.Cursor[tuple[Any, ...]]):
    """A cursor that keeps its last statement where Django's query log looks for it.

    The driver keeps it only for statements that it does not prepare.
    """

    def execute(self, query: Any, *args: Any, **kwargs: Any) -> Self:
        """Send a statement."""
        super().execute(query, *args, **kwargs)
        self._query = SimpleNamespace(query=str(query).encode())  # type: ignore[assignment]
        return self


@contextmanager
def prepared() -> Iterator[CursorWrapper]:
    """Yield a Django cursor whose statements PostgreSQL keeps prepared.

    Pass constant SQL and the values separately. Cast values that may be NULL, whose type
    PostgreSQL cannot see. Django's query log has the text of the statements without the values.
    """
    with connection.cursor() as cursor:
        driver = connection.connection
        # Prepare at the first use. Django turns this off, and its own cursors never prepare.
        driver.prepare_threshold = 0
        cursor.cursor = _Cursor(driver)
        yield cursor
