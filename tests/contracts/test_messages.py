"""The vendors' own messages: believed when genuine and fresh, and then only as far as an id."""

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


def test_a_genuine_message_tells_the_reference(vendor: Case) -> None:
    body = vendor.message("abc123")
    reference = vendor.read_webhook(body, vendor.sign(body, time.time()))
    assert id_in(vendor, reference) == "abc123"


def test_what_a_message_tells_can_be_polled(vendor: Case) -> None:
    work = vendor.work()
    started = vendor.start(work)
    body = vendor.message(id_in(vendor, started.upstream_ref))
    reference = vendor.read_webhook(body, vendor.sign(body, time.time()))
    assert vendor.wait(started.__class__(upstream_ref=reference), work)


def test_a_forged_message_is_not_believed(vendor: Case) -> None:
    body, other = vendor.message("abc123"), vendor.message("other")
    good = vendor.sign(body, time.time())
    assert refused(vendor, other, good)
    assert refused(vendor, body, {})
    assert refused(vendor, body + b" ", good)
    for name in good:
        assert refused(vendor, body, {**good, name: ""})
        assert refused(vendor, body, {**good, name: "x" * len(good[name])})
        assert refused(vendor, body, {**good, name: "é"})
        assert refused(vendor, body, {key: value for key, value in good.items() if key != name})


def test_a_message_that_is_not_what_it_should_be_is_not_believed(vendor: Case) -> None:
    bodies = [b"", b"[]", b"null", b"{}", b"{", b'"id"', b'{"id": 7, "request_id": 7}', b"\xff"]
    bodies += [b'{"id": "", "request_id": ""}', b'{"id": null, "request_id": null}']
    for body in bodies:
        assert refused(vendor, body, vendor.sign(body, time.time()))


@pytest.mark.parametrize("seconds", [-301, 301, -86400])
def test_a_stale_message_is_not_believed(vendor: Case, seconds: int) -> None:
    at = time.time() + seconds
    body = vendor.message("abc123")
    if vendor.name == "bfl":
        body = json.dumps({"id": "abc123", "timestamp": at}).encode()
    assert refused(vendor, body, vendor.sign(body, at))


@pytest.mark.parametrize("timestamp", [None, "", "yesterday", True, [], {}])
def test_a_time_that_cannot_be_read_is_no_reason_to_disbelieve(
    vendors: Vendors, timestamp: Any
) -> None:
    vendor = case_of("bfl", vendors)
    body = json.dumps({"id": "abc123", "timestamp": timestamp}).encode()
    assert vendor.read_webhook(body, vendor.sign(body, 0))


def test_a_secret_of_another_attempt_does_not_do(vendors: Vendors) -> None:
    vendor = case_of("bfl", vendors)
    body = vendor.message("abc123")
    good = vendor.sign(body, time.time())
    assert refused(vendor, body, good, secret="another")
    assert refused(vendor, body, good, secret="")


def test_keys_are_fetched_once_and_again_when_they_have_changed(
    vendors: Vendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("fal", "replicate"):
        vendor = case_of(name, vendors)
        vendor.shop.records = True
        body = vendor.message("abc123")
        for _ in range(3):
            vendor.read_webhook(body, vendor.sign(body, time.time()))
        assert len(vendor.shop.requests) == 1
        module = {"fal": fal, "replicate": replicate}[name]
        new: Any = Ed25519PrivateKey.generate() if name == "fal" else hashlib.sha256(b"n").digest()
        monkeypatch.setattr(module, "SIGNING_KEY", new)
        signed = vendor.sign(body, time.time())
        # Not at once: whoever forges messages could have us fetch at will.
        assert refused(vendor, body, signed)
        assert len(vendor.shop.requests) == 1
        field = "_keys_at" if name == "fal" else "_webhook_at"
        setattr(vendor.provider, field, time.monotonic() - 61)
        assert vendor.read_webhook(body, signed)
        assert len(vendor.shop.requests) == 2


def test_without_the_vendors_keys_nothing_is_believed(vendors: Vendors) -> None:
    for name in ("fal", "replicate"):
        vendor = case_of(name, vendors)
        vendor.provider._base_url = "http://127.0.0.1:9"  # type: ignore[attr-defined]
        vendor.provider._jwks_url = "http://127.0.0.1:9"  # type: ignore[attr-defined]
        body = vendor.message("abc123")
        assert refused(vendor, body, vendor.sign(body, time.time()))


@pytest.mark.parametrize("key", [None, "", "whsec_", "a", "é", "!!!!", 7, [], ["a"], {}])
def test_a_secret_that_is_none_believes_nothing(
    vendors: Vendors, monkeypatch: pytest.MonkeyPatch, key: Any
) -> None:
    vendor = case_of("replicate", vendors)

    async def answer(**_: Any) -> http.Response:
        body = json.dumps({"key": key}).encode()
        return http.Response(
            status=200, headers={}, body=body, url="", elapsed_ms=1, address="127.0.0.1"
        )

    monkeypatch.setattr(http, "call_json", answer)
    body = vendor.message("abc123")
    assert refused(vendor, body, vendor.sign(body, time.time()))


def test_any_of_several_signatures_will_do(vendors: Vendors) -> None:
    vendor = case_of("replicate", vendors)
    body = vendor.message("abc123")
    good = vendor.sign(body, time.time())
    signature = good["webhook-signature"]
    other = base64.b64encode(b"x" * 32).decode()
    several = {**good, "webhook-signature": f"v1,{other} v2,{other} {signature}"}
    assert vendor.read_webhook(body, several) == "abc123"
    assert refused(vendor, body, {**good, "webhook-signature": signature.replace("v1", "v2")})


def test_the_sandbox_sends_no_messages() -> None:
    with pytest.raises(BadWebhook):
        http.run(Sandbox().read_webhook(headers={}, body=b"{}", secret=SECRET))
