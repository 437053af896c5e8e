"""Indexes in migrations, for tables that are large and in use."""

from __future__ import annotations

from django.db.migrations import AlterField, RunSQL, SeparateDatabaseAndState


def drop_of_foreign_key(*, table: str, index: str, altered: AlterField) -> SeparateDatabaseAndState:
    """Return the step that drops the index Django makes for a foreign key, while others write.

    `altered` is the field as it is then, with `db_index=False`. By itself Django would take the
    foreign key away as well and make it anew, which reads the whole table and locks it meanwhile.
    For a migration that is not atomic.
    """
    return SeparateDatabaseAndState(
        state_operations=[altered],
        database_operations=[
            RunSQL(
                f"DROP INDEX CONCURRENTLY IF EXISTS {index}",
                f"CREATE INDEX CONCURRENTLY {index} ON {table} ({altered.name}_id)",
            )
        ],
    )
