"""The django-allauth adapter: what happens at sign-up, and the sender name of its e-mails."""

from dataclasses import replace
from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from accounts import audit, invitations, organizations
from accounts.api_keys import first_key
from accounts.models import User

REAUTHENTICATION_LABELS = {
    "reauthenticate": "Use your password",
    "mfa_reauthenticate": "Use a code",
    "mfa_reauthenticate:webauthn": "Use a passkey",
}


class AccountAdapter(DefaultAccountAdapter):
    """Make every new user a member, in the transaction that stores the user."""

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> User:
        """Store the user with a membership, by invitation or in an organization of their own."""
        with transaction.atomic():
            saved = cast(User, super().save_user(request, user, form, commit=commit))
            if commit:
                self._join_organization(request, saved)
        return saved

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send an e-mail under the installation's name rather than its host name."""
        named = {"site_name": settings.VIDGO_NAME, "public_url": settings.VIDGO_PUBLIC_URL}
        super().send_mail(template_prefix, email, {**named, **context})

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Return the ways to reauthenticate, with our labels."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [{**each, "description": REAUTHENTICATION_LABELS[each["id"]]} for each in methods]

    def _join_organization(self, request: HttpRequest, user: User) -> None:
        """Let a new user join by invitation, or create an organization for them."""
        joined = invitations.join_at_sign_up(
            token_hash=request.session.pop(invitations.SESSION_KEY, ""),
            user=user,
            actor=replace(audit.actor_of(request), label=user.email, user=user),
        )
        if joined:
            # They opened the link in the mailbox, so django-allauth need not send another one.
            self.stash_verified_email(request, user.email)
        else:
            first_key.promise(request, organization=organizations.create_at_sign_up(user=user))
