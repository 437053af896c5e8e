"""Where django-allauth meets our accounts."""

from dataclasses import replace
from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from accounts import audit, invitations, organizations
from accounts.api_keys import first_key
from accounts.models import User

CONFIRM_BY = {
    "reauthenticate": "Use your password",
    "mfa_reauthenticate": "Use a code",
    "mfa_reauthenticate:webauthn": "Use a passkey",
}


class AccountAdapter(DefaultAccountAdapter):
    """Give every new user a place, in the transaction that stores the user."""

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> User:
        """Store the user together with the place: the one invited to, or an organization."""
        with transaction.atomic():
            saved = cast(User, super().save_user(request, user, form, commit=commit))
            if commit:
                self._give_place(request, saved)
        return saved

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a message under this installation's name rather than under its host's."""
        named = {"site_name": settings.VIDGO_NAME, "public_url": settings.VIDGO_PUBLIC_URL}
        super().send_mail(template_prefix, email, {**named, **context})

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Return the ways to confirm that it is still the same person, in our words."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [{**each, "description": CONFIRM_BY[each["id"]]} for each in methods]

    def _give_place(self, request: HttpRequest, user: User) -> None:
        """Let somebody new into the organization they were invited to, or give them one."""
        joined = invitations.join_at_sign_up(
            token_hash=request.session.pop(invitations.SESSION_KEY, ""),
            user=user,
            actor=replace(audit.actor_of(request), label=user.email, user=user),
        )
        if joined:
            # They have read our message there, so django-allauth need not send another.
            self.stash_verified_email(request, user.email)
        else:
            first_key.promise(request, organization=organizations.create_at_sign_up(user=user))
