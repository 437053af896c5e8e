"""Statements by hand: SQL that the database plans once for a connection, and not at every call.

Django binds values into the text of a query, so to the database each one is new. For what every
API call and every job comes by, planning would take longer than the work itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper


@contextmanager
def prepared() -> Iterator[CursorWrapper]:
    """Yield a cursor of Django's whose statements the database keeps prepared.

    They are told apart by their text: give it statements that never change, and values apart. The
    values have types of their own then, where the database cannot see them: cast what may be NULL.
    While Django logs queries it is a plain one, as the log would not know a prepared one's text.
    """
    with connection.cursor() as cursor:
        if connection.queries_logged:
            yield cursor
            return
        driver = connection.connection
        # At the first use already; Django turns it off, and its own cursors never prepare.
        driver.prepare_threshold = 0
        cursor.cursor = psycopg.Cursor(driver)
        yield cursor
