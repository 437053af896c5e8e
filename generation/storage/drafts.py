"""Images that visitors chose before they had an account: kept for two hours, served to nobody.

They belong to no organization yet and have no row; only the session of whoever sent one knows its
name. `pages/playground/drafts.py` makes an upload of it after signing in.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from generation.storage import files, uploads

FOLDER = "drafts"
MAX_BYTES = 5_000_000
LIFETIME = timedelta(hours=2)


def save(*, content: bytes) -> str:
    """Check an image, store it and return its name; raises what `uploads.check` does."""
    facts = uploads.check(content=content)
    return files.save(folder=FOLDER, content=content, extension=uploads.extension_of(facts))


def remove_expired() -> int:
    """Delete the images that nobody came back for and return how many there were."""
    expired = files.list_older(folder=FOLDER, than=timezone.now() - LIFETIME)
    for name in expired:
        files.remove(name=name)
    return len(expired)
