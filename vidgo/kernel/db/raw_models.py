"""Raw models: a model's columns for hand-written SQL, and model instances from its rows.

Django builds the SQL of a query each time, which takes longer than PostgreSQL takes to answer.
On the path of every API call the SQL is written once instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model

from vidgo.kernel.db import prepared_statements

M = TypeVar("M", bound=Model)


def columns(model: type[Model], *, alias: str) -> str:
    """Return all columns of a model for a SELECT, in the order that `instance` expects."""
    return ", ".join(f'{alias}."{field.column}"' for field in model._meta.concrete_fields)


@cache
def names(model: type[Model]) -> tuple[str, ...]:
    """Return the attribute names of a model's columns."""
    return tuple(field.attname for field in model._meta.concrete_fields)


def instance(model: type[M], values: Sequence[Any]) -> M:
    """Return a model instance from a row's values, as a query would."""
    return model.from_db(connection.alias, names(model), values)


@cache
def _insertion(model: type[Model]) -> str:
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    written = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(f"%({field.attname})s" for field in fields)
    table, key = model._meta.db_table, model._meta.pk.column
    return f'INSERT INTO {table} ({written}) VALUES ({values}) RETURNING "{key}"'  # noqa: S608


def insert(row: M) -> M:
    """Insert a row, set its primary key and return it; sends no signals."""
    found = fetch_one(_insertion(type(row)), vars(row))
    row.pk, row._state.adding, row._state.db = (found or (None,))[0], False, connection.alias
    return row


def fetch_one(statement: str, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Run a prepared statement and return its first row, or None."""
    with prepared_statements.prepared() as cursor:
        cursor.execute(statement, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row
