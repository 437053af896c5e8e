"""Second factors in software: an app that generates codes, and a device with a passkey."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import re
import secrets
import struct
import time
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

HOST = "testserver"


def code_of(secret: str, *, steps: int = 0) -> str:
    """Return the code of an app (RFC 6238), `steps` of 30 seconds from now.

    Waits for the next step when this one is about to end and the code would expire.
    """
    left = 30 - time.time() % 30
    if left < 2:
        time.sleep(left)
    counter = struct.pack(">Q", int(time.time()) // 30 + steps)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    offset = digest[-1] & 15
    (number,) = struct.unpack(">I", digest[offset : offset + 4])
    return f"{(number & 0x7FFFFFFF) % 10**6:06}"


def options_in(answer: Any) -> dict[str, Any]:
    """Return the WebAuthn options in a page, as its script reads them."""
    (text,) = re.findall(r'data-options="([^"]*)"', answer.content.decode())
    options: dict[str, Any] = json.loads(html.unescape(text))["publicKey"]
    return options


@dataclass
class Device:
    """An authenticator in software: one ES256 key, attestation "none"."""

    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    user_handle: str = ""
    origin: str = f"https://{HOST}"
    counter: int = 0

    def create(self, options: dict[str, Any], *, resident: bool = True) -> str:
        """Return what the browser sends for a new passkey."""
        self.user_handle = options["user"]["id"]
        data = AttestedCredentialData.create(
            bytes(16), self.credential_id, ES256.from_cryptography_key(self.key.public_key())
        )
        flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV | AuthenticatorData.FLAG.AT
        attestation = AttestationObject.create(
            "none", self._authenticator_data(flags, bytes(data)), {}
        )
        client = CollectedClientData.create("webauthn.create", options["challenge"], self.origin)
        return self._response(
            {"attestationObject": bytes(attestation), "clientDataJSON": bytes(client)},
            extensions={"credProps": {"rk": resident}},
        )

    def get(self, options: dict[str, Any]) -> str:
        """Return what the browser sends when the passkey is used."""
        self.counter += 1
        data = self._authenticator_data(AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV)
        client = CollectedClientData.create("webauthn.get", options["challenge"], self.origin)
        signature = self.key.sign(bytes(data) + client.hash, ec.ECDSA(hashes.SHA256()))
        return self._response(
            {
                "authenticatorData": bytes(data),
                "clientDataJSON": bytes(client),
                "signature": signature,
                "userHandle": base64.urlsafe_b64decode(self.user_handle + "=="),
            }
        )

    def _authenticator_data(
        self, flags: AuthenticatorData.FLAG, data: bytes = b""
    ) -> AuthenticatorData:
        return AuthenticatorData.create(
            hashlib.sha256(HOST.encode()).digest(), flags, self.counter, data
        )

    def _response(self, response: dict[str, bytes], *, extensions: Any = None) -> str:
        credential_id = websafe_encode(self.credential_id)
        return json.dumps(
            {
                "id": credential_id,
                "rawId": credential_id,
                "type": "public-key",
                "response": {name: websafe_encode(value) for name, value in response.items()},
                "clientExtensionResults": extensions or {},
            }
        )


def confirm(browser: Client, password: str) -> None:
    """Enter the password again, as a sensitive step requires."""
    answer = browser.post("/accounts/reauthenticate/", {"password": password})
    assert answer.status_code == 302, answer.content.decode()
