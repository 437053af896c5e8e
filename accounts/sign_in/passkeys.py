"""What a browser sends for a passkey: django-allauth's forms, safe against made-up messages."""

from __future__ import annotations

import struct
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms

# What the parsers of python-fido2 raise for bytes and objects of another shape, beside what
# django-allauth catches.
MALFORMED = (TypeError, ValueError, KeyError, AttributeError, IndexError, struct.error)


class AddForm(AddWebAuthnForm):
    """A new passkey; it may sign in alone unless one says otherwise."""

    passwordless = forms.BooleanField(required=False, initial=True)

    def clean(self) -> dict[str, Any]:
        """Return what was sent; refuse what no browser sends."""
        try:
            values: dict[str, Any] = super().clean()
        except MALFORMED:
            raise get_adapter().validation_error("incorrect_code") from None
        return values


class _Shown:
    """A passkey that was shown to us."""

    def clean_credential(self) -> Authenticator:
        """Return the passkey; refuse what no browser sends."""
        try:
            found: Authenticator = super().clean_credential()  # type: ignore[misc]
        except MALFORMED:
            raise get_adapter().validation_error("incorrect_code") from None
        return found


class AuthenticateForm(_Shown, AuthenticateWebAuthnForm):
    """A passkey beside the password."""


class LoginForm(_Shown, LoginWebAuthnForm):
    """A passkey in place of the password."""


class ReauthenticateForm(_Shown, ReauthenticateWebAuthnForm):
    """A passkey before a sensitive step."""
