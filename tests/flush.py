"""Empty the tables between two transactional tests, also the ledger, and quickly.

The ledger's trigger refuses to be emptied, so triggers are switched off for the length of that one
transaction; in the tests themselves they are on. What migrations stored is kept, so that it need
not be stored again: with Django's own flush that is most of the time of a small test.
"""

from collections.abc import Sequence
from typing import Any

# Only so that the next imports find their own imports complete.
import django.db.models  # noqa: F401
from django.conf import settings
from django.core.management.commands import flush
from django.db.backends.postgresql.operations import DatabaseOperations

KEPT = frozenset({"django_content_type", "auth_permission", "django_site", "django_q_schedule"})


def _delete_rows(
    self: DatabaseOperations, style: Any, tables: Sequence[str], **options: Any
) -> list[str]:
    # The cache's table is no model's.
    emptied = [*(name for name in tables if name not in KEPT), settings.CACHE_TABLE]
    # In tables this small, quicker than TRUNCATE; and all at once, quicker than one by one.
    deletes = (f"DELETE FROM {self.quote_name(name)}" for name in emptied)
    return ["; ".join(("SET LOCAL session_replication_role = replica", *deletes))]


DatabaseOperations.sql_flush = _delete_rows  # type: ignore[method-assign, assignment]
flush.emit_post_migrate_signal = lambda *_, **__: None  # type: ignore[attr-defined]
