"""UTC days: form fields, midnights, and filtering a list by the days its rows were made."""

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

# Calculations with days between these never leave the range of `date`.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)
WRONG_ORDER = "The last day must not be before the first."
# Ids grow with `created_at`, except among transactions that overlap.
LONGEST_OVERLAP = timedelta(hours=1)
ID_MAX = 2**63 - 1


class NoDay(errors.Invalid):
    default_message = "Enter a day such as 2026-11-30."


def field(label: str = "") -> forms.DateField:
    """Return an optional form field for a day."""
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
    """Return the day in a text, None for an empty one; raises `NoDay`."""
    try:
        day: date | None = field().clean(text)
    except forms.ValidationError:
        raise NoDay from None
    return day


def check_order(form: forms.Form, values: Mapping[str, Any]) -> None:
    """Add an error to a form whose `to` is before its `from`."""
    if is_wrong_order(values.get("from"), values.get("to")):
        form.add_error("to", WRONG_ORDER)


def is_wrong_order(first: date | None, last: date | None) -> bool:
    """Return whether both days are given and the last is before the first."""
    return first is not None and last is not None and first > last


def midnight(day: date) -> datetime:
    """Return the time a UTC day begins."""
    return datetime.combine(day, time.min, tzinfo=UTC)


def between(rows: Rows, *, among: QuerySet[Any], first: date | None, last: date | None) -> Rows:
    """Keep the rows made from the first to the last day, both included; None leaves an end open.

    Lists are read by id, the newest first. So that other months cost nothing, the range of days
    becomes a range of ids too, between rows of `among` that are safely outside it.
    `among` needs an index on `created_at`.
    """
    # Without such a row, GREATEST and LEAST ignore the NULL. COALESCE would too, but under
    # row-level security PostgreSQL uses no index for it.
    if first:
        since = midnight(first)
        before = among.filter(created_at__lt=since - LONGEST_OVERLAP).order_by("-created_at")
        rows = rows.filter(created_at__gte=since, pk__gt=Greatest(_first_id(before), 0))
    if last:
        until = midnight(last + timedelta(days=1))
        after = among.filter(created_at__gte=until + LONGEST_OVERLAP).order_by("created_at")
        rows = rows.filter(created_at__lt=until, pk__lt=Least(_first_id(after), ID_MAX))
    return rows


def _first_id(rows: QuerySet[Any]) -> Subquery:
    return Subquery(rows.values("pk")[:1])
