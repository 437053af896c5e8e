"""Drafts: images that visitors chose before they signed in, kept for two hours and never served.

They belong to no organization and have no row; only the visitor's session knows the name.
`generation.playground.drafts` turns a draft into an upload after the sign-in.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from generation.storage import files, uploads

FOLDER = "drafts"
MAX_BYTES = 5_000_000
LIFETIME = timedelta(hours=2)


def save(*, content: bytes) -> str:
    """Check an image, store it and return its name; raises what `uploads.check` raises."""
    info = uploads.check(content=content)
    return files.save(folder=FOLDER, content=content, extension=uploads.extension_of(info))


def remove_expired() -> int:
    """Delete expired drafts and return how many."""
    expired = files.list_older(folder=FOLDER, than=timezone.now() - LIFETIME)
    for name in expired:
        files.remove(name=name)
    return len(expired)
