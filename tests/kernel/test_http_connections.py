"""Outbound HTTP: broken connections, TLS, kept connections and event loops."""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.kernel.conftest import Serve
from tests.kernel.network import PUBLIC, Authority, Network, Request, Stopwatch
from vidgo.kernel import http
from vidgo.kernel.http import (
    CALLBACK,
    CUSTOMER_IMAGE,
    VENDOR,
    VENDOR_RESULT,
    BadAnswer,
    ConnectionLost,
    TimedOut,
    Unreachable,
    UrlRefused,
    connections,
)

# The standard policies, with loopback allowed and short timeouts.
IMAGE = replace(CUSTOMER_IMAGE, allow_loopback=True, total_timeout_seconds=2)


def test_a_closed_port_is_unreachable_and_nothing_was_sent(serve: Serve) -> None:
    server = serve()
    server.stop()

    with pytest.raises(Unreachable) as unreachable:
        http.fetch_sync(url=server.url(), policy=IMAGE, method="POST", body=b"{}")

    assert (unreachable.value.reason, unreachable.value.sent) == ("connect", False)
    assert str(server.port) not in unreachable.value.message


def cut_short(request: Request) -> None:
    request.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
    request.connection.shutdown(2)


def reset_in_body(request: Request) -> None:
    request.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc")
    request.server.stopped.wait(0.1)
    request.reset()


@pytest.mark.parametrize(
    "handler",
    [
        Request.reset,
        lambda request: request.connection.shutdown(2),
        cut_short,
        reset_in_body,
    ],
    ids=["reset", "close", "cut short", "reset in the body"],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_a_broken_connection_has_an_unknown_outcome_and_is_never_retried(
    serve: Serve, handler: Callable[[Request], None], method: str
) -> None:
    server = serve(handler)
    policy = replace(VENDOR, total_timeout_seconds=2)

    with pytest.raises(ConnectionLost) as lost:
        http.fetch_sync(url=server.url(), policy=policy, method=method)

    assert lost.value.sent
    assert len(server.requests) == 1
    assert server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nNo colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    ],
    ids=["ssh", "status", "colon", "long header", "many headers", "length", "chunk", "lengths"],
)
def test_what_is_not_http_is_a_bad_answer(serve: Serve, answer: bytes) -> None:
    server = serve(lambda request: request.send(answer))

    with pytest.raises(BadAnswer) as bad:
        http.fetch_sync(url=server.url(), policy=IMAGE)

    assert (bad.value.reason, bad.value.sent) == ("not_http", True)
    assert "SSH" not in bad.value.message
    assert len(server.requests) == 1


@pytest.fixture
def secure(
    network: Network, serve: Serve, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> Network:
    """A network where images.example and other.example lead to a server of images.example."""
    monkeypatch.setattr(connections, "TLS", authority.trusting)
    network.routes[PUBLIC] = serve(tls=authority.server).port
    network.names |= {"images.example": [[PUBLIC]], "other.example": [[PUBLIC]]}
    return network


def test_a_trusted_name_is_called_at_the_address_that_was_checked(secure: Network) -> None:
    response = http.fetch_sync(url="https://images.example/a.png", policy=CUSTOMER_IMAGE)

    assert response.status == 200
    assert secure.attempts == [(PUBLIC, 443)]


@pytest.mark.parametrize("host", ["other.example", PUBLIC])
def test_a_certificate_for_another_name_is_refused(secure: Network, host: str) -> None:
    with pytest.raises(Unreachable) as unreachable:
        http.fetch_sync(url=f"https://{host}/", policy=CALLBACK, method="POST", body=b"{}")

    assert (unreachable.value.reason, unreachable.value.sent) == ("tls", False)


def test_a_certificate_of_an_unknown_authority_is_refused(
    secure: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "TLS", True)

    with pytest.raises(Unreachable) as unreachable:
        http.fetch_sync(url="https://images.example/", policy=VENDOR_RESULT)

    assert (unreachable.value.reason, unreachable.value.sent) == ("tls", False)


def test_a_tls_server_that_never_closes_does_not_keep_the_connection(
    network: Network, serve: Serve, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer_and_hang(request: Request) -> None:
        request.answer()
        request.hang()

    monkeypatch.setattr(connections, "TLS", authority.trusting)
    network.names["images.example"] = [[PUBLIC]]
    network.routes[PUBLIC] = serve(answer_and_hang, tls=authority.server).port

    async def fetch_and_look() -> list[int]:
        await http.fetch(url="https://images.example/", policy=CUSTOMER_IMAGE)
        await asyncio.sleep(0.05)
        return [sock.fileno() for sock in network.sockets]

    assert http.run(fetch_and_look()) == [-1]


def test_a_server_that_does_not_speak_tls_is_refused_over_https(serve: Serve) -> None:
    # A ClientHello holds no empty line, so this server waits for more, as plain ones do.
    server = serve()
    policy = replace(IMAGE, connect_timeout_seconds=0.2)

    watch = Stopwatch()
    with pytest.raises(TimedOut) as late:
        http.fetch_sync(url=server.url(scheme="https"), policy=policy)

    assert watch.seconds < 5
    assert (late.value.reason, late.value.sent) == ("connect_timed_out", False)
    assert server.requests == []


def test_polling_a_vendor_reuses_its_connection_and_posting_does_not(serve: Serve) -> None:
    server = serve()

    async def poll_and_post() -> None:
        for _ in range(3):
            await http.fetch(url=server.url("/poll"), policy=VENDOR)
        assert server.connections == 1
        for _ in range(3):
            await http.fetch(url=server.url("/start"), policy=VENDOR, method="POST", body=b"{}")
        assert server.connections == 4

    http.run(poll_and_post())

    starts = [request for request in server.requests if request.line.startswith("POST")]
    assert [request.header("connection") for request in starts] == ["close"] * 3


def test_a_connection_to_a_vendor_is_not_reused_for_a_customer(serve: Serve) -> None:
    server = serve()

    async def vendor_then_customer() -> None:
        await http.fetch(url=server.url(), policy=VENDOR)
        with pytest.raises(UrlRefused):
            await http.fetch(url=server.url(host="localhost"), policy=CUSTOMER_IMAGE)
        await http.fetch(url=server.url(), policy=IMAGE)

    http.run(vendor_then_customer())

    assert server.connections == 2


def test_hundreds_of_calls_share_one_loop(serve: Serve) -> None:
    def handler(request: Request) -> None:
        time.sleep(0.3)
        request.answer(200, b"done")

    server = serve(handler)

    async def call_all() -> list[http.Response]:
        return await asyncio.gather(
            *(http.call_json(url=server.url(f"/{i}"), payload={"i": i}) for i in range(200))
        )

    watch = Stopwatch()
    responses = http.run(call_all())

    assert [response.body for response in responses] == [b"done"] * 200
    assert watch.seconds < 10


def test_threads_call_without_sharing_anything(serve: Serve) -> None:
    server = serve(lambda request: request.answer(200, request.line.encode()))
    bodies: dict[int, bytes] = {}

    def call(number: int) -> None:
        for _ in range(3):
            bodies[number] = http.fetch_sync(url=server.url(f"/{number}"), policy=IMAGE).body

    threads = [threading.Thread(target=call, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)

    assert bodies == {number: f"GET /{number} HTTP/1.1".encode() for number in range(8)}


def test_code_in_a_running_loop_must_await(serve: Serve) -> None:
    server = serve()

    async def call_the_wrong_way() -> None:
        http.fetch_sync(url=server.url(), policy=IMAGE)

    with pytest.raises(RuntimeError):
        http.run(call_the_wrong_way())
    assert server.connections == 0


def test_a_cancelled_call_stops_at_once(serve: Serve) -> None:
    server = serve(Request.hang)
    patient = replace(IMAGE, total_timeout_seconds=20)

    async def start_and_cancel() -> None:
        task = asyncio.create_task(http.fetch(url=server.url(), policy=patient))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    watch = Stopwatch()
    http.run(start_and_cancel())

    assert watch.seconds < 5
    assert len(server.requests) == 1
