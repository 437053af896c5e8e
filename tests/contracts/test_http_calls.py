"""Refusals: what vendors' errors and Retry-After values mean, in all their formats."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from generation.providers import http_calls
from generation.providers.base import FailureKind
from vidgo.kernel.http import Response


def response(status: int, body: Any = None, **headers: str) -> Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(
        status=status, headers=given, body=content, url="", elapsed_ms=1, address="127.0.0.1"
    )


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry_after": "12"}, {}, 12),
        ({"retry_after": "0.5"}, {}, 0.5),
        ({"retry_after": "soon"}, {"retry_after": 3}, None),
        ({"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}, {}, 0),
        ({}, {"retry_after": 3}, 3),
        ({}, {"retry_after": True}, None),
        ({}, {"retry_after": -3}, None),
        ({}, {"retry_after": float("inf")}, None),
        ({}, {"retry_after": 10**30}, 86_400),
        ({}, {"detail": "Request was throttled. Your rate limit resets in ~30s."}, 30),
        ({}, {"detail": "no"}, None),
        ({}, b"<html>", None),
        ({}, [], None),
    ],
)
def test_retry_after_is_parsed(headers: dict[str, str], body: Any, seconds: float | None) -> None:
    assert http_calls.retry_after(response(429, body, **headers)) == seconds


def test_retry_after_may_be_a_date() -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    seconds = http_calls.retry_after(response(429, {}, retry_after=moment))
    assert seconds is not None
    assert 38 <= seconds <= 40


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {}, FailureKind.INVALID_INPUT),
        (413, b"", FailureKind.INVALID_INPUT),
        (422, {"detail": "no"}, FailureKind.INVALID_INPUT),
        (422, {"detail": [{"loc": ["body", "prompt"]}]}, FailureKind.INVALID_INPUT),
        (422, {"detail": [{"loc": []}]}, FailureKind.INVALID_INPUT),
        (422, {"detail": [{"loc": 1}, 2]}, FailureKind.INVALID_INPUT),
        # Not the customer's fields: our request is at fault, and another provider may work.
        (422, {"detail": [{"loc": ["body", "aspect_ratio"]}]}, FailureKind.UNAVAILABLE),
        (401, {}, FailureKind.UNAUTHORIZED),
        (402, {}, FailureKind.NO_CREDIT),
        (403, {"detail": "Forbidden"}, FailureKind.UNAUTHORIZED),
        (403, {"detail": "User is locked. Reason: Exhausted balance."}, FailureKind.NO_CREDIT),
        (404, {}, FailureKind.UNAVAILABLE),
        (301, b"", FailureKind.UNAVAILABLE),
        (429, {}, FailureKind.THROTTLED),
        (500, {}, FailureKind.UNAVAILABLE),
        (502, b"", FailureKind.UNAVAILABLE),
        (503, {}, FailureKind.UNAVAILABLE),
        (504, {}, FailureKind.OUTCOME_UNKNOWN),
        (524, b"", FailureKind.OUTCOME_UNKNOWN),
    ],
)
def test_a_refusal_is_of_the_right_kind(status: int, body: Any, kind: FailureKind) -> None:
    failure = http_calls.refusal(response(status, body))
    assert failure.kind is kind
    assert failure.message == http_calls.MESSAGES[kind]
    assert str(status) in failure.detail


def test_the_operators_detail_contains_no_customer_text() -> None:
    body = {"detail": [{"loc": ["body", "prompt"], "type": "too_long", "input": "my secret"}]}
    failure = http_calls.refusal(response(422, body))
    assert failure.detail == "start: 422 body.prompt: too_long"
    assert "my secret" not in str(failure)
    assert len(http_calls.refusal(response(500, {"message": "x" * 5000})).detail) < 300


@pytest.mark.parametrize("url", [None, 7, "", "x", "https://", "//queue.fal.run/x", "http://[::1"])
def test_an_invalid_url_is_not_the_vendors(url: Any) -> None:
    hosts = frozenset({"queue.fal.run"})
    assert not http_calls.is_vendors(url, base_url="https://queue.fal.run", hosts=hosts)


def test_a_url_is_the_vendors_by_its_host_alone() -> None:
    def ours(url: str) -> bool:
        hosts = frozenset({".bfl.ai"})
        return http_calls.is_vendors(url, base_url="http://127.0.0.1:9100/bfl", hosts=hosts)

    assert ours("https://api.us1.bfl.ai/v1/get_result?id=1")
    assert ours("https://API.BFL.AI/x")
    assert ours("http://127.0.0.1:9100/elsewhere")
    assert not ours("http://127.0.0.1:9101/bfl")
    assert not ours("http://u@127.0.0.1:9100/bfl")
    assert not ours("https://bfl.ai.example/x")
    assert not ours("https://user@api.bfl.ai/x")
    assert not ours("https://example.com\\.bfl.ai/x")
    assert not ours("https://api.bfl.ai:444/x")
