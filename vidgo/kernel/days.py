"""UTC days as people type them: one rule and one sentence for every form and address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from vidgo.kernel import errors

# Far enough for a calculation with days not to leave the calendar.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)
WRONG_ORDER = "The last day must not lie before the first."


class NoDay(errors.Invalid):
    sentence = "Enter a day such as 2026-11-30."


def field(label: str = "") -> forms.DateField:
    """Return a field for a day, which may stay empty; it refuses in words what is none."""
    return forms.DateField(
        required=False,
        label=label,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": NoDay.sentence},
        validators=[
            MinValueValidator(FIRST_DAY, NoDay.sentence),
            MaxValueValidator(LAST_DAY, NoDay.sentence),
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
    """Tell whether two days are given and the last lies before the first."""
    return first is not None and last is not None and first > last
