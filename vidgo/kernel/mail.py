"""An e-mail backend for a copy without a mail server: messages are printed and kept as files."""

import secrets
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.console import EmailBackend


class KeptBackend(EmailBackend):
    """Print each message in short, and keep it whole under `EMAIL_FILE_PATH`, the newest last."""

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
