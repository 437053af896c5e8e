"""Calls to vendors: an answer that can be used, or a `Failure` of the right kind.

A start is sent once and never repeated here. Which failures of it may have left work behind is
what the kinds are for: `OUTCOME_UNKNOWN` as soon as the request may have arrived and no proper
answer came back, anything else only when the vendor has surely taken nothing on.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any

from yarl import URL

from generation.providers.base import Failure, FailureKind
from vidgo.kernel import http
from vidgo.kernel.http.retry_after import parse_retry_after

# What the customer reads. Who makes the images, and what it says, is not theirs to know.
SENTENCES = {
    FailureKind.MODERATED: "The content was refused by moderation.",
    FailureKind.INVALID_INPUT: "The prompt or the input image was not accepted.",
    FailureKind.THROTTLED: "Too many images are being made right now.",
    FailureKind.UNAVAILABLE: "The image could not be made.",
    FailureKind.NO_CREDIT: "The image could not be made.",
    FailureKind.UNAUTHORIZED: "The image could not be made.",
    FailureKind.OUTCOME_UNKNOWN: "It is not known yet what became of the image.",
}
# An image of 20 MB would hold the event loop up.
LONG_PAYLOAD_CHARACTERS = 100_000
# The gateway gave up on a server that may have taken the work on (524 is Cloudflare's).
GAVE_UP_WAITING = frozenset({504, 524})
# What a customer is to blame for when a vendor validates; the rest of a request is our making.
CUSTOMERS_FIELDS = frozenset({"prompt", "input_image", "image_url", "seed"})

_RESETS_IN = re.compile(r"resets in ~?(\d+)\s*s", re.IGNORECASE)


def failure(kind: FailureKind, detail: str, *, retry_after_seconds: float | None = None) -> Failure:
    """Make a failure with the sentence for its kind and the operator's detail."""
    return Failure(
        kind, SENTENCES[kind], retry_after_seconds=retry_after_seconds, detail=detail[:300]
    )


async def start(
    *, url: str, payload: Mapping[str, Any], headers: Mapping[str, str]
) -> dict[str, Any]:
    """Send work to a vendor, once, and return the JSON object it answers; raises `Failure`."""
    body = await _encoded(payload)
    try:
        response = await http.fetch(
            url=url,
            policy=http.VENDOR,
            method="POST",
            headers={"Accept": "application/json", "Content-Type": "application/json", **headers},
            body=body,
        )
    except http.FetchError as error:
        kind = FailureKind.OUTCOME_UNKNOWN if error.sent else FailureKind.UNAVAILABLE
        raise failure(kind, f"start: {error.reason}") from error
    if not response.ok:
        raise refusal(response)
    answer = read(response)
    if answer is None:
        raise failure(FailureKind.OUTCOME_UNKNOWN, f"start: {response.status} without JSON")
    return answer


async def _encoded(payload: Mapping[str, Any]) -> bytes:
    """Return a payload as JSON; in a thread when it is long, as an image is."""
    nested = (value.values() if isinstance(value, dict) else [value] for value in payload.values())
    texts = [value for values in nested for value in values if isinstance(value, str)]
    if sum(map(len, texts)) > LONG_PAYLOAD_CHARACTERS:
        return await asyncio.to_thread(lambda: json.dumps(payload).encode())
    return json.dumps(payload).encode()


async def look(*, url: str, headers: Mapping[str, str], method: str = "GET") -> http.Response:
    """Ask a vendor about work it has and return the answer; raises `Failure`.

    Statuses that say nothing about the work itself are raised: `UNAUTHORIZED` for 401 and 403,
    `OUTCOME_UNKNOWN` for 429 and 5xx.
    """
    try:
        response = await http.call_json(url=url, method=method, headers=headers)
    except http.UrlRefused as error:
        raise failure(FailureKind.UNAVAILABLE, f"look: {error.reason}") from error
    except http.FetchError as error:
        raise failure(FailureKind.OUTCOME_UNKNOWN, f"look: {error.reason}") from error
    detail = f"look: {response.status}"
    if response.status in {401, 403}:
        raise failure(FailureKind.UNAUTHORIZED, detail)
    if response.status == 429:
        raise failure(
            FailureKind.OUTCOME_UNKNOWN, detail, retry_after_seconds=retry_after(response)
        )
    return response


def told(response: http.Response) -> dict[str, Any]:
    """Return the JSON object of an answer about work; raises `Failure` when there is none."""
    answer = read(response)
    if answer is None or response.status >= 500:
        raise unclear(response)
    return answer


def unclear(response: http.Response) -> Failure:
    """Make the failure of a question that was answered with nothing about the work."""
    return failure(FailureKind.OUTCOME_UNKNOWN, f"look: {response.status}, not understood")


def read(response: http.Response) -> dict[str, Any] | None:
    """Return the JSON object of an answer, None when it holds none."""
    try:
        answer = response.json()
    except http.BadAnswer:
        return None
    return answer if isinstance(answer, dict) else None


def refusal(response: http.Response) -> Failure:
    """Return what a vendor's refusal to start work means."""
    said = reason_of(response)
    detail = f"start: {response.status} {said}".strip()
    match response.status:
        case 400 | 413 | 422:
            kind = FailureKind.UNAVAILABLE if _is_our_making(response) else None
            return failure(kind or FailureKind.INVALID_INPUT, detail)
        case 401:
            return failure(FailureKind.UNAUTHORIZED, detail)
        case 402:
            return failure(FailureKind.NO_CREDIT, detail)
        case 403:
            # fal locks an account without money with a 403 that says so.
            empty = "balance" in said.lower()
            return failure(FailureKind.NO_CREDIT if empty else FailureKind.UNAUTHORIZED, detail)
        case 429:
            return failure(FailureKind.THROTTLED, detail, retry_after_seconds=retry_after(response))
        case status if status in GAVE_UP_WAITING:
            return failure(FailureKind.OUTCOME_UNKNOWN, detail)
    # Other 5xx: each adapter says why nothing is running then. A 404 or a redirect is a model that
    # was retired or a wrong base URL; the next provider may still serve.
    return failure(FailureKind.UNAVAILABLE, detail)


def reason_of(response: http.Response) -> str:
    """Return what an answer says went wrong, without the customer's words that it may repeat."""
    answer = read(response) or {}
    said = answer.get("detail") or answer.get("message") or answer.get("error") or ""
    if isinstance(said, list):
        return "; ".join(f"{'.'.join(where)}: {what}" for where, what in complaints(answer))
    return said[:200] if isinstance(said, str) else ""


def complaints(answer: Mapping[str, Any]) -> list[tuple[list[str], str]]:
    """Return the place and the type of each entry of a FastAPI `detail[]`."""
    entries = answer.get("detail")
    if not isinstance(entries, list):
        return []
    found = []
    for entry in entries:
        if isinstance(entry, dict):
            where = entry.get("loc")
            places = [str(part) for part in where] if isinstance(where, list) else []
            found.append((places, str(entry.get("type", ""))))
    return found


def _is_our_making(response: http.Response) -> bool:
    """Return whether a vendor complains of nothing but fields that no customer fills in."""
    places = [where for where, _ in complaints(read(response) or {})]
    return bool(places) and not any(
        not where or CUSTOMERS_FIELDS.intersection(where) for where in places
    )


def retry_after(response: http.Response) -> float | None:
    """Return how many seconds a vendor asks to wait, in whichever of their ways it says so."""
    if header := response.headers.get("retry-after"):
        return parse_retry_after(header)
    answer = read(response) or {}
    seconds = parse_retry_after(str(answer.get("retry_after")))
    if seconds is None and (resets := _RESETS_IN.search(str(answer.get("detail", "")))):
        seconds = parse_retry_after(resets[1])
    return seconds


def is_vendors(url: Any, *, base_url: str, hosts: frozenset[str]) -> bool:
    """Return whether an address that a vendor gave may be called with the operator's key.

    That is so on the configured base URL's own origin, and over https on the vendor's hosts; one
    with a leading dot stands for all hosts below it. Read with the parser of the client that will
    call it.
    """
    if not isinstance(url, str):
        return False
    try:
        found = URL(url)
        if found.origin() == URL(base_url).origin():
            return found.user is None
        host = (found.host or "").lower()
    except ValueError:
        return False
    named = any(host == name or (name[0] == "." and host.endswith(name)) for name in hosts)
    return named and found.scheme == "https" and found.port == 443 and found.user is None
