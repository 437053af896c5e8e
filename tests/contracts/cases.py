"""Cases: what the contract suite needs to know to run the same tests against each vendor."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from PIL import Image

from generation.providers.base import Image as GivenImage
from generation.providers.base import Pending, Provider, Ready, Started, Work
from generation.providers.bfl import BlackForestLabs
from generation.providers.fal import Fal
from generation.providers.replicate import Replicate
from sandbox.vendors import bfl, fal, replicate
from sandbox.vendors.pictures import PIXELS
from sandbox.vendors.server import Vendors
from sandbox.vendors.shop import Shop
from tests import factories
from vidgo.kernel import http

SECRET = "the secret of this attempt"


@dataclass(frozen=True)
class Case:
    """One vendor, its adapter, and how it signs webhooks."""

    name: str
    provider: Provider
    shop: Shop
    text: str
    edit: str
    sign: Callable[..., dict[str, str]]
    cancels: bool
    finds: bool

    def work(self, **changes: Any) -> Work:
        """Return text-to-image work for this vendor, with changes."""
        size = changes.get("size", "1:1")
        width, height = PIXELS[size]
        values = {
            "job_id": "task_1",
            "endpoint": self.edit if changes.get("image") else self.text,
            "prompt": "a red fox at dawn",
            "size": size,
            "width": width,
            "height": height,
            "output_format": "png",
            "seed": 7,
            "webhook_secret": SECRET,
            "asked_at": datetime.now(UTC),
        }
        return Work(**{**values, **changes})

    def start(self, work: Work) -> Started:
        """Start work."""
        return http.run(self.provider.start(work))

    def poll(self, started: Started | str, work: Work) -> Pending | Ready:
        """Poll once."""
        reference = started if isinstance(started, str) else started.upstream_ref
        return http.run(self.provider.poll(reference, work))

    def wait(self, started: Started, work: Work, *, seconds: float = 5) -> Ready:
        """Poll until it is ready; failures pass through."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = self.poll(started, work)
            if isinstance(answer, Ready):
                return answer
            time.sleep(0.01)
        raise AssertionError("it never became ready")

    def made(self, **changes: Any) -> tuple[Ready, bytes]:
        """Start work, wait for it and return the result with its image, downloaded if necessary."""
        work = self.work(**changes)
        ready = self.wait(self.start(work), work)
        if ready.content is not None:
            return ready, ready.content
        return ready, http.fetch_sync(url=ready.url, policy=http.VENDOR_RESULT).body

    def webhook(self, request_id: str) -> bytes:
        """Return the body of a webhook about finished work."""
        given = {"request_id" if self.name == "fal" else "id": request_id, "status": "OK"}
        return json.dumps(given).encode()

    def read_webhook(self, body: bytes, headers: dict[str, str], secret: str = SECRET) -> str:
        """Let the adapter read a webhook."""
        lower = {name.lower(): value for name, value in headers.items()}
        return http.run(self.provider.read_webhook(headers=lower, body=body, secret=secret))


def case_of(name: str, vendors: Vendors) -> Case:
    """Return the case of a vendor, with a new adapter."""
    shop, base_url = vendors.shops[name], f"{vendors.url}/{name}"
    match name:
        case "bfl":
            return Case(
                name=name,
                provider=BlackForestLabs(key=bfl.KEY, base_url=base_url, concurrency=24),
                shop=shop,
                text="flux-kontext-pro",
                edit="flux-kontext-max",
                sign=sign_as_bfl,
                cancels=False,
                finds=False,
            )
        case "fal":
            return Case(
                name=name,
                provider=Fal(
                    key=fal.KEY,
                    base_url=base_url,
                    jwks_url=f"{base_url}/.well-known/jwks.json",
                    concurrency=10,
                ),
                shop=shop,
                text="fal-ai/flux-pro/kontext/text-to-image",
                edit="fal-ai/flux-pro/kontext/max",
                sign=lambda body, at: fal.signature(body, request_id="r", timestamp=int(at)),
                cancels=True,
                finds=False,
            )
    return Case(
        name=name,
        provider=Replicate(token=replicate.KEY, base_url=base_url, concurrency=50),
        shop=shop,
        text="black-forest-labs/flux-kontext-pro",
        edit="black-forest-labs/flux-kontext-max",
        sign=lambda body, at: replicate.signature(body, message_id="msg_1", timestamp=int(at)),
        cancels=True,
        finds=True,
    )


def sign_as_bfl(body: bytes, at: float) -> dict[str, str]:
    """Return BFL's signature header; the timestamp is in the body."""
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {"X-BFL-Signature": f"sha256={digest}"}


def given_image(*, noisy: bool = False, url: str = "") -> GivenImage:
    """Return a customer's image; a noisy one is too large for a data URL."""
    if not noisy:
        return GivenImage(factories.png(), "image/png", url)
    out = io.BytesIO()
    Image.effect_noise((700, 500), 90).convert("RGB").save(out, "PNG")
    return GivenImage(out.getvalue(), "image/png", url)
