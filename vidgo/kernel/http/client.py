"""The one outbound HTTP client: deadlines, size limits, no private addresses, no retries.

In an event loop, `await fetch(...)`; all calls of the loop share its connections, and the loop must
end with `await close()`. `run(...)` starts a loop and closes it properly; `fetch_sync(...)` is for
code without one, such as a view. A `Policy` of `destinations` limits what a call may do; `errors`
has the ways it can fail.

The client never repeats a request. It follows redirects itself and checks each like the first URL.
"""

import asyncio
import json
import time
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urljoin

import aiohttp

from vidgo.kernel.http import destinations
from vidgo.kernel.http.body import Body
from vidgo.kernel.http.connections import Call, close, current_call, session_for, translated_errors
from vidgo.kernel.http.destinations import VENDOR, Destination, Policy, resolve_check
from vidgo.kernel.http.errors import BadAnswer, FetchError, TooManyRedirects

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Response:
    """A response of any status; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    url: str
    elapsed_ms: int
    # The IP address that answered; for the log, never for a customer.
    address: str = field(repr=False)

    @property
    def ok(self) -> bool:
        """Return whether the status is 2xx."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Parse the body as JSON; raises BadAnswer when it is not."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as exc:
            raise BadAnswer("not_json", "The answer is not valid JSON.") from exc


async def fetch(
    *,
    url: str,
    policy: Policy,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Response:
    """Make one call within its policy and return the response, whatever its status.

    Raises UrlRefused, Unreachable, TimedOut, ConnectionLost, BadAnswer, TooLarge or
    TooManyRedirects, all of them FetchError.
    """
    call = Call(
        method=method,
        policy=policy,
        headers=dict(headers or {}),
        body=body,
        deadline=asyncio.get_running_loop().time() + policy.total_timeout_seconds,
    )
    token = current_call.set(call)
    try:
        return await _follow(call=call, url=url)
    except FetchError as error:
        error.sent = call.sent
        raise
    finally:
        current_call.reset(token)


async def call_json(
    *,
    url: str,
    method: str = "POST",
    payload: Any = None,
    headers: Mapping[str, str] | None = None,
    policy: Policy = VENDOR,
) -> Response:
    """Send a payload as JSON (no body for None) and return the response; raises like `fetch`."""
    sent_headers = {"Accept": "application/json", **(headers or {})}
    body = None
    if payload is not None:
        sent_headers["Content-Type"] = "application/json"
        body = json.dumps(payload).encode()
    return await fetch(url=url, policy=policy, method=method, headers=sent_headers, body=body)


def run(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine that makes calls in a new event loop and return its result.

    Raises what the coroutine raises, and RuntimeError in a thread whose loop is running.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass  # the normal case
    else:
        coroutine.close()
        raise RuntimeError("an event loop is running in this thread: await the call instead")

    async def main() -> _T:
        try:
            return await coroutine
        finally:
            await close()

    with asyncio.Runner() as runner:
        return runner.run(main())


def fetch_sync(
    *,
    url: str,
    policy: Policy,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Response:
    """Make one call from code without an event loop; otherwise like `fetch`."""
    return run(fetch(url=url, policy=policy, method=method, headers=headers, body=body))


def resolve_check_sync(*, url: str, policy: Policy) -> None:
    """Check a URL and resolve its name from code without an event loop; like `resolve_check`."""
    run(resolve_check(url=url, policy=policy))


# One call ----------------------------------------------------------------------------------------


async def _follow(*, call: Call, url: str) -> Response:
    started = time.monotonic()
    redirects = 0
    origin = None
    while True:
        target = destinations.destination(url=url, policy=call.policy)
        origin = origin or target.url.origin()
        if target.url.origin() != origin:
            # The headers, an API key above all, were meant for the first host only.
            call.headers = {}
        response = None
        try:
            response = await _send(call=call, target=target)
            location = response.headers.get("Location")
            followed = call.policy.max_redirects > 0 and call.method in _SAFE_METHODS
            if followed and response.status in _REDIRECTS and location is not None:
                if redirects == call.policy.max_redirects:
                    raise TooManyRedirects("too_many_redirects", "The URL redirects too often.")
                redirects += 1
                url = urljoin(url, location)
                continue
            return Response(
                status=response.status,
                headers=_joined(response.headers.items()),
                body=await _read(response=response, call=call),
                url=url,
                elapsed_ms=round((time.monotonic() - started) * 1000),
                address=call.address,
            )
        finally:
            if response is not None:
                response.close()
            call.hang_up()


async def _send(*, call: Call, target: Destination) -> aiohttp.ClientResponse:
    """Send the request and return the response once its headers have arrived."""
    session = session_for(
        reach=target.reach,
        keep_alive=call.policy.keep_alive and call.method in _SAFE_METHODS,
    )
    with translated_errors(call):
        async with asyncio.timeout_at(call.deadline):
            return await session.request(
                call.method,
                target.url,
                headers={**call.headers, "Accept-Encoding": "identity"},
                data=call.body,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    connect=call.policy.connect_timeout_seconds,
                    ceil_threshold=3600,  # aiohttp rounds longer timeouts up to full seconds
                ),
            )


async def _read(*, response: aiohttp.ClientResponse, call: Call) -> bytes:
    """Read the body within the policy's limits."""
    body = Body(policy=call.policy)
    try:
        body.expect(
            length=response.content_length or 0,
            encoding=response.headers.get("Content-Encoding", ""),
        )
        with translated_errors(call):
            async with asyncio.timeout_at(call.deadline):
                async for chunk in response.content.iter_any():
                    if not body.add(chunk):
                        return body.kept()
        body.end()
    except FetchError:
        if not call.policy.cut_body:
            raise
    return body.kept()


def _joined(items: Any) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in items:
        lower = name.lower()
        headers[lower] = f"{headers[lower]}, {value}" if lower in headers else value
    return headers
