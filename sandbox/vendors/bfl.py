"""A local Black Forest Labs, after its OpenAPI document of 29 April 2026.

Its oddities: no `polling_url` if a webhook was given, `Task not found` just after a task was
accepted, `Ready` forever although the sample expires after ten minutes, and no cancel.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from binascii import Error as NotBase64
from typing import Any

from aiohttp import web

from sandbox.vendors.shop import Piece, Shop

KEY = "bfl_local"
COSTS = {"flux-kontext-pro": 4.0, "flux-kontext-max": 8.0}
STATUSES = {"moderated": "Content Moderated", "failed": "Error", "aborted": "Error"}


def error(status: int, message: str) -> dict[str, Any]:
    """Return an error body in BFL's format."""
    if status == 429:
        return {"error": "rate_limit", "message": message, "retry_after": 1}
    return {"detail": message}


def invalid(field: str, kind: str) -> web.Response:
    """Return FastAPI's 422."""
    detail = [{"loc": ["body", field], "msg": "Input is not valid", "type": kind, "input": "…"}]
    return web.json_response({"detail": detail}, status=422)


def sign(piece: Piece, shop: Shop) -> tuple[bytes, dict[str, str]]:
    """Return the webhook body of a finished task, and its signature header."""
    body = json.dumps(
        {
            "id": piece.id,
            "status": STATUSES.get(piece.outcome, "Ready"),
            "result": {"sample": shop.result_url(piece)},
            "timestamp": time.time(),
        }
    ).encode()
    digest = hmac.new(piece.webhook_secret.encode(), body, hashlib.sha256).hexdigest()
    return body, {"X-BFL-Signature": f"sha256={digest}"}


def application(base_url: str) -> tuple[web.Application, Shop]:
    """Return the server and its state."""
    shop = Shop(error, base_url, sign=sign)
    routes = web.RouteTableDef()

    def is_refused(request: web.Request) -> web.Response | None:
        return None if request.headers.get("x-key") == KEY else shop.refuse(403, "Forbidden")

    @routes.post("/v1/{model}")
    async def start(request: web.Request) -> web.Response:
        if wrong := is_refused(request) or await shop.before_start(request):
            return wrong
        model = request.match_info["model"]
        if model not in COSTS:
            return shop.refuse(404, "Not Found")
        given = await request.json()
        if wrong := find_error(given) or (
            invalid("prompt", "value_error") if shop.happens("reject") else None
        ):
            return wrong
        piece = shop.take(
            endpoint=model,
            given=given,
            size=given.get("aspect_ratio") or "1:1",
            format=given.get("output_format") or "png",
        )
        cost = {"cost": COSTS[model], "input_mp": 0.0, "output_mp": 1.0}
        if given.get("webhook_url"):
            piece.webhook_url = given["webhook_url"]
            piece.webhook_secret = given.get("webhook_secret") or ""
            answer = {"id": piece.id, "status": "Pending", "webhook_url": piece.webhook_url, **cost}
        else:
            polling_url = shop.rewrite(f"{base_url}/v1/get_result?id={piece.id}")
            answer = {"id": piece.id, "polling_url": polling_url, **cost}
        return shop.after_start(request, piece, answer)

    @routes.get("/v1/get_result")
    async def poll(request: web.Request) -> web.Response:
        if wrong := await shop.before_answer(request):
            return wrong
        piece = shop.pieces.get(request.query.get("id", ""))
        if piece is None or time.time() < piece.took_at + shop.switches.unknown_seconds:
            missing = {"id": request.query.get("id"), "status": "Task not found", "result": None}
            return web.json_response(missing)
        answer: dict[str, Any] = {"id": piece.id, "status": "Pending", "result": None}
        if not piece.is_over:
            spent = time.time() - piece.took_at
            answer["progress"] = spent / max(piece.ready_at - piece.took_at, 0.001)
        elif piece.outcome != "ready":
            answer["status"] = STATUSES[piece.outcome]
        else:
            answer["status"] = "Ready"
            answer["result"] = {
                "sample": shop.result_url(piece),
                "prompt": piece.input["prompt"],
                "seed": piece.input.get("seed") or 42,
            }
        return web.json_response(answer)

    @routes.get("/v1/credits")
    async def credits(request: web.Request) -> web.Response:
        if wrong := is_refused(request) or await shop.before_answer(request):
            return wrong
        return web.json_response({"credits": shop.switches.credits})

    @routes.get("/results/{name}")
    async def result(request: web.Request) -> web.Response:
        return shop.result(request.match_info["name"].partition(".")[0], gone=403)

    app = web.Application(client_max_size=60_000_000)
    app.add_routes(routes)
    return app, shop


def find_error(given: dict[str, Any]) -> web.Response | None:
    """Return the 422 for a body that does not match the schema, if any."""
    if not isinstance(given.get("prompt"), str):
        return invalid("prompt", "missing")
    ratio = given.get("aspect_ratio")
    if ratio is not None:
        across, _, down = str(ratio).partition(":")
        if not (across.isdigit() and down.isdigit() and int(down)):
            return invalid("aspect_ratio", "value_error")
        if not 9 / 21 <= int(across) / int(down) <= 21 / 9:
            return invalid("aspect_ratio", "value_error")
    if given.get("output_format") not in (None, "jpeg", "png", "webp"):
        return invalid("output_format", "enum")
    if not isinstance(given.get("seed"), int | None):
        return invalid("seed", "int_parsing")
    if given.get("input_image") is not None:
        try:
            base64.b64decode(given["input_image"], validate=True)
        except (NotBase64, ValueError):
            return invalid("input_image", "value_error")
    return None
