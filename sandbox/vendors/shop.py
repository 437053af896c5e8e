"""What the local vendors share: fault switches, and a record of accepted work."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from sandbox.vendors import pictures

WEBHOOK_RETRIES_SECONDS = (1.0, 5.0)

ErrorBody = Callable[[int, str], dict[str, Any]]


@dataclass
class Switches:
    """How a vendor behaves. Faults are probabilities from 0 to 1, times are seconds."""

    # Delay of each answer, and time from accepting work to its result.
    answer_seconds: float = 0.0
    work_seconds: float = 1.0
    # How long new work is still unknown (Black Forest Labs).
    unknown_seconds: float = 0.05
    result_lives_seconds: float = 600.0
    retry_after_seconds: float = 1.0
    # Work in flight above this is refused with 429; 0 for no limit.
    concurrency: int = 0

    # Faults of a start. `drop_after`, `malform` and `gateway` lose the answer to accepted work.
    unauthorize: float = 0.0
    lock: float = 0.0
    run_out: float = 0.0
    throttle: float = 0.0
    crash: float = 0.0
    reject: float = 0.0
    drop_before: float = 0.0
    drop_after: float = 0.0
    malform: float = 0.0
    gateway: float = 0.0

    # Faults of every other answer about the work.
    poll_throttle: float = 0.0
    poll_crash: float = 0.0
    poll_drop: float = 0.0
    poll_malform: float = 0.0

    # Faults of the work and its result.
    moderate: float = 0.0
    fail: float = 0.0
    abort: float = 0.0
    break_image: float = 0.0
    bloat_image: float = 0.0

    # Smaller images for quick tests; 1 is about a megapixel.
    scale: float = 1.0
    webhooks: bool = True
    # Replaces the vendor's own origin in the addresses it returns.
    elsewhere: str = ""
    credits: float = 1000.0


@dataclass
class Piece:
    """One image generation."""

    id: str
    endpoint: str
    input: dict[str, Any]
    size: str
    format: str
    took_at: float
    ready_at: float
    # ready, moderated, failed or aborted; decided when the work is accepted.
    outcome: str
    broken: bool
    bloated: bool
    webhook_url: str = ""
    webhook_secret: str = ""
    canceled: bool = False

    @property
    def is_over(self) -> bool:
        """Return whether the work has ended, with any outcome."""
        return time.time() >= self.ready_at


@dataclass
class Shop:
    """One vendor's state."""

    error: ErrorBody
    base_url: str
    switches: Switches = field(default_factory=Switches)
    pieces: dict[str, Piece] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)
    # Off by default: a load run would fill the memory.
    records: bool = False
    chance: random.Random = field(default_factory=lambda: random.Random(20260429))
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    sign: Callable[[Piece, Shop], tuple[bytes, dict[str, str]]] | None = None

    def set(self, values: dict[str, Any] | None) -> None:
        """Change some switches; None resets all of them."""
        if values is None:
            self.switches = Switches()
            return
        self.switches = dataclasses.replace(self.switches, **values)

    def happens(self, switch: str) -> bool:
        """Return at random, by the switch's probability, whether a fault happens now."""
        likelihood = float(getattr(self.switches, switch))
        return likelihood > 0 and self.chance.random() < likelihood

    def bought(self) -> dict[str, Any]:
        """Return the work accepted and how much of it is billed."""
        return {
            "taken": len(self.pieces),
            "bought": sum(
                not piece.canceled and piece.outcome == "ready" for piece in self.pieces.values()
            ),
            "works": [
                {
                    "id": piece.id,
                    "endpoint": piece.endpoint,
                    "prompt": piece.input["prompt"],
                    "seed": piece.input.get("seed"),
                    "outcome": "canceled" if piece.canceled else piece.outcome,
                }
                for piece in self.pieces.values()
            ],
        }

    @property
    def in_flight(self) -> int:
        """Return the number of unfinished generations."""
        return sum(not (piece.is_over or piece.canceled) for piece in self.pieces.values())

    def refuse(self, status: int, message: str, **headers: str) -> web.Response:
        """Return an error in the vendor's format."""
        return web.json_response(self.error(status, message), status=status, headers=headers)

    async def before_start(self, request: web.Request) -> web.Response | None:
        """Return the fault to answer with before work is accepted, if any."""
        await asyncio.sleep(self.switches.answer_seconds)
        if self.happens("drop_before"):
            return drop(request)
        for switch, status, message in (
            ("unauthorize", 401, "Invalid credentials."),
            ("lock", 403, "Access is not allowed."),
            ("run_out", 402, "Insufficient credits."),
            ("crash", 503, "Service unavailable."),
        ):
            if self.happens(switch):
                return self.refuse(status, message)
        full = 0 < self.switches.concurrency <= self.in_flight
        if full or self.happens("throttle"):
            seconds = f"{self.switches.retry_after_seconds:g}"
            return self.refuse(429, "Too many requests.", **{"Retry-After": seconds})
        return None

    def take(self, *, endpoint: str, given: dict[str, Any], size: str, format: str) -> Piece:
        """Accept work; from here on it is billed unless it fails."""
        now = time.time()
        outcome = "ready"
        for switch, name in (("moderate", "moderated"), ("fail", "failed"), ("abort", "aborted")):
            if self.happens(switch):
                outcome = name
        piece = Piece(
            id=secrets.token_hex(13),
            endpoint=endpoint,
            input=given,
            size=size,
            format=format,
            took_at=now,
            ready_at=now + self.switches.work_seconds,
            outcome=outcome,
            broken=self.happens("break_image"),
            bloated=self.happens("bloat_image"),
        )
        self.pieces[piece.id] = piece
        return piece

    def after_start(
        self, request: web.Request, piece: Piece, answer: dict[str, Any], *, status: int = 200
    ) -> web.Response:
        """Return the answer to accepted work, or the fault that loses it."""
        if piece.webhook_url and self.switches.webhooks:
            task = asyncio.get_running_loop().create_task(self._send_webhook(piece))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        if self.happens("drop_after"):
            return drop(request)
        if self.happens("gateway"):
            return web.Response(status=504, text="<html>Gateway Time-out</html>")
        if self.happens("malform"):
            return web.Response(status=status, text='{"id": "', content_type="application/json")
        return web.json_response(answer, status=status)

    async def before_answer(self, request: web.Request) -> web.Response | None:
        """Return the fault of any other answer, if any."""
        await asyncio.sleep(self.switches.answer_seconds)
        if self.happens("poll_drop"):
            return drop(request)
        if self.happens("unauthorize"):
            return self.refuse(401, "Invalid credentials.")
        if self.happens("poll_crash"):
            return self.refuse(502, "Bad gateway.")
        if self.happens("poll_malform"):
            return web.Response(text="<html>", content_type="text/html")
        if self.happens("poll_throttle"):
            seconds = f"{self.switches.retry_after_seconds:g}"
            return self.refuse(429, "Too many requests.", **{"Retry-After": seconds})
        return None

    def result_url(self, piece: Piece) -> str:
        """Return the temporary address of an image."""
        ending = {"png": "png", "jpeg": "jpg", "jpg": "jpg", "webp": "webp"}[piece.format]
        return f"{self.base_url}/results/{piece.id}.{ending}"

    def result(self, piece_id: str, *, gone: int) -> web.Response:
        """Return an image, or status `gone` once its address has expired."""
        piece = self.pieces.get(piece_id)
        lives_until = piece.ready_at + self.switches.result_lives_seconds if piece else 0.0
        if piece is None or not piece.is_over or time.time() > lives_until:
            return web.Response(status=gone, text="Gone.")
        content = pictures.picture(
            size=piece.size,
            format=piece.format,
            scale=self.switches.scale,
            blank=piece.outcome == "moderated",
        )
        if piece.broken:
            content = content[: len(content) // 2]
        if piece.bloated:
            content += bytes(41_000_000 - len(content))
        return web.Response(body=content, content_type=pictures.MIMES[piece.format])

    def rewrite(self, url: str) -> str:
        """Return an address for an answer, with its origin replaced by `elsewhere` if set."""
        if not self.switches.elsewhere:
            return url
        return self.switches.elsewhere + url.split("://", 1)[1].partition("/")[2]

    async def _send_webhook(self, piece: Piece) -> None:
        """Send the signed webhook once the work is done, and retry it until it is accepted."""
        await asyncio.sleep(max(piece.ready_at - time.time(), 0) + 0.01)
        if piece.canceled or self.sign is None:
            return
        async with aiohttp.ClientSession() as session:
            for pause in (*WEBHOOK_RETRIES_SECONDS, None):
                body, headers = self.sign(piece, self)
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with session.post(
                        piece.webhook_url,
                        data=body,
                        headers={"Content-Type": "application/json", **headers},
                        allow_redirects=False,
                        timeout=aiohttp.ClientTimeout(total=15),
                    ) as answer:
                        if answer.status < 300:
                            return
                if pause is not None:
                    await asyncio.sleep(pause)


def drop(request: web.Request) -> web.Response:
    """Close the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
