"""Where django-allauth meets our accounts."""

from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from accounts import organizations
from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):
    """Give every new user an organization, in the transaction that stores the user."""

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> User:
        """Store the user and the organization together."""
        with transaction.atomic():
            saved = cast(User, super().save_user(request, user, form, commit=commit))
            if commit:
                organizations.create_at_sign_up(user=saved)
        return saved

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a message under this installation's name rather than under its host's."""
        named = {"site_name": settings.VIDGO_NAME, "public_url": settings.VIDGO_PUBLIC_URL}
        super().send_mail(template_prefix, email, {**named, **context})
