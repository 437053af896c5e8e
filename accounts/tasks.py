"""What the queue may call about people."""

from __future__ import annotations

from accounts import emails
from accounts.models import Organization, User


def send_notice(organization_id: int, user_id: int, kind: str, about: str) -> None:
    """Send one e-mail about somebody's place; the account may have been closed meanwhile."""
    user = User.objects.filter(pk=user_id).first()
    if user is not None:
        organization = Organization.objects.get(pk=organization_id)
        emails.send(organization=organization, user=user, kind=kind, about=about)
