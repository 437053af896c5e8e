"""Delivery: sends many webhooks at once, so that no receiver delays another.

`DeliveryLoop` runs on its own event loop, in a thread beside the job loop (`engine.worker`).
"""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from typing import Any

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError
from rest_framework.renderers import JSONRenderer

from generation.callbacks import delivery_claims, delivery_results, signing
from generation.callbacks.delivery_claims import Claimed
from generation.callbacks.delivery_results import Result
from generation.engine.thread_pools import in_database
from generation.jobs import representation
from generation.models import Asset, Callback, Job, Status
from vidgo.kernel import http, queue
from vidgo.kernel.ops import failpoints

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.1
# How often an idle loop looks for deliveries while the job loop runs.
IDLE_SECONDS = 0.25
# The loop pauses this many times longer than a claim took, so that claims cost little at any depth.
REST = 4
# How long a stopping worker waits for calls in flight.
STOP_SECONDS = 6.0
SAMPLE_ID_PREFIX = "task_test_"


class DeliveryLoop:
    """Claims and sends webhooks for about WORK_CYCLE_SECONDS."""

    def __init__(self) -> None:
        self.owner = f"{queue.cluster_name}/{secrets.token_hex(6)}"
        self.running: set[asyncio.Task[None]] = set()
        self.ends_at = time.monotonic() + settings.WORK_CYCLE_SECONDS
        self.tried = 0
        self.rest_seconds = 0.0
        self.error: Exception | None = None
        # Set once the job loop has ended; then this loop ends as soon as nothing is due.
        self.alone = threading.Event()

    @property
    def is_over(self) -> bool:
        """Return whether the loop stops claiming."""
        return queue.heartbeat.is_stopping or time.monotonic() >= self.ends_at

    def run_in_thread(self) -> None:
        """Run on an event loop of its own, and keep an unexpected exception in `error`."""
        try:
            asyncio.run(self.run())
        except (OperationalError, InterfaceError) as error:
            # Leases run out, and another work cycle sends what is due.
            log.warning("database_away", error=str(error).strip())
        except Exception as error:
            log.exception("webhooks_crashed")
            self.error = error

    async def run(self) -> None:
        """Send webhooks until none is due or the work cycle is over."""
        try:
            while not self.is_over:
                claimed = await self._claim()
                if not self.running and not claimed and self.alone.is_set():
                    break
                await self._pause()
            await self._drain()
        finally:
            for task in list(self.running):
                task.cancel()
            await asyncio.gather(*self.running, return_exceptions=True)
            await http.close()
            released = await in_database(delivery_claims.release, owner=self.owner)
            if released:
                log.info("webhooks_released", webhooks=released, owner=self.owner)

    async def _claim(self) -> int:
        free = settings.CALLBACKS_IN_FLIGHT_PER_PROCESS - len(self.running)
        if free <= 0:
            return 0
        queue.heartbeat.beat()
        began = time.monotonic()
        claimed = await in_database(delivery_claims.claim, owner=self.owner, limit=free)
        self.rest_seconds = min(REST * (time.monotonic() - began), 1.0)
        if claimed:
            failpoints.hit("callback.claimed")
        for each in claimed:
            task = asyncio.create_task(self._try(each))
            self.running.add(task)
            task.add_done_callback(self.running.discard)
        self.tried += len(claimed)
        return len(claimed)

    async def _pause(self) -> None:
        await asyncio.sleep(self.rest_seconds)
        if self.running:
            await asyncio.wait(
                self.running, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            return
        look_at = time.monotonic() + IDLE_SECONDS
        # `alone` is set by another thread, so asyncio.Event is not an option.
        while not self.alone.is_set() and time.monotonic() < look_at:  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    async def _drain(self) -> None:
        """Let calls in flight return; each times out after ten seconds."""
        stopping_since = None
        while self.running:
            if queue.heartbeat.is_stopping:
                stopping_since = stopping_since or time.monotonic()
                if time.monotonic() - stopping_since > STOP_SECONDS:
                    return
            queue.heartbeat.beat()
            await asyncio.wait(self.running, timeout=LOOK_SECONDS)

    async def _try(self, claimed: Claimed) -> None:
        """Send one webhook and record the result, whatever it is."""
        callback = claimed.callback
        structlog.contextvars.bind_contextvars(webhook=callback.public_id)
        try:
            result = await send(claimed)
        except Exception:
            log.exception("webhook_crashed")
            result = Result(error=delivery_results.BROKEN)
        failpoints.hit("callback.sent")
        try:
            ours = await in_database(delivery_results.record, callback=callback, result=result)
        except (OperationalError, InterfaceError) as error:
            log.warning("database_away", error=str(error).strip())
            return
        log.info(
            "webhook_tried",
            error=result.error,
            status=result.status,
            ms=result.latency_ms,
            number=callback.tries_count,
            ours=ours,
        )


async def send(claimed: Claimed) -> Result:
    """Post a webhook to its URL once, and return the result."""
    if not claimed.keys:
        return Result(error=delivery_results.UNSIGNED)
    callback = claimed.callback
    body = body_of(callback)
    headers = signing.headers(
        message_id=callback.public_id,
        timestamp=int(time.time()),
        body=body,
        keys=claimed.keys,
    )
    began = time.monotonic()
    try:
        response = await http.fetch(
            url=callback.url,
            policy=http.CALLBACK,
            method="POST",
            headers={"Content-Type": "application/json", **headers},
            body=body,
        )
    except http.FetchError as error:
        elapsed_ms = round((time.monotonic() - began) * 1000)
        return Result(error=error.reason[:32], latency_ms=elapsed_ms)
    return delivery_results.of_answer(response)


def body_of(callback: Callback) -> bytes:
    """Return the body to send: the same bytes as the status endpoint's answer for the task."""
    data = representation.task(callback.job) if callback.job else _sample(callback)
    return bytes(JSONRenderer().render({"code": 200, "data": data}))


def _sample(callback: Callback) -> dict[str, Any]:
    """Return the task of a test webhook: finished, and with an id that no real task has."""
    job = Job(
        public_id=SAMPLE_ID_PREFIX + callback.public_id.partition("_")[2],
        status=Status.FINISHED,
        progress=100,
        price_credits=1,
        created_at=callback.created_at,
    )
    job.asset = Asset(
        file="results/test.png",
        format="png",
        width=1024,
        height=1024,
        size_bytes=0,
        sha256="0" * 64,
    )
    return {**representation.task(job), "credits_amount": 0}
