"""All e-mails of accounts except django-allauth's: invitations, and notices about a membership.

The texts are in `templates/emails/`; those of sign-up, passwords and second factors, which
django-allauth sends, are in `templates/account/email/` and `templates/mfa/email/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from smtplib import SMTPException

from django.conf import settings

from accounts.models import Invitation, Organization, Role, User
from vidgo.kernel import errors, queue
from vidgo.kernel.web import mail

TASK = "accounts.tasks.send_notice"
# Kinds of notices, and the page that each one's button opens.
NOTICES: Mapping[str, str] = {
    "role_changed": "/dashboard/team",
    "member_removed": "/dashboard",
    "organization_deleted": "/dashboard",
}


class NotSent(errors.Upstream):
    """The invitation is stored, but the mail server did not accept its e-mail."""

    default_message = (
        "We saved the invitation but couldn't send the e-mail. Send it again in a few minutes."
    )


def send_invitation(*, invitation: Invitation, secret: str) -> None:
    """E-mail the link of an invitation; raises `NotSent`.

    Sent here and now, not by a task: the queue would store the secret.
    """
    context = {
        "invitation": invitation,
        "organization": invitation.organization,
        "role": invitation.get_role_display(),
        "inviter": invitation.invited_by,
        "link": f"{settings.VIDGO_PUBLIC_URL}/invitation?token={secret}",
    }
    try:
        mail.send(kind="invitation", to=[invitation.email], context=context)
    except (SMTPException, OSError):
        raise NotSent from None


def queue_notice(*, organization: Organization, user: User, kind: str, about: str = "") -> None:
    """Queue a notice to one user; in a transaction it is sent only if that commits.

    `about` is the new role of `role_changed`, and who deleted of `organization_deleted`.
    """
    if kind not in NOTICES:
        raise ValueError(f"no such notice: {kind}")
    queue.enqueue(TASK, organization.pk, user.pk, kind, about)


def send_notice(*, organization: Organization, user: User, kind: str, about: str = "") -> None:
    """Send a notice, unless the account is closed; `about` as in `queue_notice`."""
    if not user.is_active:
        return
    context = {
        "organization": organization,
        "role": Role(about).label if kind == "role_changed" else "",
        "about": about,
        "link": f"{settings.VIDGO_PUBLIC_URL}{NOTICES[kind]}",
    }
    mail.send(kind=kind, to=[user.email], context=context)
