"""Signatures by Standard Webhooks (standardwebhooks.com): HMAC-SHA-256 over id, time and body."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

SECRET_PREFIX = "whsec_"  # noqa: S105  the prefix of the specification


def headers(
    *, message_id: str, timestamp: int, body: bytes, keys: Sequence[bytes]
) -> dict[str, str]:
    """Return the headers that sign a body, with one signature for each key.

    `timestamp` is the time of this try in Unix seconds: receivers refuse what is five minutes old.
    """
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(
            _signature(message_id=message_id, timestamp=timestamp, body=body, key=key)
            for key in keys
        ),
    }


def _signature(*, message_id: str, timestamp: int, body: bytes, key: bytes) -> str:
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def encode_key(key: bytes) -> str:
    """Return a key in the format customers get: `whsec_` and base64."""
    return SECRET_PREFIX + base64.b64encode(key).decode()
