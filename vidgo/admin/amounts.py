"""Amounts in the admin's tables: credits and bytes with separators, cents as US dollars."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cache
from typing import Any

from django.contrib import admin
from django.db import models

from vidgo.kernel.web.templatetags.ui import money

COUNTED = ("credits", "_bytes")
CENTS = "_cents"


def format_columns(*, model: type[models.Model], columns: Iterable[Any]) -> list[Any]:
    """Return a table's columns, with those of amounts formatted."""
    amounts = {
        field.name
        for field in model._meta.get_fields()
        if isinstance(field, models.IntegerField) and field.name.endswith((*COUNTED, CENTS))
    }
    return [_column(name=each) if each in amounts else each for each in columns]


@cache
def _column(*, name: str) -> Callable[[models.Model], str]:
    @admin.display(description=name.removesuffix(CENTS).replace("_", " "), ordering=name)
    def column(row: models.Model) -> str:
        amount = getattr(row, name)
        if amount is None:
            return "-"
        return money(Decimal(amount) / 100) if name.endswith(CENTS) else f"{amount:,}"

    # The admin derives a column's CSS class from this name.
    column.__name__ = name
    return column
