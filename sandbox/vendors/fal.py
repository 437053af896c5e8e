"""A local fal queue, after fal-js and fal_client 1.0.3 of August 2026.

Its oddities: no failed status (only the response of a completed request shows the failure), and
addresses without the model's sub-path.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sandbox.vendors.shop import Piece, Shop

KEY = "fal-local:secret"
TEXT = {"fal-ai/flux-pro/kontext/text-to-image", "fal-ai/flux-pro/kontext/max/text-to-image"}
EDIT = {"fal-ai/flux-pro/kontext", "fal-ai/flux-pro/kontext/max"}
RATIOS = {"21:9", "16:9", "4:3", "3:2", "1:1", "2:3", "3:4", "9:16", "9:21"}
SIGNING_KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"local fal").digest())


def error(status: int, message: str) -> dict[str, Any]:
    """Return an error body in fal's format."""
    return {"detail": message}


def invalid(field: str, kind: str) -> web.Response:
    """Return a model's 422."""
    detail = [{"loc": ["body", field], "msg": "Input is not valid", "type": kind, "input": "…"}]
    return web.json_response({"detail": detail}, status=422)


def jwks() -> dict[str, Any]:
    """Return the public key of the webhook signatures."""
    public = SIGNING_KEY.public_key().public_bytes_raw()
    x = base64.urlsafe_b64encode(public).rstrip(b"=").decode()
    return {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x}]}


def sign(piece: Piece, shop: Shop) -> tuple[bytes, dict[str, str]]:
    """Return the webhook body of a finished request, and its signature headers."""
    status = "OK" if piece.outcome in ("ready", "moderated") else "ERROR"
    body = json.dumps(
        {
            "request_id": piece.id,
            "gateway_request_id": piece.id,
            "status": status,
            "payload": payload(piece, shop) if status == "OK" else None,
        }
    ).encode()
    return body, signature(body, request_id=piece.id, timestamp=int(time.time()))


def signature(body: bytes, *, request_id: str, timestamp: int) -> dict[str, str]:
    """Return the signature headers of a webhook."""
    digest = hashlib.sha256(body).hexdigest()
    signed = SIGNING_KEY.sign(f"{request_id}\nuser-1\n{timestamp}\n{digest}".encode())
    return {
        "X-Fal-Webhook-Request-Id": request_id,
        "X-Fal-Webhook-User-Id": "user-1",
        "X-Fal-Webhook-Timestamp": str(timestamp),
        "X-Fal-Webhook-Signature": signed.hex(),
    }


def payload(piece: Piece, shop: Shop) -> dict[str, Any]:
    """Return a result; moderated content is flagged and its image is blank."""
    return {
        "images": [{"url": shop.result_url(piece), "content_type": f"image/{piece.format}"}],
        "seed": piece.input.get("seed") or 42,
        "has_nsfw_concepts": [piece.outcome == "moderated"],
        "prompt": piece.input["prompt"],
        "timings": {},
    }


def application(base_url: str) -> tuple[web.Application, Shop]:
    """Return the server and its state."""
    shop = Shop(error, base_url, sign=sign)
    routes = web.RouteTableDef()
    requests = "/{owner}/{app}/requests/{id}"

    def is_refused(request: web.Request) -> web.Response | None:
        signed_in = request.headers.get("Authorization") == f"Key {KEY}"
        return None if signed_in else shop.refuse(401, "Authentication is required.")

    @routes.get("/.well-known/jwks.json")
    async def keys(request: web.Request) -> web.Response:
        return web.json_response(jwks())

    @routes.get("/results/{name}")
    async def result(request: web.Request) -> web.Response:
        return shop.result(request.match_info["name"].partition(".")[0], gone=404)

    @routes.get(requests + "/status")
    async def status(request: web.Request) -> web.Response:
        if wrong := is_refused(request) or await shop.before_answer(request):
            return wrong
        piece = shop.pieces.get(request.match_info["id"])
        if piece is None:
            return shop.refuse(404, "Request not found.")
        answer: dict[str, Any] = {"request_id": piece.id, **addresses(piece)}
        if piece.canceled or piece.is_over:
            answer["status"] = "COMPLETED"
            if piece.outcome == "failed" or piece.canceled:
                answer |= {"error": "Request failed.", "error_type": "internal_server_error"}
            return web.json_response(answer)
        spent = (time.time() - piece.took_at) / max(piece.ready_at - piece.took_at, 0.001)
        answer["status"] = "IN_QUEUE" if spent < 0.2 else "IN_PROGRESS"
        if spent < 0.2:
            answer["queue_position"] = 0
        return web.json_response(answer, status=202)

    @routes.get(requests)
    async def response(request: web.Request) -> web.Response:
        if wrong := is_refused(request) or await shop.before_answer(request):
            return wrong
        piece = shop.pieces.get(request.match_info["id"])
        if piece is None:
            return shop.refuse(404, "Request not found.")
        if not piece.is_over and not piece.canceled:
            return shop.refuse(400, "Request is still in progress.")
        if piece.outcome in ("failed", "aborted") or piece.canceled:
            return web.json_response(
                {"detail": "Internal server error."},
                status=500,
                headers={"X-Fal-Error-Type": "internal_server_error"},
            )
        if piece.outcome == "rejected":
            return invalid("prompt", "value_error")
        return web.json_response(payload(piece, shop))

    @routes.put(requests + "/cancel")
    async def cancel(request: web.Request) -> web.Response:
        if wrong := is_refused(request) or await shop.before_answer(request):
            return wrong
        piece = shop.pieces.get(request.match_info["id"])
        if piece is None:
            return web.json_response({"status": "NOT_FOUND"}, status=404)
        if piece.is_over:
            return web.json_response({"status": "ALREADY_COMPLETED"}, status=400)
        piece.canceled = True
        return web.json_response({"status": "CANCELLATION_REQUESTED"}, status=202)

    @routes.post("/{model:.+}")
    async def start(request: web.Request) -> web.Response:
        if wrong := is_refused(request) or await shop.before_start(request):
            return wrong
        model = request.match_info["model"]
        if model not in TEXT | EDIT:
            return shop.refuse(404, f"Application '{model}' not found.")
        given = await request.json()
        if wrong := find_error(given, edits=model in EDIT):
            return wrong
        piece = shop.take(
            endpoint=model,
            given=given,
            size=given.get("aspect_ratio") or "1:1",
            format=given.get("output_format") or "jpeg",
        )
        if shop.happens("reject"):
            # The queue accepts anything; only the response shows the model's error.
            piece.outcome = "rejected"
        piece.webhook_url = request.query.get("fal_webhook", "")
        answer = {
            "status": "IN_QUEUE",
            "request_id": piece.id,
            "queue_position": 0,
            **addresses(piece),
        }
        return shop.after_start(request, piece, answer)

    def addresses(piece: Piece) -> dict[str, str]:
        owner, name = piece.endpoint.split("/")[:2]
        response_url = shop.rewrite(f"{base_url}/{owner}/{name}/requests/{piece.id}")
        return {
            "response_url": response_url,
            "status_url": f"{response_url}/status",
            "cancel_url": f"{response_url}/cancel",
        }

    app = web.Application(client_max_size=60_000_000)
    app.add_routes(routes)
    return app, shop


def find_error(given: dict[str, Any], *, edits: bool) -> web.Response | None:
    """Return the 422 for a body that does not match the schema, if any."""
    if not isinstance(given.get("prompt"), str):
        return invalid("prompt", "missing")
    if edits and not str(given.get("image_url", "")).startswith(("data:image/", "https://")):
        return invalid("image_url", "image_load_error")
    if not edits and "image_url" in given:
        return invalid("image_url", "extra_forbidden")
    if given.get("aspect_ratio", "1:1") not in RATIOS:
        return invalid("aspect_ratio", "literal_error")
    if given.get("output_format", "jpeg") not in ("jpeg", "png"):
        return invalid("output_format", "literal_error")
    if not isinstance(given.get("seed"), int | None):
        return invalid("seed", "int_parsing")
    return None
