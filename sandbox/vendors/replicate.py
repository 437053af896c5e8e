"""A local Replicate, after its OpenAPI document 1.0.0-a1 of April 2026.

Its oddities: `aborted` besides `canceled`, data URLs up to 256 KB only, files that require the
token, and outputs that are deleted after an hour.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp import web

from sandbox.vendors.shop import Piece, Shop

KEY = "r8_local"
MODELS = {"black-forest-labs/flux-kontext-pro", "black-forest-labs/flux-kontext-max"}
RATIOS = {
    *("match_input_image", "1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3"),
    *("4:5", "5:4", "21:9", "9:21", "2:1", "1:2"),
}
SIGNING_KEY = hashlib.sha256(b"local replicate").digest()
STATUSES = {"ready": "succeeded", "moderated": "failed", "failed": "failed", "aborted": "aborted"}
MESSAGES = {
    "moderated": "The input or output was flagged as sensitive. Please try again. (E005)",
    "failed": "Prediction failed.",
}
PAGE = 100


def error(status: int, message: str) -> dict[str, Any]:
    """Return an error body in Replicate's format."""
    if status == 429:
        message = "Request was throttled. Your rate limit resets in ~1s."
    return {"title": message, "detail": message, "status": status}


def signature(body: bytes, *, message_id: str, timestamp: int) -> dict[str, str]:
    """Return the three headers of Standard Webhooks."""
    content = f"{message_id}.{timestamp}.".encode() + body
    signed = base64.b64encode(hmac.new(SIGNING_KEY, content, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signed}",
    }


def sign(piece: Piece, shop: Shop) -> tuple[bytes, dict[str, str]]:
    """Return the webhook body of a finished prediction, and its signature headers."""
    body = json.dumps(prediction(piece, shop)).encode()
    return body, signature(body, message_id=f"msg_{piece.id}", timestamp=int(time.time()))


def prediction(piece: Piece, shop: Shop) -> dict[str, Any]:
    """Return a prediction's current state."""
    gone = time.time() > piece.ready_at + shop.switches.result_lives_seconds
    if piece.canceled:
        status = "canceled"
    elif piece.is_over:
        status = STATUSES[piece.outcome]
    else:
        status = "starting" if time.time() < piece.took_at + 0.02 else "processing"
    url = f"{shop.base_url}/v1/predictions/{piece.id}"
    return {
        "id": piece.id,
        "model": piece.endpoint,
        "version": "hidden",
        "input": {} if gone else piece.input,
        "logs": "",
        "output": shop.result_url(piece) if status == "succeeded" and not gone else None,
        "data_removed": gone,
        "error": MESSAGES.get(piece.outcome) if status == "failed" else None,
        "status": status,
        "created_at": datetime.fromtimestamp(piece.took_at, UTC).isoformat(),
        "urls": {"get": url, "cancel": f"{url}/cancel"},
    }


def application(base_url: str) -> tuple[web.Application, Shop]:
    """Return the server and its state."""
    shop = Shop(error, base_url, sign=sign)
    routes = web.RouteTableDef()

    def is_refused(request: web.Request) -> web.Response | None:
        signed_in = request.headers.get("Authorization") == f"Bearer {KEY}"
        return None if signed_in else shop.refuse(401, "Unauthenticated")

    @routes.post("/v1/models/{owner}/{name}/predictions")
    async def start(request: web.Request) -> web.Response:
        if wrong := is_refused(request) or await shop.before_start(request):
            return wrong
        model = f"{request.match_info['owner']}/{request.match_info['name']}"
        if model not in MODELS:
            return shop.refuse(404, "The requested resource could not be found.")
        body = await request.json()
        wrong_with = "input.prompt: is refused" if shop.happens("reject") else find_error(body)
        if wrong_with:
            return shop.refuse(422, f"- {wrong_with}\n")
        given = body["input"]
        ratio = given.get("aspect_ratio", "match_input_image")
        piece = shop.take(
            endpoint=model,
            given=given,
            size="1:1" if ratio == "match_input_image" else ratio,
            format=given.get("output_format", "png"),
        )
        piece.webhook_url = body.get("webhook", "")
        if str(given.get("input_image", "")).startswith("http"):
            fetching = asyncio.get_running_loop().create_task(fetch_input(piece))
            shop.tasks.add(fetching)
            fetching.add_done_callback(shop.tasks.discard)
        return shop.after_start(request, piece, prediction(piece, shop), status=201)

    @routes.get("/v1/predictions")
    async def listed(request: web.Request) -> web.Response:
        if wrong := is_refused(request) or await shop.before_answer(request):
            return wrong
        first = int(request.query.get("cursor", 0))
        newest = list(reversed(shop.pieces.values()))
        more = len(newest) > first + PAGE
        return web.json_response(
            {
                "previous": None,
                "next": f"{base_url}/v1/predictions?cursor={first + PAGE}" if more else None,
                "results": [prediction(piece, shop) for piece in newest[first : first + PAGE]],
            }
        )

    @routes.get("/v1/predictions/{id}")
    async def poll(request: web.Request) -> web.Response:
        if wrong := is_refused(request) or await shop.before_answer(request):
            return wrong
        piece = shop.pieces.get(request.match_info["id"])
        if piece is None:
            return shop.refuse(404, "The requested resource could not be found.")
        return web.json_response(prediction(piece, shop))

    @routes.post("/v1/predictions/{id}/cancel")
    async def cancel(request: web.Request) -> web.Response:
        if wrong := is_refused(request) or await shop.before_answer(request):
            return wrong
        piece = shop.pieces.get(request.match_info["id"])
        if piece is None:
            return shop.refuse(404, "The requested resource could not be found.")
        piece.canceled = piece.canceled or not piece.is_over
        return web.json_response(prediction(piece, shop))

    @routes.get("/v1/webhooks/default/secret")
    async def secret(request: web.Request) -> web.Response:
        if wrong := is_refused(request):
            return wrong
        return web.json_response({"key": f"whsec_{base64.b64encode(SIGNING_KEY).decode()}"})

    @routes.get("/results/{name}")
    async def result(request: web.Request) -> web.Response:
        if wrong := is_refused(request):
            return wrong
        return shop.result(request.match_info["name"].partition(".")[0], gone=404)

    app = web.Application(client_max_size=60_000_000)
    app.add_routes(routes)
    return app, shop


async def fetch_input(piece: Piece) -> None:
    """Fetch an edit's input image as Replicate would; failure fails the prediction."""
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.get(piece.input["input_image"], timeout=aiohttp.ClientTimeout(10)) as answer,
        ):
            if answer.status != 200 or not answer.content_type.startswith("image/"):
                piece.outcome = "failed"
    except (aiohttp.ClientError, TimeoutError):
        piece.outcome = "failed"


def find_error(body: dict[str, Any]) -> str:
    """Return what in a body does not match the schema, "" if nothing."""
    if extra := body.keys() - {"input", "webhook", "webhook_events_filter", "stream"}:
        return f"{min(extra)}: Additional property is not allowed"
    given = body.get("input")
    if not isinstance(given, dict) or not isinstance(given.get("prompt"), str):
        return "input: prompt is required"
    if given.get("aspect_ratio", "1:1") not in RATIOS:
        return "input.aspect_ratio: must be one of the listed"
    if given.get("output_format", "png") not in ("png", "jpg"):
        return "input.output_format: must be one of the listed"
    if not isinstance(given.get("seed"), int | None):
        return "input.seed: Invalid type"
    image = given.get("input_image", "")
    if image and not image.startswith(("data:", "http://", "https://")):
        return "input.input_image: Does not match format 'uri'"
    if image.startswith("data:") and len(image) > 256 * 1024:
        return "input.input_image: data URLs are limited to 256 KB"
    return ""
