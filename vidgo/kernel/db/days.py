"""UTC days: as people type them, when they begin, and the rows of a list that were made on some."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet, Subquery
from django.db.models.functions import Greatest, Least

from vidgo.kernel import errors

Rows = TypeVar("Rows", bound=QuerySet[Any])

# Far enough for a calculation with days not to leave the calendar.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)
WRONG_ORDER = "The last day must not lie before the first."
# A row's number grows with its time, except for transactions that run side by side.
SIDE_BY_SIDE = timedelta(hours=1)
NUMBER_MAX = 2**63 - 1


class NoDay(errors.Invalid):
    default_message = "Enter a day such as 2026-11-30."


def field(label: str = "") -> forms.DateField:
    """Return a field for a day, which may stay empty; it refuses in words what is none."""
    return forms.DateField(
        required=False,
        label=label,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": NoDay.default_message},
        validators=[
            MinValueValidator(FIRST_DAY, NoDay.default_message),
            MaxValueValidator(LAST_DAY, NoDay.default_message),
        ],
    )


def parse(text: str) -> date | None:
    """Return the day a text says, None for an empty one; raises `NoDay`."""
    try:
        day: date | None = field().clean(text)
    except forms.ValidationError:
        raise NoDay from None
    return day


def check_order(form: forms.Form, values: Mapping[str, Any]) -> None:
    """Refuse `from` and `to` of a form in the wrong order."""
    if is_wrong_order(values.get("from"), values.get("to")):
        form.add_error("to", WRONG_ORDER)


def is_wrong_order(first: date | None, last: date | None) -> bool:
    """Return whether two days are given and the last lies before the first."""
    return first is not None and last is not None and first > last


def midnight(day: date) -> datetime:
    """Return the moment a UTC day begins."""
    return datetime.combine(day, time.min, tzinfo=UTC)


def between(rows: Rows, *, among: QuerySet[Any], first: date | None, last: date | None) -> Rows:
    """Keep the rows that were made from one day to another, both included where they are given.

    Such lists are read by number, the newest first, and a number does not tell the time. So the
    reading begins and ends at rows of `among` looked up by time, which no row that is meant can be
    beyond: other months cost nothing. `among` has an index by `created_at`.
    """
    # Where there is no such row, GREATEST and LEAST leave the number that is; COALESCE would too,
    # but on rows that a policy guards PostgreSQL trusts it with no index.
    if first:
        since = midnight(first)
        before = among.filter(created_at__lt=since - SIDE_BY_SIDE).order_by("-created_at")
        rows = rows.filter(created_at__gte=since, pk__gt=Greatest(_number(before), 0))
    if last:
        until = midnight(last + timedelta(days=1))
        after = among.filter(created_at__gte=until + SIDE_BY_SIDE).order_by("created_at")
        rows = rows.filter(created_at__lt=until, pk__lt=Least(_number(after), NUMBER_MAX))
    return rows


def _number(rows: QuerySet[Any]) -> Subquery:
    return Subquery(rows.values("pk")[:1])
