"""The form of every action on the desk: why."""

from __future__ import annotations

import re

from django import forms

REASON_MIN_CHARACTERS = 5
REASON_MAX_CHARACTERS = 300
MARK = re.compile(r"[\w-]{10,40}")


def reason_field() -> forms.CharField:
    """Return the field that asks why."""
    return forms.CharField(
        label="Reason",
        min_length=REASON_MIN_CHARACTERS,
        max_length=REASON_MAX_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=(
            "5 to 300 characters, kept in the audit log for good. An organization that it concerns "
            "sees what was done, and neither the reason nor your name."
        ),
    )


class ReasonForm(forms.Form):
    """Asks why; an action that needs more to be known derives from it."""

    once = forms.CharField(widget=forms.HiddenInput, required=False)
    reason = reason_field()
    field_order: tuple[str, ...] = ("reason", "once")

    def clean_once(self) -> str:
        """Return the mark of this showing of the form, which the page has put there."""
        mark: str = self.cleaned_data["once"]
        if not MARK.fullmatch(mark):
            raise forms.ValidationError("Open this form again: it was not sent from its page.")
        return mark
