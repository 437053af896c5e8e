"""HTTP calls to vendors: a usable answer, or a `Failure` of the right kind.

A start is sent once and never repeated here. Its failure is `OUTCOME_UNKNOWN` if the request may
have arrived and no proper answer came back, and any other kind only if the vendor has certainly
started nothing.
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

# Messages to customers, who don't learn which vendor makes their images or what it answered.
MESSAGES = {
    FailureKind.MODERATED: "The content was refused by moderation.",
    FailureKind.INVALID_INPUT: "The prompt or the input image was not accepted.",
    FailureKind.THROTTLED: "Too many images are being made right now.",
    FailureKind.UNAVAILABLE: "The image could not be made.",
    FailureKind.NO_CREDIT: "The image could not be made.",
    FailureKind.UNAUTHORIZED: "The image could not be made.",
    FailureKind.OUTCOME_UNKNOWN: "The provider did not say whether it made the image.",
}
# Encoding an image of 20 MB would block the event loop.
LONG_PAYLOAD_CHARACTERS = 100_000
# A gateway timed out on a server that may have started the work (524 is Cloudflare's).
GAVE_UP_WAITING = frozenset({504, 524})
# The fields of a request that come from the customer; errors in others are our fault.
CUSTOMERS_FIELDS = frozenset({"prompt", "input_image", "image_url", "seed"})

_RESETS_IN = re.compile(r"resets in ~?(\d+)\s*s", re.IGNORECASE)


def failure(kind: FailureKind, detail: str, *, retry_after_seconds: float | None = None) -> Failure:
    """Return a failure with the message of its kind and a detail for the operator."""
    return Failure(
        kind, MESSAGES[kind], retry_after_seconds=retry_after_seconds, detail=detail[:300]
    )


async def start(
    *, url: str, payload: Mapping[str, Any], headers: Mapping[str, str]
) -> dict[str, Any]:
    """Send work to a vendor, once, and return the JSON object in its answer; raises `Failure`."""
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
    answer = find_json(response)
    if answer is None:
        raise failure(FailureKind.OUTCOME_UNKNOWN, f"start: {response.status} without JSON")
    return answer


async def _encoded(payload: Mapping[str, Any]) -> bytes:
    """Return a payload as JSON, encoded in a thread if it is long."""
    nested = (value.values() if isinstance(value, dict) else [value] for value in payload.values())
    texts = [value for values in nested for value in values if isinstance(value, str)]
    if sum(map(len, texts)) > LONG_PAYLOAD_CHARACTERS:
        return await asyncio.to_thread(lambda: json.dumps(payload).encode())
    return json.dumps(payload).encode()


async def look(*, url: str, headers: Mapping[str, str], method: str = "GET") -> http.Response:
    """Ask a vendor about started work and return the response; raises `Failure`.

    Raises for statuses that say nothing about the work: `UNAUTHORIZED` for 401 and 403,
    `OUTCOME_UNKNOWN` for 429.
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


def get_json(response: http.Response) -> dict[str, Any]:
    """Return the JSON object in an answer about work; raises `Failure` if there is none."""
    answer = find_json(response)
    if answer is None or response.status >= 500:
        raise unclear(response)
    return answer


def unclear(response: http.Response) -> Failure:
    """Return the failure of a call whose answer says nothing about the work."""
    return failure(FailureKind.OUTCOME_UNKNOWN, f"look: {response.status}, not understood")


def find_json(response: http.Response) -> dict[str, Any] | None:
    """Return the JSON object in an answer, None if there is none."""
    try:
        answer = response.json()
    except http.BadAnswer:
        return None
    return answer if isinstance(answer, dict) else None


def refusal(response: http.Response) -> Failure:
    """Return the failure that a vendor's refusal to start work means."""
    reason = reason_of(response)
    detail = f"start: {response.status} {reason}".strip()
    match response.status:
        case 400 | 413 | 422:
            ours = _is_our_fault(response)
            return failure(FailureKind.UNAVAILABLE if ours else FailureKind.INVALID_INPUT, detail)
        case 401:
            return failure(FailureKind.UNAUTHORIZED, detail)
        case 402:
            return failure(FailureKind.NO_CREDIT, detail)
        case 403:
            # fal locks an account without credit with a 403 that says so.
            empty = "balance" in reason.lower()
            return failure(FailureKind.NO_CREDIT if empty else FailureKind.UNAUTHORIZED, detail)
        case 429:
            return failure(FailureKind.THROTTLED, detail, retry_after_seconds=retry_after(response))
        case status if status in GAVE_UP_WAITING:
            return failure(FailureKind.OUTCOME_UNKNOWN, detail)
    # Other 5xx: each adapter explains why nothing was started then. A 404 or a redirect means a
    # retired model or a wrong base URL; the next provider may still work.
    return failure(FailureKind.UNAVAILABLE, detail)


def reason_of(response: http.Response) -> str:
    """Return the reason an answer gives, without customer text that it may quote."""
    answer = find_json(response) or {}
    reason = answer.get("detail") or answer.get("message") or answer.get("error") or ""
    if isinstance(reason, list):
        return "; ".join(f"{'.'.join(place)}: {kind}" for place, kind in validation_errors(answer))
    return reason[:200] if isinstance(reason, str) else ""


def validation_errors(answer: Mapping[str, Any]) -> list[tuple[list[str], str]]:
    """Return the place and the type of each entry in a FastAPI `detail[]`."""
    entries = answer.get("detail")
    if not isinstance(entries, list):
        return []
    found = []
    for entry in entries:
        if isinstance(entry, dict):
            loc = entry.get("loc")
            place = [str(part) for part in loc] if isinstance(loc, list) else []
            found.append((place, str(entry.get("type", ""))))
    return found


def _is_our_fault(response: http.Response) -> bool:
    """Return whether a vendor rejects only fields that no customer fills in."""
    places = [place for place, _ in validation_errors(find_json(response) or {})]
    return bool(places) and not any(
        not place or CUSTOMERS_FIELDS.intersection(place) for place in places
    )


def retry_after(response: http.Response) -> float | None:
    """Return how many seconds a vendor asks us to wait, in any of the vendors' formats."""
    if header := response.headers.get("retry-after"):
        return parse_retry_after(header)
    answer = find_json(response) or {}
    seconds = parse_retry_after(str(answer.get("retry_after")))
    if seconds is None and (resets := _RESETS_IN.search(str(answer.get("detail", "")))):
        seconds = parse_retry_after(resets[1])
    return seconds


def is_vendors(url: Any, *, base_url: str, hosts: frozenset[str]) -> bool:
    """Return whether a URL from a vendor's answer may be called with our key.

    It may if it has the base URL's origin, or is https on one of the vendor's `hosts`, where a
    leading dot includes all subdomains. Parsed by the HTTP client's own parser.
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
