"""Notices: an e-mail to the people who look after an organization's integration."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from accounts import access
from generation.models import CallbackEndpoint

# Who may rotate the secret and resume the endpoint: owners, admins and developers.
ABILITY = "keys"


def send_paused(*, endpoint: CallbackEndpoint) -> int:
    """Tell that an endpoint was paused and why; return how many people were told.

    Nobody is told when it has been resumed meanwhile.
    """
    if endpoint.paused_at is None:
        return 0
    organization = endpoint.organization
    context = {
        "organization": organization,
        "endpoint": endpoint,
        "site_name": settings.VIDGO_NAME,
        "button_url": f"{settings.VIDGO_PUBLIC_URL}/dashboard/callbacks",
    }
    subject = render_to_string("emails/callbacks_paused_subject.txt", context).strip()
    text = render_to_string("emails/callbacks_paused.txt", context)
    page = render_to_string("emails/callbacks_paused.html", context)
    recipients = access.emails_with(organization=organization, ability=ABILITY)
    for recipient in recipients:
        # One message each: people of an organization need not see each other's addresses.
        message = EmailMultiAlternatives(subject=subject, body=text, to=[recipient])
        message.attach_alternative(page, "text/html")
        message.send()
    return len(recipients)
