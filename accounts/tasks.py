"""Queue tasks of accounts."""

from __future__ import annotations

from accounts import emails
from accounts.models import Organization, User


def send_notice(organization_id: int, user_id: int, kind: str, about: str) -> None:
    """Send one notice about a membership; the account may have been removed meanwhile."""
    user = User.objects.filter(pk=user_id).first()
    if user is not None:
        organization = Organization.objects.get(pk=organization_id)
        emails.send_notice(organization=organization, user=user, kind=kind, about=about)
