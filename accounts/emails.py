"""Notices: e-mails to a person about their place in an organization."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

from accounts.models import Organization, Role, User
from vidgo.kernel import queue
from vidgo.kernel.web import mail

TASK = "accounts.tasks.send_notice"
# Kind, and the page its button leads to.
KINDS: Mapping[str, str] = {
    "role_changed": "/dashboard/team",
    "member_removed": "/dashboard",
    "organization_deleted": "/dashboard",
}


def queue_notice(*, organization: Organization, user: User, kind: str, about: str = "") -> None:
    """Have a notice sent; inside a transaction it is queued only if that commits."""
    if kind not in KINDS:
        raise ValueError(f"no such notice: {kind}")
    queue.enqueue(TASK, organization.pk, user.pk, kind, about)


def send(*, organization: Organization, user: User, kind: str, about: str = "") -> int:
    """Send a notice to one person and return 1, or 0 when the account is closed.

    `about` is the new role of `role_changed`, and who deleted of `organization_deleted`.
    """
    if not user.is_active:
        return 0
    role = Role(about).label if kind == "role_changed" else ""
    context = {
        "organization": organization,
        "role": role,
        "about": about,
        "link": f"{settings.VIDGO_PUBLIC_URL}{KINDS[kind]}",
    }
    return mail.send(kind=kind, to=[user.email], context=context)
