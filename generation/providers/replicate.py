"""Replicate: official models, run as predictions.

Contract: Replicate's OpenAPI document 1.0.0-a1 of April 2026 and replicate-python 1.0.7. It is the
one vendor that lists predictions, so a start whose answer was lost can be found again. The balance
isn't reported.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import structlog
from django.utils import timezone
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook, WebhookVerificationError

from generation.providers import http_calls
from generation.providers.base import (
    BadWebhook,
    Cancellation,
    Failure,
    FailureKind,
    Image,
    Pending,
    Provider,
    Ready,
    Started,
    Work,
)
from vidgo.kernel import http

log = structlog.get_logger(__name__)

HOSTS = frozenset({"api.replicate.com", "replicate.delivery", ".replicate.delivery"})
FORMATS = {"png": "png", "jpg": "jpg"}
# Larger images have to be passed as a URL.
DATA_URL_MAX_CHARACTERS = 256_000
MODERATED_WORDS = ("e005", "flagged as sensitive", "nsfw")
# Allows for clock skew; more would find the predictions of earlier attempts.
CLOCK_SECONDS = 5
# Replicate forgets inputs after an hour.
FINDABLE_SECONDS = 3600
# A page holds 100 predictions.
FIND_PAGES = 20
SECRET_LIVES_SECONDS = 24 * 3600
SECRET_REFETCHED_SECONDS = 60
# What `Webhook` raises for a secret that is empty, not base64 or not a string.
NO_SECRET = (EmptyWebhookSecretError, ValueError, RuntimeError)


class Replicate(Provider):
    """The API at api.replicate.com. A reference is the prediction's id."""

    name = "replicate"
    can_find = True

    def __init__(self, *, token: str, base_url: str, concurrency: int) -> None:
        self.concurrency = concurrency
        self._base_url = base_url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._webhook: Webhook
        self._webhook_at = float("-inf")

    async def start(self, work: Work) -> Started:
        """Start the work; raises `Failure`.

        After a 5xx there is most likely no prediction (a created one is answered with 201), and a
        failed one costs nothing.
        """
        payload: dict[str, Any] = {"input": _input(work)}
        if work.webhook_url:
            payload |= {"webhook": work.webhook_url, "webhook_events_filter": ["completed"]}
        answer = await http_calls.start(
            url=f"{self._base_url}/v1/models/{work.endpoint}/predictions",
            payload=payload,
            headers=self._headers,
        )
        prediction = answer.get("id")
        if not isinstance(prediction, str) or not prediction:
            raise http_calls.failure(FailureKind.OUTCOME_UNKNOWN, "start: an answer without an id")
        return Started(upstream_ref=prediction)

    async def find(self, work: Work) -> Started | None:
        """Return the newest prediction with exactly this input; raises `Failure`.

        The whole input must match, including the image: with prompt and seed alone, one customer
        could get an edit of another customer's image.
        """
        wanted = _input(work)
        hour_ago = timezone.now() - timedelta(seconds=FINDABLE_SECONDS)
        since = max((work.asked_at or hour_ago) - timedelta(seconds=CLOCK_SECONDS), hour_ago)
        url = f"{self._base_url}/v1/predictions"
        for _ in range(FIND_PAGES):
            response = await http_calls.look(url=url, headers=self._headers)
            page = http_calls.get_json(response)
            predictions = page.get("results")
            if not isinstance(predictions, list):
                raise http_calls.unclear(response)
            for prediction in predictions:
                created_at = _created_at(prediction)
                if created_at is None:
                    continue
                if created_at < since:
                    return None
                if prediction.get("model") == work.endpoint and prediction.get("input") == wanted:
                    return Started(upstream_ref=str(prediction["id"]))
            url = page.get("next") or ""
            if not http_calls.is_vendors(url, base_url=self._base_url, hosts=HOSTS):
                return None
        return None

    async def poll(self, upstream_ref: str, work: Work) -> Pending | Ready:
        """Return the state of the prediction; raises `Failure`."""
        response = await http_calls.look(url=self._url(upstream_ref), headers=self._headers)
        if response.status == 404:
            raise http_calls.failure(FailureKind.UNAVAILABLE, "poll: 404")
        prediction = http_calls.get_json(response)
        match prediction.get("status"):
            case "succeeded":
                return await self._collect(prediction)
            case "starting" | "processing":
                return Pending()
            case "failed":
                raise _failed(prediction.get("error"))
            case "canceled" | "aborted" as status:
                # `aborted`: its deadline passed before it started.
                raise http_calls.failure(FailureKind.UNAVAILABLE, f"poll: {status}")
            case str() as status:
                # A new status: polling on is safe, because the job has a deadline.
                log.warning("provider_status_unknown", provider=self.name, status=status[:40])
                return Pending()
        raise http_calls.unclear(response)

    async def _collect(self, prediction: Mapping[str, Any]) -> Ready:
        """Return the image; raises `Failure`.

        It is fetched here, because Replicate's file URLs may require the token.
        """
        output = prediction.get("output")
        url = output[0] if isinstance(output, list) and output else output
        if not isinstance(url, str):
            raise http_calls.failure(
                FailureKind.UNAVAILABLE, "poll: succeeded, but the output is gone"
            )
        given = prediction.get("input")
        seed = given.get("seed") if isinstance(given, dict) else None
        seed = seed if isinstance(seed, int) else None
        if not http_calls.is_vendors(url, base_url=self._base_url, hosts=HOSTS):
            return Ready(url=url, seed=seed)
        try:
            response = await http.fetch(url=url, policy=http.VENDOR_RESULT, headers=self._headers)
        except (http.UrlRefused, http.TooLarge, http.TooManyRedirects) as error:
            raise http_calls.failure(FailureKind.UNAVAILABLE, f"output: {error.reason}") from error
        except http.FetchError as error:
            raise http_calls.failure(
                FailureKind.OUTCOME_UNKNOWN, f"output: {error.reason}"
            ) from error
        if response.status >= 500 or response.status == 429:
            raise http_calls.unclear(response)
        if response.status != 200:
            raise http_calls.failure(FailureKind.UNAVAILABLE, f"output: {response.status}")
        return Ready(content=response.body, seed=seed)

    async def cancel(self, upstream_ref: str) -> Cancellation:
        """Cancel the prediction; raises `Failure`."""
        response = await http_calls.look(
            url=f"{self._url(upstream_ref)}/cancel", method="POST", headers=self._headers
        )
        if response.status == 404:
            return Cancellation.TOO_LATE
        match http_calls.get_json(response).get("status"):
            case "succeeded":
                return Cancellation.TOO_LATE
            case "starting" | "processing" | "canceled" | "aborted" | "failed":
                return Cancellation.CANCELED
        raise http_calls.unclear(response)

    async def read_webhook(self, *, headers: Mapping[str, str], body: bytes, secret: str) -> str:
        """Return the id of the prediction in a webhook signed by Replicate; raises `BadWebhook`.

        Signed as Standard Webhooks specifies, with one secret for the account.
        """
        if time.monotonic() - self._webhook_at > SECRET_LIVES_SECONDS:
            await self._fetch_secret()
        try:
            message = self._verified(headers, body)
        except BadWebhook:
            # Forged webhooks must not make us fetch the secret each time.
            if time.monotonic() - self._webhook_at < SECRET_REFETCHED_SECONDS:
                raise
            await self._fetch_secret()
            message = self._verified(headers, body)
        prediction = message.get("id") if isinstance(message, dict) else None
        if not isinstance(prediction, str) or not prediction:
            raise BadWebhook("The webhook has no id.")
        return prediction

    def _verified(self, headers: Mapping[str, str], body: bytes) -> Any:
        """Return the content of a webhook that is signed and at most five minutes old."""
        try:
            return self._webhook.verify(body, dict(headers))
        except (WebhookVerificationError, ValueError):
            # ValueError: a header is malformed, or the body is not JSON.
            raise BadWebhook("The webhook is not signed, or too old.") from None

    async def _fetch_secret(self) -> None:
        """Fetch the account's signing secret; raises `BadWebhook` if that fails."""
        try:
            response = await http.call_json(
                url=f"{self._base_url}/v1/webhooks/default/secret",
                method="GET",
                headers=self._headers,
            )
            self._webhook = Webhook(response.json()["key"])
        except (http.FetchError, LookupError, TypeError, *NO_SECRET) as error:
            raise BadWebhook("The signature cannot be checked now.") from error
        self._webhook_at = time.monotonic()

    def _url(self, prediction: str) -> str:
        """Return a prediction's URL; the one in Replicate's answer is the same."""
        return f"{self._base_url}/v1/predictions/{quote(prediction, safe='')}"


def _input(work: Work) -> dict[str, Any]:
    given: dict[str, Any] = {
        "prompt": work.prompt,
        "seed": work.seed,
        "aspect_ratio": work.size,
        "output_format": FORMATS[work.output_format],
    }
    if work.image is not None:
        given["input_image"] = _url_of(work.image)
    return given


def _url_of(image: Image) -> str:
    prefix = f"data:{image.mime};base64,"
    if len(prefix) + -(-len(image.content) // 3) * 4 > DATA_URL_MAX_CHARACTERS:
        return image.url
    return prefix + base64.b64encode(image.content).decode()


def _created_at(prediction: Any) -> datetime | None:
    try:
        created_at = datetime.fromisoformat(prediction["created_at"])
    except (KeyError, TypeError, ValueError):
        return None
    return created_at if created_at.tzinfo else None


def _failed(error: Any) -> Failure:
    reason = str(error or "")[:200]
    moderated = any(word in reason.lower() for word in MODERATED_WORDS)
    kind = FailureKind.MODERATED if moderated else FailureKind.UNAVAILABLE
    return http_calls.failure(kind, f"poll: failed: {reason}")
