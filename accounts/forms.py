"""What people type into the pages about keys."""

from datetime import datetime, timedelta

from django import forms
from django.utils import timezone

from accounts.models import ApiKey

LIFETIMES = (
    ("", "Never"),
    ("7", "In 7 days"),
    ("30", "In 30 days"),
    ("90", "In 90 days"),
    ("365", "In a year"),
)


class ApiKeyForm(forms.Form):
    """The name and the lifetime of a new key."""

    name = forms.CharField(
        max_length=ApiKey._meta.get_field("name").max_length,
        help_text="What will use it, so that you know which one to revoke.",
        widget=forms.TextInput(attrs={"placeholder": "Production server", "autocomplete": "off"}),
    )
    lifetime_days = forms.ChoiceField(choices=LIFETIMES, required=False, label="Expires")

    def expires_at(self) -> datetime | None:
        """Return when the new key shall expire; None is never."""
        days = self.cleaned_data["lifetime_days"]
        return timezone.now() + timedelta(days=int(days)) if days else None
