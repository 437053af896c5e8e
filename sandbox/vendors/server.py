"""All local vendors on one port: /bfl, /fal and /replicate, and two paths to control them.

`POST /_switch {"fal": {"crash": 1}, "bfl": null}` changes the fields of `Switches`; null resets
them, and "all" means every vendor. `GET /_bought` returns the work accepted and billed.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox.vendors import bfl, fal, replicate
from sandbox.vendors.shop import Shop

SHOPS = web.AppKey("shops", dict[str, Shop])

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(public_url: str) -> tuple[web.Application, dict[str, Shop]]:
    """Return the server of all vendors, and their state by name."""
    app = web.Application(client_max_size=60_000_000, middlewares=[_record])
    shops: dict[str, Shop] = {}
    for vendor in (bfl, fal, replicate):
        name = vendor.__name__.rpartition(".")[2]
        part, shops[name] = vendor.application(f"{public_url}/{name}")
        app.add_subapp(f"/{name}", part)
    app[SHOPS] = shops

    async def switch(request: web.Request) -> web.Response:
        try:
            for name, values in (await request.json()).items():
                for shop in shops.values() if name == "all" else [shops[name]]:
                    shop.set(values)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({name: vars(shop.switches) for name, shop in shops.items()})

    async def bought(request: web.Request) -> web.Response:
        return web.json_response({name: shop.bought() for name, shop in shops.items()})

    app.router.add_post("/_switch", switch)
    app.router.add_get("/_bought", bought)
    return app, shops


@web.middleware
async def _record(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Record requests for vendors whose `records` is set."""
    _, name, *rest = request.path.split("/", 2)
    shop: Shop | None = request.config_dict[SHOPS].get(name)
    if shop is not None and shop.records:
        shop.requests.append(
            {
                "method": request.method,
                "path": "/" + "".join(rest),
                "query": dict(request.query),
                "headers": {key.lower(): value for key, value in request.headers.items()},
                "body": await request.json() if request.can_read_body else None,
            }
        )
    return await handler(request)


class Vendors:
    """The local vendors in a thread of this process; use it as a context manager."""

    def __init__(self, *, port: int = 0) -> None:
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._runner: web.AppRunner | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.url = ""
        self.shops: dict[str, Shop] = {}

    def __enter__(self) -> Vendors:
        self._thread.start()
        self._call(self._start())
        return self

    def __exit__(self, *_: Any) -> None:
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def reset(self) -> None:
        """Forget all work and reset the switches."""

        async def reset() -> None:
            for shop in self.shops.values():
                shop.set(None)
                shop.pieces.clear()
                shop.requests.clear()
                shop.records = False

        self._call(reset())

    def _call(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _start(self) -> None:
        # The applications' answers contain their own address, so the port must be known first.
        listener = socket.create_server(("127.0.0.1", self._port))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app, self.shops = application(self.url)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()

    async def _stop(self) -> None:
        for shop in self.shops.values():
            for task in list(shop.tasks):
                task.cancel()
        if self._runner is not None:
            await self._runner.cleanup()
