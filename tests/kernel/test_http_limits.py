"""Outbound HTTP: how much is read, and for how long."""

import asyncio
import gzip
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.kernel.conftest import Serve
from tests.kernel.network import PUBLIC, Network, Request, Stopwatch
from vidgo.kernel import http
from vidgo.kernel.http import (
    CALLBACK,
    CUSTOMER_IMAGE,
    VENDOR,
    BadAnswer,
    Policy,
    TimedOut,
    TooLarge,
    destinations,
)
from vidgo.kernel.http.body import Body

# The standard policies, with loopback allowed and short timeouts.
IMAGE = replace(CUSTOMER_IMAGE, allow_loopback=True, total_timeout_seconds=2)
HOOK = replace(CALLBACK, allow_loopback=True, total_timeout_seconds=2)
BRIEF = replace(IMAGE, total_timeout_seconds=0.3)


SMALL = replace(IMAGE, max_bytes=100_000)


def test_a_body_of_exactly_the_limit_is_read(serve: Serve) -> None:
    server = serve(lambda request: request.answer(200, b"x" * 100_000))

    assert len(http.fetch_sync(url=server.url(), policy=SMALL).body) == 100_000


def test_a_body_that_says_it_is_too_large_is_not_read(serve: Serve) -> None:
    def handler(request: Request) -> None:
        request.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n")
        request.hang()

    with pytest.raises(TooLarge) as large:
        http.fetch_sync(url=serve(handler).url(), policy=SMALL)

    assert large.value.sent


@pytest.mark.parametrize("policy", [SMALL, HOOK], ids=["image", "callback"])
def test_an_endless_body_is_cut_off(serve: Serve, policy: Policy) -> None:
    sent = []

    def handler(request: Request) -> None:
        request.connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not request.server.stopped.is_set():
            request.connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            sent.append(65536)

    url = serve(handler).url()
    if policy.cut_body:
        response = http.fetch_sync(url=url, policy=policy)
        assert (response.status, response.body) == (200, b"x" * 1024)
    else:
        with pytest.raises(TooLarge):
            http.fetch_sync(url=url, policy=policy)
    # What fits into the buffers between the two, and not much more.
    assert sum(sent) < 20_000_000


def test_a_callback_keeps_the_first_kilobyte_of_a_long_answer(serve: Serve) -> None:
    server = serve(lambda request: request.answer(200, bytes(range(256)) * 100))

    response = http.fetch_sync(url=server.url(), policy=HOOK, method="POST", body=b"{}")

    assert response.body == bytes(range(256)) * 4


def test_a_gzip_bomb_is_refused(serve: Serve) -> None:
    bomb = gzip.compress(bytes(20_000_000), 9)
    assert len(bomb) < SMALL.max_bytes
    server = serve(lambda request: request.answer(200, bomb, Content_Encoding="gzip"))

    with pytest.raises(TooLarge):
        http.fetch_sync(url=server.url(), policy=SMALL)
    assert http.fetch_sync(url=server.url(), policy=HOOK).body == bytes(1024)


def test_a_gzip_bomb_is_decompressed_no_further_than_the_limit() -> None:
    body = Body(policy=SMALL)
    body.expect(length=0, encoding="gzip")

    with pytest.raises(TooLarge):
        body.add(gzip.compress(bytes(20_000_000), 9))

    assert len(body._kept) == SMALL.max_bytes + 1


def test_an_unrequested_compression_is_decompressed(serve: Serve) -> None:
    body = gzip.compress(b"plain" * 1000)
    server = serve(lambda request: request.answer(200, body, Content_Encoding="gzip"))

    assert http.fetch_sync(url=server.url(), policy=SMALL).body == b"plain" * 1000


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("br", b"anything"),
        ("zstd", b"anything"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"x"))),
        ("gzip", b"not compressed"),
        ("gzip", gzip.compress(b"x" * 1000)[:-9]),
        ("gzip", zlib.compress(b"x")),
    ],
    ids=["brotli", "zstd", "twice", "not gzip", "cut short", "deflate"],
)
def test_an_unsupported_encoding_is_refused_but_does_not_fail_a_callback(
    serve: Serve, encoding: str, body: bytes
) -> None:
    server = serve(lambda request: request.answer(200, body, Content_Encoding=encoding))

    with pytest.raises(BadAnswer) as bad:
        http.fetch_sync(url=server.url(), policy=SMALL)
    assert (bad.value.reason, bad.value.sent) == ("encoding", True)

    assert http.fetch_sync(url=server.url(), policy=HOOK).status == 200


def drip_headers(request: Request) -> None:
    request.drip(b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 1000, every_seconds=0.05)


def drip_body(request: Request) -> None:
    request.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    request.drip(b"x" * 1000, every_seconds=0.05)


def drip_continues(request: Request) -> None:
    request.drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 100, every_seconds=0.01)


def redirect_slowly(request: Request) -> None:
    request.server.stopped.wait(0.2)
    request.answer(302, Location="/again")


@pytest.mark.parametrize(
    "handler", [Request.hang, drip_headers, drip_body, drip_continues, redirect_slowly]
)
def test_no_server_holds_a_call_beyond_its_total_timeout(
    serve: Serve, handler: Callable[[Request], None]
) -> None:
    server = serve(handler)

    watch = Stopwatch()
    with pytest.raises(TimedOut) as late:
        http.fetch_sync(url=server.url(), policy=BRIEF)

    assert 0.29 < watch.seconds < 5
    assert (late.value.reason, late.value.sent) == ("timed_out", True)


def test_a_callback_counts_as_answered_once_its_status_is_there(serve: Serve) -> None:
    brief = replace(HOOK, total_timeout_seconds=0.3)

    def reset_body(request: Request) -> None:
        request.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc")
        request.server.stopped.wait(0.1)
        request.reset()

    watch = Stopwatch()
    dripped = http.fetch_sync(url=serve(drip_body).url(), policy=brief)
    broken = http.fetch_sync(url=serve(reset_body).url(), policy=brief)

    assert watch.seconds < 5
    assert dripped.status == broken.status == 200
    assert set(dripped.body) == {ord("x")}
    assert broken.body == b"abc"


@pytest.fixture
def hanging_look_up(network: Network) -> Iterator[None]:
    """Let the look-up of slow.example hang until the test is over, and then come back."""
    network.names["slow.example"] = [[PUBLIC]]
    network.hanging["slow.example"] = threading.Event()
    yield
    network.hanging["slow.example"].set()
    for thread in threading.enumerate():
        if thread.name == "look-up":
            thread.join(5)


@pytest.mark.parametrize("check", [http.resolve_check_sync, http.fetch_sync])
@pytest.mark.usefixtures("hanging_look_up")
def test_a_hanging_look_up_ends_with_the_connect_timeout(
    network: Network, check: Callable[..., object]
) -> None:
    watch = Stopwatch()
    with pytest.raises(TimedOut) as late:
        check(
            url="http://slow.example/", policy=replace(CUSTOMER_IMAGE, connect_timeout_seconds=0.1)
        )

    assert watch.seconds < 5
    assert (late.value.reason, late.value.sent) == ("connect_timed_out", False)
    assert network.attempts == []


@pytest.mark.usefixtures("hanging_look_up")
def test_hanging_look_ups_of_customers_are_bounded_and_do_not_hold_up_vendors(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(destinations, "_CUSTOMER_SLOTS", threading.BoundedSemaphore(3))
    network.names["vendor.example"] = [[PUBLIC]]
    policy = replace(CUSTOMER_IMAGE, connect_timeout_seconds=0.2)

    async def both() -> list[BaseException | None]:
        slow = [http.resolve_check(url="http://slow.example/", policy=policy) for _ in range(10)]
        customers = asyncio.gather(*slow, return_exceptions=True)
        await asyncio.sleep(0.05)
        await http.resolve_check(url="https://vendor.example/", policy=VENDOR)
        return await customers

    customers = http.run(both())

    assert all(isinstance(outcome, TimedOut) for outcome in customers)
    assert network.look_ups.count("slow.example") == 3
