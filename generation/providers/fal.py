"""fal: the queue at queue.fal.run.

Contract: fal-js and fal_client 1.0.3 of August 2026. Two peculiarities: there is no failed status
(only the response of a completed request says whether it worked), and the URLs in the answer drop
the model's sub-path, so they are stored. Requests can't be listed, and the balance isn't reported.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from binascii import Error as NotBase64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from generation.providers import http_calls
from generation.providers.base import (
    BadWebhook,
    Cancellation,
    Failure,
    FailureKind,
    Pending,
    Provider,
    Ready,
    Started,
    Work,
)
from vidgo.kernel import http

log = structlog.get_logger(__name__)

HOSTS = frozenset({"queue.fal.run", "queue.falrun.com"})
FORMATS = {"png": "png", "jpg": "jpeg"}
# A result is fetched within seconds, so customers' files need not stay there longer.
LIFECYCLE = json.dumps({"expiration_duration_seconds": 3600})
MODERATED_TYPES = frozenset({"content_policy_violation"})
WEBHOOK_WINDOW_SECONDS = 300
KEYS_LIVE_SECONDS = 24 * 3600
KEYS_REFETCHED_SECONDS = 60


class Fal(Provider):
    """A reference is JSON: the request's id and its three URLs."""

    name = "fal"

    def __init__(self, *, key: str, base_url: str, jwks_url: str, concurrency: int) -> None:
        self.concurrency = concurrency
        self._base_url = base_url
        self._jwks_url = jwks_url
        self._headers = {"Authorization": f"Key {key}"}
        self._keys: list[Ed25519PublicKey] = []
        self._keys_at = float("-inf")

    async def start(self, work: Work) -> Started:
        """Start the work; raises `Failure`.

        A 5xx other than a gateway's timeout means that nothing was started: fal answers a queued
        request with its id, and charges only for what ran without a server error.
        """
        payload: dict[str, Any] = {
            "prompt": work.prompt,
            "seed": work.seed,
            "aspect_ratio": work.size,
            "output_format": FORMATS[work.output_format],
        }
        if work.image is not None:
            encoded = base64.b64encode(work.image.content).decode()
            payload["image_url"] = f"data:{work.image.mime};base64,{encoded}"
        url = f"{self._base_url}/{work.endpoint}"
        if work.webhook_url:
            url += "?" + urlencode({"fal_webhook": work.webhook_url})
        answer = await http_calls.start(
            url=url,
            payload=payload,
            headers={**self._headers, "X-Fal-Object-Lifecycle-Preference": LIFECYCLE},
        )
        request = answer.get("request_id")
        if not isinstance(request, str) or not request:
            raise http_calls.failure(FailureKind.OUTCOME_UNKNOWN, "start: an answer without an id")
        reference = {"request_id": request}
        for field in ("status_url", "response_url", "cancel_url"):
            if http_calls.is_vendors(answer.get(field), base_url=self._base_url, hosts=HOSTS):
                reference[field] = answer[field]
            else:
                log.warning("provider_url_refused", provider=self.name, field=field)
        return Started(upstream_ref=json.dumps(reference, separators=(",", ":")))

    async def poll(self, upstream_ref: str, work: Work) -> Pending | Ready:
        """Return the state of the request, and its result once completed; raises `Failure`."""
        reference = self._addresses(upstream_ref, endpoint=work.endpoint)
        response = await http_calls.look(
            url=f"{reference['status_url']}?logs=0", headers=self._headers
        )
        if response.status == 404:
            raise http_calls.failure(FailureKind.UNAVAILABLE, "poll: 404")
        answer = http_calls.get_json(response)
        match answer.get("status"):
            case "COMPLETED":
                return await self._collect(
                    reference["response_url"], failed=bool(answer.get("error"))
                )
            case "IN_QUEUE" | "IN_PROGRESS":
                return Pending()
            case str() as status:
                # A new status: polling on is safe, because the job has a deadline.
                log.warning("provider_status_unknown", provider=self.name, status=status[:40])
                return Pending()
        raise http_calls.unclear(response)

    async def _collect(self, url: str, *, failed: bool) -> Ready:
        """Return the result of a completed request; raises `Failure` if there is none."""
        response = await http_calls.look(url=url, headers=self._headers)
        answer = http_calls.find_json(response)
        if not response.ok:
            raise _failed(response, failed=failed)
        try:
            images = (answer or {})["images"]
            address, blanked = images[0]["url"], (answer or {}).get("has_nsfw_concepts") or []
        except (KeyError, IndexError, TypeError):
            raise http_calls.unclear(response) from None
        if not isinstance(address, str):
            raise http_calls.unclear(response)
        if isinstance(blanked, list) and blanked[:1] == [True]:
            # There is an image, but it is blank.
            raise http_calls.failure(FailureKind.MODERATED, "has_nsfw_concepts")
        seed = (answer or {}).get("seed")
        return Ready(url=address, seed=seed if isinstance(seed, int) else None)

    async def cancel(self, upstream_ref: str) -> Cancellation:
        """Cancel a queued request; a running one may finish and be charged. Raises `Failure`."""
        url = json.loads(upstream_ref).get("cancel_url")
        if not url:
            # The webhook brought this reference, and it has no URL for canceling.
            return Cancellation.IMPOSSIBLE
        response = await http_calls.look(url=url, method="PUT", headers=self._headers)
        match http_calls.get_json(response).get("status"):
            case "OK" | "CANCELLATION_REQUESTED":
                return Cancellation.CANCELED
            case "ALREADY_COMPLETED" | "NOT_FOUND":
                return Cancellation.TOO_LATE
        raise http_calls.unclear(response)

    async def read_webhook(self, *, headers: Mapping[str, str], body: bytes, secret: str) -> str:
        """Return the reference of the request in a webhook signed by fal; raises `BadWebhook`.

        The four headers and the Ed25519 signature are as fal documents them.
        """
        try:
            sent_at = int(headers["x-fal-webhook-timestamp"])
            parts = (
                headers["x-fal-webhook-request-id"],
                headers["x-fal-webhook-user-id"],
                headers["x-fal-webhook-timestamp"],
                hashlib.sha256(body).hexdigest(),
            )
            signature = bytes.fromhex(headers["x-fal-webhook-signature"])
        except (KeyError, ValueError):
            raise BadWebhook("The webhook is not signed.") from None
        if abs(time.time() - sent_at) > WEBHOOK_WINDOW_SECONDS:
            raise BadWebhook("The webhook is too old.")
        if not await self._is_signed("\n".join(parts).encode(), signature):
            raise BadWebhook("The signature is wrong.")
        try:
            request = json.loads(body)["request_id"]
        except (ValueError, KeyError, TypeError):
            raise BadWebhook("The webhook has no id.") from None
        if not isinstance(request, str) or not request:
            raise BadWebhook("The webhook has no id.")
        return json.dumps({"request_id": request}, separators=(",", ":"))

    async def _is_signed(self, message: bytes, signature: bytes) -> bool:
        """Return whether a known key signed the message; fetches keys if they may have changed."""
        if time.monotonic() - self._keys_at > KEYS_LIVE_SECONDS:
            await self._fetch_keys()
        if any(_verifies(key, message, signature) for key in self._keys):
            return True
        # Forged webhooks must not make us fetch the keys each time.
        if time.monotonic() - self._keys_at < KEYS_REFETCHED_SECONDS:
            return False
        await self._fetch_keys()
        return any(_verifies(key, message, signature) for key in self._keys)

    async def _fetch_keys(self) -> None:
        """Fetch the public keys; raises `BadWebhook` if that fails."""
        try:
            response = await http.call_json(url=self._jwks_url, method="GET")
            keys = [_key(entry) for entry in response.json()["keys"]]
        except (http.FetchError, KeyError, TypeError, ValueError) as error:
            raise BadWebhook("The signature cannot be checked now.") from error
        self._keys = keys
        self._keys_at = time.monotonic()

    def _addresses(self, upstream_ref: str, *, endpoint: str) -> dict[str, str]:
        """Return the URLs of a request; missing ones are built the way fal builds them."""
        reference = json.loads(upstream_ref)
        owner, _, name = endpoint.partition("/")
        request = quote(reference["request_id"], safe="")
        response_url = f"{self._base_url}/{owner}/{name.split('/')[0]}/requests/{request}"
        return {
            "response_url": response_url,
            "status_url": f"{response_url}/status",
            **reference,
        }


def _failed(response: http.Response, *, failed: bool) -> Failure:
    """Return the failure that a completed request without a result means."""
    detail = f"response: {response.status} {http_calls.reason_of(response)}".strip()
    error_type = response.headers.get("x-fal-error-type", "")
    types = {
        error_type,
        *(kind for _, kind in http_calls.validation_errors(http_calls.find_json(response) or {})),
    }
    if types & MODERATED_TYPES:
        return http_calls.failure(FailureKind.MODERATED, detail)
    if response.status in {400, 422}:
        return http_calls.failure(FailureKind.INVALID_INPUT, detail)
    if response.status < 500 or failed or error_type:
        return http_calls.failure(FailureKind.UNAVAILABLE, detail)
    # A gateway's error and not the model's: the result may still be there.
    return http_calls.unclear(response)


def _key(entry: Mapping[str, Any]) -> Ed25519PublicKey:
    try:
        encoded = entry["x"]
        return Ed25519PublicKey.from_public_bytes(
            base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        )
    except NotBase64 as error:
        raise ValueError("not a key") from error


def _verifies(key: Ed25519PublicKey, message: bytes, signature: bytes) -> bool:
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True
