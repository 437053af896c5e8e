"""The one outbound HTTP client: deadlines, size limits, no private addresses, no retries.

Within an event loop `await fetch(...)`; its connections are shared by all calls of that loop, which
must end with `await close()`. `run(...)` starts a loop and closes it properly; `fetch_sync(...)` is
for code without one, such as a view. What a call may do is its policy's matter, see
`kernel.destinations`; how it can fail is told by `kernel.http_errors`.

The client never repeats a request and follows redirects itself, each checked like the first URL.
"""

import asyncio
import contextlib
import errno
import json
import socket
import ssl
import threading
import time
from collections.abc import Coroutine, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urljoin

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from vidgo import __version__
from vidgo.kernel.http import destinations
from vidgo.kernel.http.body import Body
from vidgo.kernel.http.destinations import (
    VENDOR,
    Destination,
    Policy,
    Reach,
    resolve_check,
)
from vidgo.kernel.http.errors import (
    BadAnswer,
    ConnectionLost,
    FetchError,
    TimedOut,
    TooManyRedirects,
    Unreachable,
    UrlRefused,
)

USER_AGENT = f"Vidgo/{__version__}"
# True stands for the system's certificate authorities.
TLS: ssl.SSLContext | bool = True

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Response:
    """An answer, whatever its status; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    url: str
    elapsed_ms: int
    # The IP address that answered. For the log: never shown to a customer.
    address: str = field(repr=False)

    @property
    def ok(self) -> bool:
        """Return whether the status is one of success."""
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
    """Make one call within its policy and return the answer, whatever its status.

    Raises UrlRefused, Unreachable, TimedOut, ConnectionLost, BadAnswer, TooLarge or
    TooManyRedirects, all of them FetchError.
    """
    call = _Call(
        method=method,
        policy=policy,
        headers=dict(headers or {}),
        body=body,
        deadline=asyncio.get_running_loop().time() + policy.total_timeout_seconds,
    )
    token = _CALL.set(call)
    try:
        return await _follow(call=call, url=url)
    except FetchError as error:
        error.sent = call.sent
        raise
    finally:
        _CALL.reset(token)


async def call_json(
    *,
    url: str,
    method: str = "POST",
    payload: Any = None,
    headers: Mapping[str, str] | None = None,
    policy: Policy = VENDOR,
) -> Response:
    """Send a payload as JSON (none at all for None) and return the answer; raises like `fetch`.

    Read the answer with `response.json()`, after a look at its status.
    """
    sent_headers = {"Accept": "application/json", **(headers or {})}
    body = None
    if payload is not None:
        sent_headers["Content-Type"] = "application/json"
        body = json.dumps(payload).encode()
    return await fetch(url=url, policy=policy, method=method, headers=sent_headers, body=body)


async def close() -> None:
    """Close the connections of this event loop; call it before the loop ends."""
    for session in _LOCAL.sessions.pop(asyncio.get_running_loop(), {}).values():
        await session.close()


def run(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine that makes calls on an event loop of its own and return its result.

    Raises what the coroutine raises, and RuntimeError in a thread whose loop is running.
    """

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass  # as it should be
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


@dataclass(kw_only=True)
class _Call:
    """What is known about the call in progress."""

    method: str
    policy: Policy
    headers: dict[str, str]
    body: bytes | None
    # By the clock of the event loop; it bounds everything, redirects and body included.
    deadline: float
    # A connection was there, so the request may have left on it.
    sent: bool = False
    # The reach of a socket that was about to leave it.
    refused: Reach | None = None
    transport: asyncio.Transport | None = None
    address: str = ""

    def hang_up(self) -> None:
        """Drop the connection now, unless its session keeps it for another call.

        A TLS connection that is only closed waits half a minute for the other side to agree.
        """
        if self.transport is not None and self.transport.is_closing():
            self.transport.abort()
        self.transport = None


_CALL: ContextVar[_Call] = ContextVar("outbound_call")


async def _follow(*, call: _Call, url: str) -> Response:
    started = time.monotonic()
    redirects = 0
    origin = None
    while True:
        target = destinations.destination(url=url, policy=call.policy)
        origin = origin or target.url.origin()
        if target.url.origin() != origin:
            # Whatever the caller sent along, a key above all, was meant for the first host.
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


async def _send(*, call: _Call, target: Destination) -> aiohttp.ClientResponse:
    """Send the request and return the answer once its headers are there."""
    session = _session(
        reach=target.reach,
        keep_alive=call.policy.keep_alive and call.method in _SAFE_METHODS,
    )
    with _translated(call):
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


async def _read(*, response: aiohttp.ClientResponse, call: _Call) -> bytes:
    """Read the body within the policy's bounds."""
    body = Body(policy=call.policy)
    try:
        body.expect(
            length=response.content_length or 0,
            encoding=response.headers.get("Content-Encoding", ""),
        )
        with _translated(call):
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


@contextlib.contextmanager
def _translated(call: _Call) -> Iterator[None]:
    """Turn what the library raises into our own errors; what is neither passes as it is."""
    try:
        yield
    except FetchError:
        raise
    except Exception as exc:
        error = _translate(exc, call)
        if error is None:
            raise
        raise error from exc


def _translate(exc: Exception, call: _Call) -> FetchError | None:
    if call.refused is not None:
        return destinations.forbidden(call.refused)
    match exc:
        case aiohttp.ClientSSLError():
            return Unreachable("tls", "No trusted TLS connection to the host could be made.")
        case aiohttp.ClientConnectorError():
            return Unreachable("connect", "The host could not be reached.")
        case aiohttp.ConnectionTimeoutError():
            return destinations.connect_timed_out()
        case TimeoutError():
            return TimedOut("timed_out", "The call took too long.")
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return UrlRefused("not_a_url", "This is not a valid URL.")
        case aiohttp.ClientResponseError():
            return BadAnswer("not_http", "The answer is not proper HTTP.")
        case aiohttp.ClientError() | OSError():
            return ConnectionLost("connection_lost", "The connection broke off.")
    return None


# Sessions ----------------------------------------------------------------------------------------


class _Socket(socket.socket):
    """The last line of defence: a socket that connects to nothing outside its reach."""

    def __init__(self, *, reach: Reach, family: int, type_: int, proto: int) -> None:
        super().__init__(family, type_, proto)
        self._reach = reach

    def connect(self, address: Any, /) -> None:
        if not self._reach.admits(address[0]):
            _CALL.get().refused = self._reach
            raise PermissionError(errno.EACCES, "address out of reach")
        super().connect(address)


class _Resolver(AbstractResolver):
    """Resolves names to the addresses within reach only."""

    def __init__(self, *, reach: Reach) -> None:
        self._reach = reach

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await destinations.look_up(host=host, port=port, reach=self._reach)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found
        ]

    async def close(self) -> None:
        """Hold nothing, close nothing."""


class _Connector(aiohttp.TCPConnector):
    """Connects within one reach; a connection made for one is never lent to another."""

    def __init__(self, *, reach: Reach, keep_alive: bool) -> None:
        def make_socket(info: Any) -> socket.socket:
            return _Socket(reach=reach, family=info[0], type_=info[1], proto=info[2])

        super().__init__(
            resolver=_Resolver(reach=reach),
            # Only the operator's own names are remembered (10 seconds); a customer's never.
            use_dns_cache=reach is Reach.ANYWHERE,
            limit=0,
            # One attempt at each address: with less, aiohttp begins anew with the rest of them.
            interleave=destinations.MAX_ADDRESSES,
            force_close=not keep_alive,
            socket_factory=make_socket,
            ssl=TLS,
        )

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 (the library's own signature)
    ) -> aiohttp.connector.Connection:
        connection = await super().connect(req, traces, timeout)
        call = _CALL.get()
        call.sent = True
        call.transport = connection.transport
        if call.transport is not None:
            call.address = str((call.transport.get_extra_info("peername") or [""])[0])
        return connection


async def _send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from repeating GET, PUT and DELETE: it repeats only upon errors of its own."""
    with _translated(_CALL.get()):
        return await handler(request)


class _Local(threading.local):
    def __init__(self) -> None:
        self.sessions: dict[
            asyncio.AbstractEventLoop, dict[tuple[Reach, bool], aiohttp.ClientSession]
        ] = {}


_LOCAL = _Local()


def _session(*, reach: Reach, keep_alive: bool) -> aiohttp.ClientSession:
    sessions = _LOCAL.sessions.setdefault(asyncio.get_running_loop(), {})
    session = sessions.get((reach, keep_alive))
    if session is None:
        session = sessions[reach, keep_alive] = aiohttp.ClientSession(
            connector=_Connector(reach=reach, keep_alive=keep_alive),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": USER_AGENT, "Accept": "*/*"},
            # Otherwise a POST without a body claims to carry an octet stream.
            skip_auto_headers=("Content-Type",),
            middlewares=(_send_once,),
            auto_decompress=False,
            trust_env=False,
        )
    return session
