"""E-mails to the members who look after an organization's integration."""

from __future__ import annotations

from django.conf import settings

from accounts import access
from generation.models import CallbackEndpoint
from vidgo.kernel.web import mail

# Who may rotate the secret and resume the endpoint: owners, admins and developers.
ABILITY = "keys"


def send_paused(*, endpoint: CallbackEndpoint) -> int:
    """E-mail that an endpoint was paused and why; return the number of recipients.

    Sends nothing if it has been resumed in the meantime.
    """
    if endpoint.paused_at is None:
        return 0
    organization = endpoint.organization
    return mail.send(
        kind="callbacks_paused",
        to=access.emails_with(organization=organization, ability=ABILITY),
        context={
            "organization": organization,
            "endpoint": endpoint,
            "link": f"{settings.VIDGO_PUBLIC_URL}/dashboard/callbacks",
        },
    )
