"""Statements by hand: prepared by the database, also where Django logs its queries."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from vidgo.kernel.db import prepared_statements


def test_a_statement_is_prepared_and_logged_with_its_text(db: None) -> None:
    with CaptureQueriesContext(connection) as queries, prepared_statements.prepared() as cursor:
        cursor.execute("SELECT %s::int + 41", [1])
        assert cursor.fetchone() == (42,)
    assert [query["sql"] for query in queries] == ["SELECT %s::int + 41"]
    with connection.cursor() as plain:
        plain.execute("SELECT statement FROM pg_prepared_statements")
        assert ("SELECT $1::int + 41",) in plain.fetchall()
