"""A balancer as production has one: it asks each web server whether it is ready, and goes on to
the next where it is refused a connection. It never sends a request twice.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any

import aiohttp
from aiohttp import web

LOOK_SECONDS = 0.2
PATIENCE_SECONDS = 10.0
# Headers of a connection rather than a request.
HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "upgrade"})


class Balancer:
    """Passes requests on to web servers in turn; use it as a context manager.

    Without `looks` it believes all of them to be ready at all times.
    """

    def __init__(self, *, port: int, webs: Sequence[int], looks: bool) -> None:
        self.port = port
        self.webs = webs
        self.looks = looks
        self.ready: set[int] = set() if looks else set(webs)
        # Requests by the port of the web server that answered, and what went wrong.
        self.served: Counter[int] = Counter()
        self.failures: list[str] = []
        self._turns = itertools.count()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._tasks: list[asyncio.Task[None]] = []

    def __enter__(self) -> Balancer:
        self._thread.start()
        self._call(self._start())
        return self

    def __exit__(self, *_: Any) -> None:
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _call(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(20)

    async def _start(self) -> None:
        # A new connection for each request: the server could close an idle one at any moment.
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True, limit=0), auto_decompress=False
        )
        app = web.Application(client_max_size=60_000_000)
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.SockSite(
            self._runner, socket.create_server(("127.0.0.1", self.port), backlog=512)
        ).start()
        if self.looks:
            self._tasks = [asyncio.create_task(self._look(port)) for port in self.webs]

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._runner.cleanup()
        await self._client.close()

    async def _look(self, port: int) -> None:
        """Poll the readiness of one web server."""
        timeout = aiohttp.ClientTimeout(total=5)
        while True:
            try:
                url = f"http://127.0.0.1:{port}/readyz"
                async with self._client.get(url, timeout=timeout) as answer:
                    is_ready = answer.status == 200
            except (aiohttp.ClientError, TimeoutError):
                is_ready = False
            (self.ready.add if is_ready else self.ready.discard)(port)
            await asyncio.sleep(LOOK_SECONDS)

    async def _pass_on(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {
            name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP
        }
        deadline = self._loop.time() + PATIENCE_SECONDS
        while self._loop.time() < deadline:
            port = self._next()
            if port is None:
                await asyncio.sleep(LOOK_SECONDS / 4)
                continue
            try:
                async with self._client.request(
                    request.method,
                    f"http://127.0.0.1:{port}{request.raw_path}",
                    data=body or None,
                    headers=headers,
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=60),
                ) as answer:
                    content = await answer.read()
            except aiohttp.ClientConnectorError:
                self.ready.discard(port)
                continue
            except (aiohttp.ClientError, TimeoutError) as error:
                self.failures.append(f"{request.method} {request.path}: {error!r}")
                return web.Response(status=502, text="The web server broke off.")
            self.served[port] += 1
            return web.Response(status=answer.status, body=content, headers=_end_to_end(answer))
        self.failures.append(f"{request.method} {request.path}: nobody is ready")
        return web.Response(status=503, text="No web server is ready.")

    def _next(self) -> int | None:
        ready = [port for port in self.webs if port in self.ready]
        return ready[next(self._turns) % len(ready)] if ready else None


def _end_to_end(answer: aiohttp.ClientResponse) -> dict[str, str]:
    dropped = HOP_BY_HOP | {"content-length"}
    return {name: value for name, value in answer.headers.items() if name.lower() not in dropped}
