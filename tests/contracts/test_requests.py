"""Exactly what is sent to each vendor: a change here changes how we use a vendor's contract."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from sandbox.vendors.server import Vendors
from tests.contracts.cases import SECRET, Case, case_of, given_image
from vidgo.kernel import http

WEBHOOK = "https://vidgo.example/webhooks/providers/x/token"
# Headers that the HTTP client sets on every request.
OWN = {"host", "user-agent", "accept-encoding", "content-length", "connection"}


def sent(vendor: Case) -> list[tuple[str, str, dict[str, str], dict[str, str], Any]]:
    """Return the requests a vendor has recorded."""
    return [
        (
            each["method"],
            each["path"],
            each["query"],
            {
                name: value
                for name, value in each["headers"].items()
                # aiohttp sets a content type even for an empty body.
                if name not in OWN and (each["body"] or name != "content-type")
            },
            each["body"],
        )
        for each in vendor.shop.requests
    ]


def record(name: str, vendors: Vendors) -> Case:
    vendor = case_of(name, vendors)
    vendor.shop.records = True
    return vendor


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def test_requests_to_black_forest_labs(vendors: Vendors) -> None:
    vendor = record("bfl", vendors)
    image = given_image()
    work = vendor.work(image=image, size="16:21", output_format="jpg", webhook_url=WEBHOOK)
    vendor.shop.set({"webhooks": False})
    vendor.wait(vendor.start(work), work)
    (piece,) = vendor.shop.pieces.values()
    http.run(vendor.provider.balance())
    start, *polls, credits = sent(vendor)
    own = {"x-key": "bfl_local", "accept": "application/json"}
    assert start == (
        "POST",
        "/v1/flux-kontext-max",
        {},
        {**own, "content-type": "application/json"},
        {
            "prompt": "a red fox at dawn",
            "seed": 7,
            "aspect_ratio": "16:21",
            "output_format": "jpeg",
            "input_image": encoded(image.content),
            "webhook_url": WEBHOOK,
            "webhook_secret": SECRET,
        },
    )
    assert polls
    assert all(poll == ("GET", "/v1/get_result", {"id": piece.id}, own, None) for poll in polls)
    assert credits == ("GET", "/v1/credits", {}, own, None)


def test_requests_to_fal(vendors: Vendors) -> None:
    vendor = record("fal", vendors)
    image = given_image()
    work = vendor.work(image=image, size="3:4", output_format="jpg", webhook_url=WEBHOOK)
    vendor.shop.set({"webhooks": False})
    started = vendor.start(work)
    vendor.wait(started, work)
    http.run(vendor.provider.cancel(started.upstream_ref))
    (piece,) = vendor.shop.pieces.values()
    start, *polls, collected, cancel = sent(vendor)
    own = {"authorization": "Key fal-local:secret", "accept": "application/json"}
    at = f"/fal-ai/flux-pro/requests/{piece.id}"
    assert start == (
        "POST",
        "/fal-ai/flux-pro/kontext/max",
        {"fal_webhook": WEBHOOK},
        {
            **own,
            "content-type": "application/json",
            "x-fal-object-lifecycle-preference": '{"expiration_duration_seconds": 3600}',
        },
        {
            "prompt": "a red fox at dawn",
            "seed": 7,
            "aspect_ratio": "3:4",
            "output_format": "jpeg",
            "image_url": f"data:image/png;base64,{encoded(image.content)}",
        },
    )
    assert polls
    assert all(poll == ("GET", f"{at}/status", {"logs": "0"}, own, None) for poll in polls)
    assert collected == ("GET", at, {}, own, None)
    assert cancel == ("PUT", f"{at}/cancel", {}, own, None)


def test_requests_to_replicate(vendors: Vendors) -> None:
    vendor = record("replicate", vendors)
    image = given_image()
    work = vendor.work(image=image, size="3:4", output_format="jpg", webhook_url=WEBHOOK)
    vendor.shop.set({"webhooks": False})
    started = vendor.start(work)
    vendor.wait(started, work)
    http.run(vendor.provider.find(work))
    http.run(vendor.provider.cancel(started.upstream_ref))
    (piece,) = vendor.shop.pieces.values()
    start, *polls, output, listed, cancel = sent(vendor)
    own = {"authorization": "Bearer r8_local", "accept": "application/json"}
    at = f"/v1/predictions/{piece.id}"
    assert start == (
        "POST",
        "/v1/models/black-forest-labs/flux-kontext-max/predictions",
        {},
        {**own, "content-type": "application/json"},
        {
            "input": {
                "prompt": "a red fox at dawn",
                "seed": 7,
                "aspect_ratio": "3:4",
                "output_format": "jpg",
                "input_image": f"data:image/png;base64,{encoded(image.content)}",
            },
            "webhook": WEBHOOK,
            "webhook_events_filter": ["completed"],
        },
    )
    assert polls
    assert all(poll == ("GET", at, {}, own, None) for poll in polls)
    assert output == ("GET", f"/results/{piece.id}.jpg", {}, {**own, "accept": "*/*"}, None)
    assert listed == ("GET", "/v1/predictions", {}, own, None)
    assert cancel == ("POST", f"{at}/cancel", {}, own, None)


def test_text_to_image_sends_neither_an_image_nor_a_webhook_url(vendor: Case) -> None:
    vendor.shop.records = True
    vendor.start(vendor.work())
    ((_, _, query, _, body),) = sent(vendor)
    assert query == {}
    given = body["input"] if vendor.name == "replicate" else body
    assert given == {
        "prompt": "a red fox at dawn",
        "seed": 7,
        "aspect_ratio": "1:1",
        "output_format": "png",
    }
    assert body is given or set(body) == {"input"}


def test_replicate_fetches_an_image_that_is_too_large_to_send(vendors: Vendors) -> None:
    vendor = record("replicate", vendors)
    # The local vendor fetches any image on this machine.
    source = vendor.shop.take(endpoint=vendor.text, given={"prompt": "x"}, size="1:1", format="png")
    fal = vendors.shops["fal"]
    fal.pieces[source.id] = source
    source.ready_at = 0.0
    fal.set({"result_lives_seconds": 1e12})
    large = given_image(noisy=True, url=fal.result_url(source))
    assert len(large.content) > 256_000
    vendor.made(image=large)
    assert sent(vendor)[0][-1]["input"]["input_image"] == large.url
    vendor.shop.requests.clear()
    with pytest.raises(Exception, match="unavailable"):
        vendor.made(image=given_image(noisy=True, url=f"{vendors.url}/nothing.png"))
