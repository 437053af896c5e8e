"""Forms of the API key pages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from accounts.api_keys import restrictions
from accounts.api_keys.restrictions import Limits
from accounts.models import ApiKey, Scope
from vidgo.kernel import errors

LIFETIMES = (
    ("", "Never"),
    ("7", "In 7 days"),
    ("30", "In 30 days"),
    ("90", "In 90 days"),
    ("365", "In 1 year"),
)
OVERLAPS = (
    ("24", "For 24 hours"),
    ("1", "For 1 hour"),
    ("168", "For 7 days"),
    ("720", "For 30 days"),
    ("0", "Not at all: it stops now"),
)
FULL, RESTRICTED = "full", "restricted"
RANGES_MAX_CHARACTERS = 4000


class ApiKeyForm(forms.Form):
    """A key's name and limits; fields missing from the POST mean no limit."""

    name = forms.CharField(
        max_length=ApiKey._meta.get_field("name").max_length,
        help_text="Name what will use the key, so that you know which one to revoke.",
        widget=forms.TextInput(attrs={"placeholder": "Production server", "autocomplete": "off"}),
    )
    access = forms.ChoiceField(
        choices=((FULL, "Full access"), (RESTRICTED, "Only selected scopes")),
        required=False,
        initial=FULL,
        label="Access",
        widget=forms.RadioSelect,
    )
    scopes = forms.MultipleChoiceField(
        choices=tuple(restrictions.SCOPES.items()),
        required=False,
        label="Scopes",
        widget=forms.CheckboxSelectMultiple,
    )
    models = forms.MultipleChoiceField(
        required=False,
        label="Models",
        help_text="Select none to allow all models, including future ones.",
        widget=forms.CheckboxSelectMultiple,
    )
    ranges = forms.CharField(
        required=False,
        max_length=RANGES_MAX_CHARACTERS,
        label="IP addresses",
        help_text="Addresses or ranges such as 203.0.113.0/24 or 2001:db8::/32, one per line. "
        "Leave empty to allow any address.",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, models: Iterable[tuple[str, str]] = (), **kwargs: Any) -> None:
        """`models` are the id and name of each available model."""
        super().__init__(*args, **kwargs)
        chosen = self.fields["models"]
        assert isinstance(chosen, forms.MultipleChoiceField)
        chosen.choices = list(models)

    def clean_ranges(self) -> list[str]:
        """Return the addresses in stored form; lines, spaces and commas separate them."""
        try:
            return restrictions.parse_ranges(self.cleaned_data["ranges"].replace(",", " ").split())
        except restrictions.BadRange as refused:
            raise forms.ValidationError(refused.message) from None

    def clean(self) -> dict[str, Any]:
        """Turn the fields into `Limits`, validated as the verb does."""
        values = super().clean() or {}
        full = values.get("access") != RESTRICTED
        try:
            values["limits"] = restrictions.check(
                Limits(
                    scopes=list(Scope.values) if full else values.get("scopes", []),
                    models=values.get("models", []),
                    ranges=values.get("ranges", []),
                )
            )
        except errors.Invalid as refused:
            if refused.param not in self.errors:
                self.add_error(refused.param, refused.message)
        return values


class NewApiKeyForm(ApiKeyForm):
    """A new key, which also gets a lifetime."""

    lifetime_days = forms.ChoiceField(choices=LIFETIMES, required=False, label="Expires")

    def expires_at(self) -> datetime | None:
        """Return when the new key expires; None means never."""
        days = self.cleaned_data["lifetime_days"]
        return timezone.now() + timedelta(days=int(days)) if days else None


def values_of(api_key: ApiKey) -> dict[str, Any]:
    """Return the initial values of `ApiKeyForm` for a key."""
    return {
        "name": api_key.name,
        "access": FULL if api_key.has_every_scope else RESTRICTED,
        "scopes": api_key.scopes,
        "models": api_key.allowed_models,
        "ranges": "\n".join(api_key.allowed_ranges),
    }


class RotationForm(forms.Form):
    """How long the old secret keeps working after a rotation."""

    overlap_hours = forms.ChoiceField(
        choices=OVERLAPS,
        label="Keep the old secret working",
        help_text="Long enough to replace it everywhere the key is used.",
    )

    def overlap(self) -> timedelta:
        """Return the overlap."""
        return timedelta(hours=int(self.cleaned_data["overlap_hours"]))


class SearchForm(forms.Form):
    """The search above a list of keys."""

    q = forms.CharField(
        required=False,
        max_length=80,
        label="Search",
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": "Name or id", "autocomplete": "off"}
        ),
    )
