"""The wire format: form bodies with brackets in; JSON and Stripe's headers out."""

import json
import re
import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from sandbox.stripe.errors import BadParameter, Refusal
from vidgo.kernel.db import ids

API_VERSION = "2026-10-28.endive"
MAX_FIELDS = 2000

Data = dict[str, Any]

_KEY = re.compile(r"(?P<name>[^\[\]]+)(?P<rest>(?:\[[^\[\]]*\])*)")


@dataclass(frozen=True, kw_only=True)
class Call:
    """The current API request; events contain its id and key."""

    id: str
    idempotency_key: str | None
    base_url: str


CALL: ContextVar[Call | None] = ContextVar("stripe_simulator_call", default=None)


def now() -> int:
    """Return the time in seconds since 1970, Stripe's format."""
    return int(time.time())


def new_id(prefix: str, length: int = 24) -> str:
    """Return a new id in Stripe's format, `cus_4fdAW5ftNQow1a…`."""
    return f"{prefix}_{ids.random_base62(length)}"


def base_url(request: HttpRequest) -> str:
    """Return the base URL of the simulator's pages, for links opened in a browser."""
    origin = getattr(settings, "STRIPE_SIMULATOR_PUBLIC_URL", "")
    path = reverse("stripe_simulator:home").rstrip("/")
    return (origin.rstrip("/") or request.build_absolute_uri("/").rstrip("/")) + path


def decode(text: str) -> Data:
    """Parse `a[b][0]=c` into nested dicts of strings; raises BadParameter.

    Arrays stay dicts keyed by index: only a schema knows whether `metadata[0]` is a list item or a
    key named "0".
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as exc:
        raise BadParameter("Too many parameters.") from exc
    root: Data = {}
    for key, value in pairs:
        match = _KEY.fullmatch(key)
        if match is None:
            raise BadParameter(f"Invalid parameter name: {key}", param=key)
        _put(root, [match["name"], *re.findall(r"\[([^\[\]]*)\]", match["rest"])], value, key)
    return root


def _put(node: Data, parts: list[str], value: str, key: str) -> None:
    *parents, last = parts
    for part in parents:
        child = node.setdefault(part or str(len(node)), {})
        if not isinstance(child, dict):
            raise BadParameter(f"Invalid parameter: {key}", param=key)
        node = child
    last = last or str(len(node))
    if isinstance(node.get(last), dict):
        raise BadParameter(f"Invalid parameter: {key}", param=key)
    node[last] = value


def encode(data: Data) -> bytes:
    """Return JSON in Stripe's format: indented by two, id and object first."""
    return json.dumps(_ordered(data), indent=2, ensure_ascii=False).encode()


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: ({"id": 0, "object": 1}.get(name, 2), name))
        return {name: _ordered(value[name]) for name in names}
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    return value


def answer(*, status: int, body: Data, request_id: str, **headers: str) -> HttpResponse:
    """Return an API response with Stripe's headers; underscores in names become dashes."""
    response = HttpResponse(encode(body), status=status, content_type="application/json")
    response["Request-Id"] = request_id
    response["Stripe-Version"] = API_VERSION
    response["Cache-Control"] = "no-cache, no-store"
    for name, value in headers.items():
        response[name.replace("_", "-")] = value
    return response


def error_body(*, refusal: Refusal, request_id: str) -> Data:
    """Return the body of an error response."""
    url = f"https://dashboard.stripe.com/test/logs/{request_id}"
    return {"error": {**refusal.payload(), "request_log_url": url}}
