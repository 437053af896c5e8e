"""Statements by hand: SQL that the database plans once for a connection, and not at every call.

Django binds values into the text of a query, so to the database each one is new. For what every
API call and every job comes by, planning would take longer than the work itself.
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
    """A cursor that remembers the text it sent where Django's query log looks for it.

    The driver itself remembers that only of statements it does not prepare.
    """

    def execute(self, query: Any, *args: Any, **kwargs: Any) -> Self:
        """Send a statement."""
        super().execute(query, *args, **kwargs)
        self._query = SimpleNamespace(query=str(query).encode())  # type: ignore[assignment]
        return self


@contextmanager
def prepared() -> Iterator[CursorWrapper]:
    """Yield a cursor of Django's whose statements the database keeps prepared.

    They are told apart by their text: give it statements that never change, and values apart. The
    values have types of their own then, where the database cannot see them: cast what may be NULL.
    Django's query log, too, tells of them what they are here: the text, without the values.
    """
    with connection.cursor() as cursor:
        driver = connection.connection
        # At the first use already; Django turns it off, and its own cursors never prepare.
        driver.prepare_threshold = 0
        cursor.cursor = _Cursor(driver)
        yield cursor
