"""Keyset pagination: as fast at the end of a million rows as at the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet

from vidgo.kernel import errors

M = TypeVar("M", bound=Model)

PAGE_SIZE = 25
LIMIT_MAX = 100


class UnknownPage(errors.NotFound):
    default_message = "There is no such page of this list."


class BadLimit(errors.Invalid):
    default_message = f"'limit' must be a whole number from 1 to {LIMIT_MAX}."


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Some rows, the newest first, and the keys of the next pages, None at the ends."""

    rows: list[M]
    newer: str | None
    older: str | None


def limit_of(query: Mapping[str, Any]) -> int:
    """Return the page size from `limit=`; raises `BadLimit`."""
    raw = query.get("limit")
    if raw is None:
        return PAGE_SIZE
    if not str(raw).isascii() or not str(raw).isdigit() or not 1 <= int(raw) <= LIMIT_MAX:
        raise BadLimit(param="limit")
    return int(raw)


def turn(
    rows: QuerySet[M],
    *,
    key: str,
    query: Mapping[str, Any],
    size: int = PAGE_SIZE,
    among: QuerySet[M] | None = None,
) -> Page[M]:
    """Return the page that `before=` or `after=` asks for, or the first one.

    The parameters hold a row's public field `key`; the order is that of the primary key. New rows
    neither shift nor repeat others. Raises `UnknownPage` if the list has no such row, as under
    another filter or for another tenant; where rows may leave the filter between two pages, `among`
    is the list without it.
    """
    known = rows if among is None else among
    before, after = query.get("before"), query.get("after")
    if after:
        found = list(rows.filter(pk__gt=_pk(known, key, after)).order_by("pk")[: size + 1])
        more = len(found) > size
        page = found[:size][::-1]
        return Page(
            rows=page, newer=_key(page, 0, key) if more else None, older=_key(page, -1, key)
        )
    if before:
        rows = rows.filter(pk__lt=_pk(known, key, before))
    found = list(rows.order_by("-pk")[: size + 1])
    page = found[:size]
    return Page(
        rows=page,
        newer=_key(page, 0, key) if before else None,
        older=_key(page, -1, key) if len(found) > size else None,
    )


def _pk(rows: QuerySet[M], key: str, value: str) -> Any:
    if "\x00" in value:
        # PostgreSQL rejects NUL characters.
        raise UnknownPage
    try:
        pk = rows.order_by().filter(**{key: value}).values_list("pk", flat=True).first()
    except ValueError:
        # The key is numeric and the value is not.
        raise UnknownPage from None
    if pk is None:
        raise UnknownPage
    return pk


def _key(rows: list[M], place: int, key: str) -> str | None:
    return str(getattr(rows[place], key)) if rows else None
