"""Prepared statements: hand-written SQL that PostgreSQL plans once per connection.

Django puts the values into the text of a query, so PostgreSQL plans each query anew. On the paths
that every API call and every job takes, planning would take longer than running the query.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper


@contextmanager
def prepared() -> Iterator[CursorWrapper]:
    """Yield a Django cursor whose statements PostgreSQL keeps prepared.

    Pass constant SQL and the values separately. Cast values that may be NULL, whose type
    PostgreSQL cannot see. While Django logs queries, the cursor is a plain one: the log could not
    read the text of a prepared statement.
    """
    with connection.cursor() as cursor:
        if connection.queries_logged:
            yield cursor
            return
        driver = connection.connection
        # Prepare at the first use. Django turns this off, and its own cursors never prepare.
        driver.prepare_threshold = 0
        cursor.cursor = psycopg.Cursor(driver)
        yield cursor
