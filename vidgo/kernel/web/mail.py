"""E-mails: one look, and one verb that sends them.

An e-mail of ours is three files of `templates/emails/`; `send(kind="invitation", …)` takes these:

- `invitation_subject.txt`: one line, all of it in `{% autoescape off %}`;
- `invitation.txt`: extends `emails/base.txt`;
- `invitation.html`: extends `emails/base.html`, and writes plain `<h1>`, `<p>`, `<strong>`, `<a>`,
  `<ul>`, `<code>` and `<table>`; the base puts their styles in.

Both bases have the same blocks: `content`; `action`, the words on the button, which leads to `link`
of the context (`{% block button %}{% endblock %}` leaves it out); and `why`, which ends the
sentence "You get this because". The HTML has a `title` besides. The context gains `site_name` and
`public_url`. `tests/kernel/emails.py` has an example of each kind; a test renders them all.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.console import EmailBackend
from django.template.loader import render_to_string


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail before it has an address."""

    subject: str
    text: str
    html: str


def write(*, kind: str, context: Mapping[str, Any]) -> Letter:
    """Return the e-mail of a kind, rendered; raises `TemplateDoesNotExist` for an unknown one."""
    values = {
        "site_name": settings.VIDGO_NAME,
        "public_url": settings.VIDGO_PUBLIC_URL,
        **context,
    }
    return Letter(
        # A name with a line break in it must not become a header.
        subject=" ".join(render_to_string(f"emails/{kind}_subject.txt", values).split()),
        text=render_to_string(f"emails/{kind}.txt", values).strip() + "\n",
        html=render_to_string(f"emails/{kind}.html", values),
    )


def send(*, kind: str, to: Iterable[str], context: Mapping[str, Any]) -> int:
    """Send an e-mail to each address and return how many there were.

    Talks to the mail server: call it from a task, outside transactions. Each address gets a message
    of its own, since people of an organization need not see each other's.
    """
    letter = write(kind=kind, context=context)
    sent = 0
    for address in to:
        message = EmailMultiAlternatives(
            subject=letter.subject,
            body=letter.text,
            to=[address],
            # RFC 3834: nobody's absence is answered to us.
            headers={"Auto-Submitted": "auto-generated"},
        )
        message.attach_alternative(letter.html, "text/html")
        message.send()
        sent += 1
    return sent


class KeptBackend(EmailBackend):
    """Print each message in short, and keep it whole under `EMAIL_FILE_PATH`, the newest last.

    For a copy without a mail server.
    """

    def write_message(self, message: EmailMessage) -> None:
        """Print and keep one message."""
        path = _keep(message.message().as_bytes())
        self.stream.write(
            f"E-mail to {', '.join(message.recipients())}\n"
            f"Subject: {message.subject}\n\n{str(message.body).strip()}\n\n(kept as {path})\n"
        )


def _keep(content: bytes) -> Path:
    folder = Path(settings.EMAIL_FILE_PATH)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}Z-{secrets.token_hex(3)}.eml"
    path = folder / name
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(content)
    return path
