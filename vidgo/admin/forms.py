"""The form of every admin action, and the tokens that make it run once."""

from __future__ import annotations

import re
import secrets

from django import forms
from django.core.cache import cache

REASON_MIN_CHARACTERS = 5
REASON_MAX_CHARACTERS = 300
TOKEN = re.compile(r"[\w-]{10,40}")
TOKEN_KEPT_SECONDS = 24 * 3600


def new_token() -> str:
    """Return a token for a newly rendered form."""
    return secrets.token_urlsafe(18)


def claim_token(*, purpose: str, token: str) -> bool:
    """Return whether this is the first claim of a token; the cache is a table, so one wins."""
    return cache.add(_cache_key(purpose, token), "taken", TOKEN_KEPT_SECONDS)


def release_token(*, purpose: str, token: str) -> None:
    """Release a token after an error, so that the corrected form can be submitted."""
    cache.delete(_cache_key(purpose, token))


def _cache_key(purpose: str, token: str) -> str:
    return f"admin:once:{purpose}:{token}"


def reason_field() -> forms.CharField:
    """Return the field for the reason."""
    return forms.CharField(
        label="Reason",
        min_length=REASON_MIN_CHARACTERS,
        max_length=REASON_MAX_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=(
            "5 to 300 characters, kept in the audit log forever. The organization sees what was "
            "done, but neither the reason nor your name."
        ),
    )


class ReasonForm(forms.Form):
    """Asks for a reason; actions that need more fields derive from it."""

    once = forms.CharField(widget=forms.HiddenInput, required=False)
    reason = reason_field()
    field_order: tuple[str, ...] = ("reason", "once")

    def clean_once(self) -> str:
        """Return the token that was rendered with the form."""
        token: str = self.cleaned_data["once"]
        if not TOKEN.fullmatch(token):
            raise forms.ValidationError("Open this form again: it was not sent from its page.")
        return token
