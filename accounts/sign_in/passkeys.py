"""Passkey forms: django-allauth's, made safe against malformed input."""

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

# What python-fido2 raises for malformed input, besides what django-allauth catches.
MALFORMED = (TypeError, ValueError, KeyError, AttributeError, IndexError, struct.error)


class AddForm(AddWebAuthnForm):
    """A new passkey; unless the user opts out, it signs in without a password."""

    passwordless = forms.BooleanField(required=False, initial=True)

    def clean(self) -> dict[str, Any]:
        """Return the cleaned values; refuse malformed input."""
        try:
            values: dict[str, Any] = super().clean()
        except MALFORMED:
            raise get_adapter().validation_error("incorrect_code") from None
        return values


class _CredentialForm:
    """A form with a passkey's answer."""

    def clean_credential(self) -> Authenticator:
        """Return the passkey; refuse malformed input."""
        try:
            found: Authenticator = super().clean_credential()  # type: ignore[misc]
        except MALFORMED:
            raise get_adapter().validation_error("incorrect_code") from None
        return found


class AuthenticateForm(_CredentialForm, AuthenticateWebAuthnForm):
    """A passkey as second factor, after the password."""


class LoginForm(_CredentialForm, LoginWebAuthnForm):
    """A passkey instead of the password."""


class ReauthenticateForm(_CredentialForm, ReauthenticateWebAuthnForm):
    """A passkey to reauthenticate before a sensitive step."""
