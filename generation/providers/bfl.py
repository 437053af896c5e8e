"""Black Forest Labs: the FLUX models from their maker.

Contract: BFL's OpenAPI document of 29 April 2026; the webhook signature as its prose describes it.
One schema serves text-to-image and edits: `input_image` makes the difference. Tasks can be neither
canceled nor listed, so only the webhook brings back a task whose id was lost.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

import structlog

from generation.providers import http_calls
from generation.providers.base import (
    BadWebhook,
    Balance,
    FailureKind,
    Pending,
    Provider,
    Ready,
    Started,
    Work,
)

log = structlog.get_logger(__name__)

# A task is polled in the region where it runs, which may differ from the one it was sent to.
HOSTS = frozenset({".bfl.ai"})
FORMATS = {"png": "png", "jpg": "jpeg"}
# A new task may not be known in every region yet.
UNKNOWN_AT_FIRST_SECONDS = 60
USD_PER_CREDIT = Decimal("0.01")
WEBHOOK_WINDOW_SECONDS = 300


class BlackForestLabs(Provider):
    """The API at api.bfl.ai. A reference is JSON: the id, the polling URL and the time."""

    name = "bfl"

    def __init__(self, *, key: str, base_url: str, concurrency: int) -> None:
        self.concurrency = concurrency
        self._base_url = base_url
        self._headers = {"x-key": key}

    async def start(self, work: Work) -> Started:
        """Start the work; raises `Failure`.

        A 5xx other than a gateway's timeout means that nothing was started: BFL answers a task it
        accepts with its id, and charges only for results.
        """
        payload: dict[str, Any] = {
            "prompt": work.prompt,
            "seed": work.seed,
            # Any ratio from 21:9 to 9:21; without it, an edit keeps the ratio of its input.
            "aspect_ratio": work.size,
            "output_format": FORMATS[work.output_format],
        }
        if work.image is not None:
            payload["input_image"] = base64.b64encode(work.image.content).decode()
        if work.webhook_url:
            payload |= {"webhook_url": work.webhook_url, "webhook_secret": work.webhook_secret}
        answer = await http_calls.start(
            url=f"{self._base_url}/v1/{work.endpoint}", payload=payload, headers=self._headers
        )
        task = answer.get("id")
        if not isinstance(task, str) or not task:
            raise http_calls.failure(FailureKind.OUTCOME_UNKNOWN, "start: an answer without an id")
        return Started(
            upstream_ref=self._reference(task, polling_url=answer.get("polling_url")),
            cost_usd=_usd(answer.get("cost")),
        )

    async def poll(self, upstream_ref: str, work: Work) -> Pending | Ready:
        """Return the state of the task; raises `Failure`."""
        reference = json.loads(upstream_ref)
        url = reference.get("polling_url") or (
            f"{self._base_url}/v1/get_result?id={quote(reference['id'], safe='')}"
        )
        answer = http_calls.get_json(await http_calls.look(url=url, headers=self._headers))
        match answer.get("status"):
            case "Ready":
                return _ready(answer.get("result"))
            case "Pending":
                return Pending(progress=_percent(answer.get("progress")))
            case "Request Moderated" | "Content Moderated" as status:
                raise http_calls.failure(FailureKind.MODERATED, status)
            case "Error":
                raise http_calls.failure(FailureKind.UNAVAILABLE, "poll: Error")
            case "Task not found":
                if time.time() - reference["at"] > UNKNOWN_AT_FIRST_SECONDS:
                    raise http_calls.failure(FailureKind.UNAVAILABLE, "poll: Task not found")
                return Pending()
            case str() as status:
                # A new status: polling on is safe, because the job has a deadline.
                log.warning("provider_status_unknown", provider=self.name, status=status[:40])
                return Pending()
        raise http_calls.failure(FailureKind.OUTCOME_UNKNOWN, "poll: an answer without a status")

    async def balance(self) -> Balance | None:
        """Return the account's credits; raises `Failure`."""
        response = await http_calls.look(url=f"{self._base_url}/v1/credits", headers=self._headers)
        amount = _decimal(http_calls.get_json(response).get("credits"))
        if amount is None:
            raise http_calls.unclear(response)
        return Balance(amount=amount, unit="credits")

    async def read_webhook(self, *, headers: Mapping[str, str], body: bytes, secret: str) -> str:
        """Return the reference of the task in a webhook signed with our secret.

        Raises `BadWebhook`.
        """
        signed = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        given = headers.get("x-bfl-signature", "")
        if not secret or not hmac.compare_digest(signed.encode(), given.encode()):
            raise BadWebhook("The signature is wrong.")
        try:
            message = json.loads(body)
            task, sent_at = message["id"], message.get("timestamp")
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BadWebhook("The webhook has no id.") from None
        if not isinstance(task, str) or not task:
            raise BadWebhook("The webhook has no id.")
        moment = _moment(sent_at)
        if moment is not None and abs(time.time() - moment) > WEBHOOK_WINDOW_SECONDS:
            raise BadWebhook("The webhook is too old.")
        return self._reference(task, polling_url=None)

    def _reference(self, task: str, *, polling_url: Any) -> str:
        """Return the reference of a task; a polling URL that is not BFL's is left out.

        An answer to a start with a webhook has none; then the base URL is polled.
        """
        reference: dict[str, Any] = {"id": task, "at": int(time.time())}
        if http_calls.is_vendors(polling_url, base_url=self._base_url, hosts=HOSTS):
            reference["polling_url"] = polling_url
        elif polling_url:
            log.warning("provider_url_refused", provider=self.name, field="polling_url")
        return json.dumps(reference, separators=(",", ":"))


def _ready(result: Any) -> Ready:
    if not isinstance(result, dict) or not isinstance(result.get("sample"), str):
        raise http_calls.failure(FailureKind.UNAVAILABLE, "poll: Ready without a sample")
    seed = result.get("seed")
    return Ready(url=result["sample"], seed=seed if isinstance(seed, int) else None)


def _percent(progress: Any) -> int | None:
    """Return a progress from 0 to 1 as a percentage."""
    if not isinstance(progress, int | float) or isinstance(progress, bool):
        return None
    return min(max(int(progress * 100), 0), 99)


def _usd(credits: Any) -> Decimal | None:
    amount = _decimal(credits)
    return None if amount is None else amount * USD_PER_CREDIT


def _decimal(number: Any) -> Decimal | None:
    if not isinstance(number, int | float) or isinstance(number, bool):
        return None
    try:
        amount = Decimal(str(number))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def _moment(value: Any) -> float | None:
    """Return a time in any format as Unix seconds, None if it can't be parsed."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
