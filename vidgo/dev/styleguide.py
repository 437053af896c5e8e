"""The styleguide: every UI component in every state on one page, in development only."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from vidgo.kernel.web import charts
from vidgo.kernel.web.templatetags.ui import STATES

COLORS = (
    *("paper", "surface", "sunken", "hover", "line", "line-strong", "edge"),
    *("ink", "ink-2", "ink-3", "accent", "accent-soft", "solid"),
    *("good", "good-soft", "busy", "busy-soft", "bad", "bad-soft", "notice", "notice-soft"),
)
LONG = "Averylongwordthatnobodybreaks" * 4
DAYS = 14


class Sample(forms.Form):
    """One field of each kind."""

    name = forms.CharField(help_text="Name what uses it, so that you know which one to revoke.")
    email = forms.EmailField(label="E-mail", required=False)
    prompt = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}))
    expires = forms.ChoiceField(choices=[("", "Never"), ("30", "In 30 days")], required=False)
    agreed = forms.BooleanField(label="Keep this card for automatic recharge", required=False)
    abilities = forms.MultipleChoiceField(
        choices=[("generate", "Make images"), ("read", "Read tasks")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show all components."""
    wrong = Sample({"name": "", "email": "nobody@", "prompt": "x", "agreed": True}, prefix="wrong")
    wrong.add_error(None, "This could not be saved: two fields have errors.")
    return render(request, "styleguide.html", {**_values(), "form": Sample(), "wrong": wrong})


def _values() -> dict[str, Any]:
    """Return the sample values of the components."""
    titles = [f"{day + 1} November" for day in range(DAYS)]
    short = [str(day + 1) for day in range(DAYS)]
    series = [
        charts.Series(name="Pro", tone="accent", values=[day * 37 % 90 for day in range(DAYS)]),
        charts.Series(name="Max", tone="bad", values=[day * 23 % 60 for day in range(DAYS)]),
    ]
    levels = (constants.SUCCESS, constants.INFO, constants.WARNING, constants.ERROR)
    return {
        "colors": COLORS,
        "states": list(STATES),
        "long": LONG,
        "moment": datetime(2026, 11, 22, 9, 41, tzinfo=UTC),
        "dollars": [Decimal("0.05"), Decimal("1234.5"), Decimal("0.0005")],
        "messages": [Message(level, "The card was saved.") for level in levels],
        "full_chart": charts.stack(
            label="Images by day", titles=titles, short=short, series=series
        ),
        "empty_chart": charts.stack(
            label="Images by day",
            titles=titles,
            short=short,
            series=[charts.Series(name="Pro", tone="accent", values=[0] * DAYS)],
        ),
    }


urlpatterns = [path("styleguide", page, name="styleguide")]
