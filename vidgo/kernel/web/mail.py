"""E-mail: rendering, sending, and a backend for copies without a mail server.

Each e-mail has three files in `templates/emails/`; `send(kind="invitation", …)` uses these:

- `invitation_subject.txt`: one line, all of it in `{% autoescape off %}`;
- `invitation.txt`: extends `emails/base.txt`;
- `invitation.html`: extends `emails/base.html` and uses plain `<h1>`, `<p>`, `<strong>`, `<a>`,
  `<ul>`, `<code>` and `<table>`; the base adds their styles.

Both bases have the same blocks: `content`; `action`, the label of the button, which links to `link`
of the context (`{% block button %}{% endblock %}` removes it); and `why`, the end of "You get this
because". The HTML also has a `title`. The context always has `site_name` and `public_url`.
`tests/kernel/emails.py` has an example of each kind; a test renders them all.
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
    """A rendered e-mail without a recipient."""

    subject: str
    text: str
    html: str


def write(*, kind: str, context: Mapping[str, Any]) -> Letter:
    """Render an e-mail; raises `TemplateDoesNotExist` for an unknown kind."""
    values = {
        "site_name": settings.VIDGO_NAME,
        "public_url": settings.VIDGO_PUBLIC_URL,
        **context,
    }
    return Letter(
        # A line break in a name must not start another header.
        subject=" ".join(render_to_string(f"emails/{kind}_subject.txt", values).split()),
        text=render_to_string(f"emails/{kind}.txt", values).strip() + "\n",
        html=render_to_string(f"emails/{kind}.html", values),
    )


def send(*, kind: str, to: Iterable[str], context: Mapping[str, Any]) -> int:
    """Send an e-mail to each address and return how many were sent.

    Calls the mail server: use it in a task, outside transactions. Each address gets a separate
    message, so that recipients do not see each other.
    """
    letter = write(kind=kind, context=context)
    sent = 0
    for address in to:
        message = EmailMultiAlternatives(
            subject=letter.subject,
            body=letter.text,
            to=[address],
            # RFC 3834: asks for no automatic replies.
            headers={"Auto-Submitted": "auto-generated"},
        )
        message.attach_alternative(letter.html, "text/html")
        message.send()
        sent += 1
    return sent


class KeptBackend(EmailBackend):
    """Print each message in short and save it in `EMAIL_FILE_PATH`; for lack of a mail server."""

    def write_message(self, message: EmailMessage) -> None:
        """Print and save one message."""
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
