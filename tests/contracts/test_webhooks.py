"""Vendors' webhooks: accepted if genuine and fresh, and then only for their id."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from generation.providers.base import BadWebhook
from generation.providers.sandbox import Sandbox
from sandbox.vendors import fal, replicate
from sandbox.vendors.server import Vendors
from tests.contracts.cases import SECRET, Case, case_of
from vidgo.kernel import http


def id_in(vendor: Case, reference: str) -> str:
    """Return the id in a reference."""
    match vendor.name:
        case "bfl":
            return str(json.loads(reference)["id"])
        case "fal":
            return str(json.loads(reference)["request_id"])
    return reference


def refused(vendor: Case, body: bytes, headers: dict[str, str], secret: str = SECRET) -> bool:
    with pytest.raises(BadWebhook):
        vendor.read_webhook(body, headers, secret)
    return True


def test_a_genuine_webhook_brings_the_reference(vendor: Case) -> None:
    body = vendor.webhook("abc123")
    reference = vendor.read_webhook(body, vendor.sign(body, time.time()))
    assert id_in(vendor, reference) == "abc123"


def test_a_reference_from_a_webhook_can_be_polled(vendor: Case) -> None:
    work = vendor.work()
    started = vendor.start(work)
    body = vendor.webhook(id_in(vendor, started.upstream_ref))
    reference = vendor.read_webhook(body, vendor.sign(body, time.time()))
    assert vendor.wait(started.__class__(upstream_ref=reference), work)


def test_a_forged_webhook_is_refused(vendor: Case) -> None:
    body, other = vendor.webhook("abc123"), vendor.webhook("other")
    good = vendor.sign(body, time.time())
    assert refused(vendor, other, good)
    assert refused(vendor, body, {})
    assert refused(vendor, body + b" ", good)
    for name in good:
        assert refused(vendor, body, {**good, name: ""})
        assert refused(vendor, body, {**good, name: "x" * len(good[name])})
        assert refused(vendor, body, {**good, name: "é"})
        assert refused(vendor, body, {key: value for key, value in good.items() if key != name})


def test_a_malformed_webhook_is_refused(vendor: Case) -> None:
    bodies = [b"", b"[]", b"null", b"{}", b"{", b'"id"', b'{"id": 7, "request_id": 7}', b"\xff"]
    bodies += [b'{"id": "", "request_id": ""}', b'{"id": null, "request_id": null}']
    for body in bodies:
        assert refused(vendor, body, vendor.sign(body, time.time()))


@pytest.mark.parametrize("seconds", [-301, 301, -86400])
def test_an_old_webhook_is_refused(vendor: Case, seconds: int) -> None:
    at = time.time() + seconds
    body = vendor.webhook("abc123")
    if vendor.name == "bfl":
        body = json.dumps({"id": "abc123", "timestamp": at}).encode()
    assert refused(vendor, body, vendor.sign(body, at))


@pytest.mark.parametrize("timestamp", [None, "", "yesterday", True, [], {}])
def test_an_unreadable_time_is_no_reason_to_refuse(vendors: Vendors, timestamp: Any) -> None:
    vendor = case_of("bfl", vendors)
    body = json.dumps({"id": "abc123", "timestamp": timestamp}).encode()
    assert vendor.read_webhook(body, vendor.sign(body, 0))


def test_the_secret_of_another_attempt_is_refused(vendors: Vendors) -> None:
    vendor = case_of("bfl", vendors)
    body = vendor.webhook("abc123")
    good = vendor.sign(body, time.time())
    assert refused(vendor, body, good, secret="another")
    assert refused(vendor, body, good, secret="")


def test_keys_are_fetched_once_and_again_when_they_have_changed(
    vendors: Vendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("fal", "replicate"):
        vendor = case_of(name, vendors)
        vendor.shop.records = True
        body = vendor.webhook("abc123")
        for _ in range(3):
            vendor.read_webhook(body, vendor.sign(body, time.time()))
        assert len(vendor.shop.requests) == 1
        module = {"fal": fal, "replicate": replicate}[name]
        new: Any = Ed25519PrivateKey.generate() if name == "fal" else hashlib.sha256(b"n").digest()
        monkeypatch.setattr(module, "SIGNING_KEY", new)
        signed = vendor.sign(body, time.time())
        # Not at once, or forged webhooks could make us fetch all the time.
        assert refused(vendor, body, signed)
        assert len(vendor.shop.requests) == 1
        field = "_keys_at" if name == "fal" else "_webhook_at"
        setattr(vendor.provider, field, time.monotonic() - 61)
        assert vendor.read_webhook(body, signed)
        assert len(vendor.shop.requests) == 2


def test_without_the_vendors_keys_every_webhook_is_refused(vendors: Vendors) -> None:
    for name in ("fal", "replicate"):
        vendor = case_of(name, vendors)
        vendor.provider._base_url = "http://127.0.0.1:9"  # type: ignore[attr-defined]
        vendor.provider._jwks_url = "http://127.0.0.1:9"  # type: ignore[attr-defined]
        body = vendor.webhook("abc123")
        assert refused(vendor, body, vendor.sign(body, time.time()))


@pytest.mark.parametrize("key", [None, "", "whsec_", "a", "é", "!!!!", 7, [], ["a"], {}])
def test_with_an_invalid_secret_every_webhook_is_refused(
    vendors: Vendors, monkeypatch: pytest.MonkeyPatch, key: Any
) -> None:
    vendor = case_of("replicate", vendors)

    async def answer(**_: Any) -> http.Response:
        body = json.dumps({"key": key}).encode()
        return http.Response(
            status=200, headers={}, body=body, url="", elapsed_ms=1, address="127.0.0.1"
        )

    monkeypatch.setattr(http, "call_json", answer)
    body = vendor.webhook("abc123")
    assert refused(vendor, body, vendor.sign(body, time.time()))


def test_one_valid_signature_of_several_is_enough(vendors: Vendors) -> None:
    vendor = case_of("replicate", vendors)
    body = vendor.webhook("abc123")
    good = vendor.sign(body, time.time())
    signature = good["webhook-signature"]
    other = base64.b64encode(b"x" * 32).decode()
    several = {**good, "webhook-signature": f"v1,{other} v2,{other} {signature}"}
    assert vendor.read_webhook(body, several) == "abc123"
    assert refused(vendor, body, {**good, "webhook-signature": signature.replace("v1", "v2")})


def test_the_sandbox_refuses_every_webhook() -> None:
    with pytest.raises(BadWebhook):
        http.run(Sandbox().read_webhook(headers={}, body=b"{}", secret=SECRET))
