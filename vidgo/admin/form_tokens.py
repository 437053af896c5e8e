"""Forms that are done once: a second press of the same button finds the first one's mark."""

from __future__ import annotations

import secrets

from django.core.cache import cache

KEPT_SECONDS = 24 * 3600


def token() -> str:
    """Return a mark for one showing of a form."""
    return secrets.token_urlsafe(18)


def claim(*, purpose: str, mark: str) -> bool:
    """Take the mark and return whether nobody had: the cache is a table, so one of two wins."""
    return cache.add(_key(purpose, mark), "taken", KEPT_SECONDS)


def release(*, purpose: str, mark: str) -> None:
    """Give the mark back after a refusal, so that the mended form may be sent."""
    cache.delete(_key(purpose, mark))


def _key(purpose: str, mark: str) -> str:
    return f"admin:once:{purpose}:{mark}"
