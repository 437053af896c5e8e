"""The connections of outbound calls: their sockets, name look-up, sessions and failures."""

import asyncio
import contextlib
import errno
import socket
import ssl
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from vidgo import __version__
from vidgo.kernel.http import destinations
from vidgo.kernel.http.destinations import Policy, Reach
from vidgo.kernel.http.errors import (
    BadAnswer,
    ConnectionLost,
    FetchError,
    TimedOut,
    Unreachable,
    UrlRefused,
)

USER_AGENT = f"Vidgo/{__version__}"
# True means the system's certificate authorities.
TLS: ssl.SSLContext | bool = True


@dataclass(kw_only=True)
class Call:
    """The state of a call in progress."""

    method: str
    policy: Policy
    headers: dict[str, str]
    body: bytes | None
    # In event loop time; it covers the whole call, redirects and body included.
    deadline: float
    # Whether there was a connection, so that the request may have been sent.
    sent: bool = False
    # The reach of a socket that tried to connect outside it.
    refused: Reach | None = None
    transport: asyncio.Transport | None = None
    address: str = ""

    def hang_up(self) -> None:
        """Drop the connection now, unless its session keeps it for another call.

        Closing a TLS connection politely can wait half a minute for the other side.
        """
        if self.transport is not None and self.transport.is_closing():
            self.transport.abort()
        self.transport = None


current_call: ContextVar[Call] = ContextVar("outbound_call")


@contextlib.contextmanager
def translated_errors(call: Call) -> Iterator[None]:
    """Turn the library's exceptions into a FetchError; other exceptions pass unchanged."""
    try:
        yield
    except FetchError:
        raise
    except Exception as exc:
        error = _translate(exc, call)
        if error is None:
            raise
        raise error from exc


def _translate(exc: Exception, call: Call) -> FetchError | None:
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
            return BadAnswer("not_http", "The answer is not valid HTTP.")
        case aiohttp.ClientError() | OSError():
            return ConnectionLost("connection_lost", "The connection was lost.")
    return None


class _Socket(socket.socket):
    """A socket that refuses to connect outside its reach: the last line of defense."""

    def __init__(self, *, reach: Reach, family: int, type_: int, proto: int) -> None:
        super().__init__(family, type_, proto)
        self._reach = reach

    def connect(self, address: Any, /) -> None:
        if not self._reach.admits(address[0]):
            current_call.get().refused = self._reach
            raise PermissionError(errno.EACCES, "address out of reach")
        super().connect(address)


class _Resolver(AbstractResolver):
    """Resolve names to the addresses within reach only."""

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
        """Nothing to close."""


class _Connector(aiohttp.TCPConnector):
    """Connect within one reach; connections are never shared between reaches."""

    def __init__(self, *, reach: Reach, keep_alive: bool) -> None:
        def make_socket(info: Any) -> socket.socket:
            return _Socket(reach=reach, family=info[0], type_=info[1], proto=info[2])

        super().__init__(
            resolver=_Resolver(reach=reach),
            # Cache only names that the operator configured (for 10 seconds), never a customer's.
            use_dns_cache=reach is Reach.ANYWHERE,
            limit=0,
            # One attempt at each address; with a lower number aiohttp retries the rest.
            interleave=destinations.MAX_ADDRESSES,
            force_close=not keep_alive,
            socket_factory=make_socket,
            ssl=TLS,
        )

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  the library's signature
    ) -> aiohttp.connector.Connection:
        connection = await super().connect(req, traces, timeout)
        call = current_call.get()
        call.sent = True
        call.transport = connection.transport
        if call.transport is not None:
            call.address = str((call.transport.get_extra_info("peername") or [""])[0])
        return connection


async def _send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from repeating GET, PUT and DELETE, which it does only on its own errors."""
    with translated_errors(current_call.get()):
        return await handler(request)


class _Local(threading.local):
    def __init__(self) -> None:
        self.sessions: dict[
            asyncio.AbstractEventLoop, dict[tuple[Reach, bool], aiohttp.ClientSession]
        ] = {}


_LOCAL = _Local()


def session_for(*, reach: Reach, keep_alive: bool) -> aiohttp.ClientSession:
    """Return this event loop's session for calls within a reach."""
    sessions = _LOCAL.sessions.setdefault(asyncio.get_running_loop(), {})
    session = sessions.get((reach, keep_alive))
    if session is None:
        session = sessions[reach, keep_alive] = aiohttp.ClientSession(
            connector=_Connector(reach=reach, keep_alive=keep_alive),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": USER_AGENT, "Accept": "*/*"},
            # Otherwise aiohttp adds application/octet-stream to a POST without a body.
            skip_auto_headers=("Content-Type",),
            middlewares=(_send_once,),
            auto_decompress=False,
            trust_env=False,
        )
    return session


async def close() -> None:
    """Close the connections of this event loop; call it before the loop ends."""
    for each in _LOCAL.sessions.pop(asyncio.get_running_loop(), {}).values():
        await each.close()
