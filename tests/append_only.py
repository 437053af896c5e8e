"""Let the tests empty the ledger between two of them, which nobody else may.

Transactional tests flush the tables, and the ledger's trigger refuses TRUNCATE. Triggers are
switched off for the length of that one transaction; in the tests themselves they are on.
"""

from typing import Any

# Only so that the next import finds its own imports complete.
import django.db.models  # noqa: F401
from django.db.backends.postgresql.operations import DatabaseOperations

_sql_flush = DatabaseOperations.sql_flush


def _flush_without_triggers(self: DatabaseOperations, *args: Any, **kwargs: Any) -> list[str]:
    statements = _sql_flush(self, *args, **kwargs)
    return ["SET LOCAL session_replication_role = replica", *statements] if statements else []


DatabaseOperations.sql_flush = _flush_without_triggers  # type: ignore[method-assign, assignment]
