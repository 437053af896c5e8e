"""Sealing: secrets encrypted at rest, so that a copy of the database alone reveals none of them.

A secret is encrypted with Fernet (AES-128-CBC with HMAC-SHA-256) and a key that HKDF derives from
SECRET_KEY. The stored text begins with the id of that key, so that secrets sealed with a former
SECRET_KEY can be found and sealed again.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unreadable(Exception):
    """Neither SECRET_KEY nor any of SECRET_KEY_FALLBACKS can decrypt the secret."""


@dataclass(frozen=True, slots=True)
class Sealer:
    """Encrypt and decrypt the secrets of one purpose; each purpose has a key of its own."""

    purpose: str

    @property
    def prefix(self) -> str:
        """Return the prefix of all secrets sealed with the current SECRET_KEY."""
        return f"{_key(settings.SECRET_KEY, self.purpose)[0]}."

    def seal(self, secret: bytes) -> str:
        """Return a secret sealed with the current SECRET_KEY."""
        _, fernet = _key(settings.SECRET_KEY, self.purpose)
        return self.prefix + fernet.encrypt(secret).decode()

    def unseal(self, sealed: str) -> bytes:
        """Return the secret, whichever SECRET_KEY sealed it; raises `Unreadable`."""
        sealed_with, _, token = sealed.partition(".")
        for secret_key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
            name, fernet = _key(secret_key, self.purpose)
            if name == sealed_with:
                try:
                    return fernet.decrypt(token.encode())
                except InvalidToken:
                    break
        raise Unreadable

    def reseal(self, sealed: str) -> str:
        """Return the same secret sealed with the current SECRET_KEY; raises `Unreadable`."""
        return self.seal(self.unseal(sealed))


@lru_cache(maxsize=16)
def _key(secret_key: str, purpose: str) -> tuple[str, Fernet]:
    """Return the key of a purpose, and an id for it that reveals nothing about it."""
    derived = HKDF(algorithm=hashes.SHA256(), length=40, salt=None, info=purpose.encode()).derive(
        secret_key.encode()
    )
    return derived[32:].hex(), Fernet(base64.urlsafe_b64encode(derived[:32]))
