"""The outbound client against servers that misbehave: bounded, never repeated, honest about it."""

import asyncio
import gzip
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.kernel.conftest import Serve
from tests.kernel.network import PUBLIC, PUBLIC_IPV6, Authority, Network, Request
from vidgo.kernel import destinations, http
from vidgo.kernel.http import (
    CALLBACK,
    CUSTOMER_IMAGE,
    VENDOR,
    VENDOR_RESULT,
    BadAnswer,
    ConnectionLost,
    Policy,
    TimedOut,
    TooLarge,
    TooManyRedirects,
    Unreachable,
    UrlRefused,
)
from vidgo.kernel.http_body import Body

# The ready-made policies, with loopback allowed as in development and clocks for impatient tests.
IMAGE = replace(CUSTOMER_IMAGE, allow_loopback=True, total_timeout_seconds=2)
HOOK = replace(CALLBACK, allow_loopback=True, total_timeout_seconds=2)
BRIEF = replace(IMAGE, total_timeout_seconds=0.3)


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started


# What is sent, what comes back -------------------------------------------------------------------


def test_an_answer_comes_back_with_its_facts(serve: Serve) -> None:
    server = serve(
        lambda request: request.answer(201, b"made", Content_Type="text/plain", X_Thing="one")
    )

    response = http.fetch_sync(url=server.url("/a?b=c"), policy=IMAGE)

    assert response.status == 201
    assert response.ok
    assert response.body == b"made"
    assert response.headers["content-type"] == "text/plain"
    assert response.headers["x-thing"] == "one"
    assert response.url == server.url("/a?b=c")
    assert response.address == "127.0.0.1"
    assert 0 <= response.elapsed_ms < 2000
    assert "made" not in repr(response)
    assert "127.0.0.1" not in repr(replace(response, url=""))


def test_an_error_status_is_an_answer_too(serve: Serve) -> None:
    server = serve(lambda request: request.answer(503, b"later", Retry_After="7"))

    response = http.fetch_sync(url=server.url(), policy=IMAGE)

    assert (response.status, response.ok, response.headers["retry-after"]) == (503, False, "7")


def test_a_request_says_who_we_are_and_asks_for_plain_bytes(serve: Serve) -> None:
    server = serve()

    http.fetch_sync(
        url=server.url(), policy=HOOK, method="POST", headers={"X-Key": "k"}, body=b"{}"
    )

    (request,) = server.requests
    assert request.line == "POST / HTTP/1.1"
    assert request.body == b"{}"
    assert request.header("user-agent") == http.USER_AGENT
    assert http.USER_AGENT.startswith("Vidgo/")
    assert request.header("accept-encoding") == "identity"
    assert request.header("host") == f"127.0.0.1:{server.port}"
    assert request.header("x-key") == "k"


def test_a_signed_link_is_called_exactly_as_written(serve: Serve) -> None:
    server = serve()
    path = "/a%2Fb/./c%7e//d;e?sig=%2Fx%3D%3d+y&t=1%207"

    http.fetch_sync(url=server.url(path), policy=IMAGE)
    http.fetch_sync(url=server.url("/münchen?q=ä"), policy=IMAGE)

    assert server.requests[0].line == f"GET {path} HTTP/1.1"
    assert server.requests[1].line == "GET /m%C3%BCnchen?q=%C3%A4 HTTP/1.1"


def test_cookies_are_not_kept(serve: Serve) -> None:
    server = serve(lambda request: request.answer(Set_Cookie="session=1; Path=/"))

    async def call_twice() -> None:
        for _ in range(2):
            await http.fetch(url=server.url(host="localhost"), policy=VENDOR)

    http.run(call_twice())

    assert [request.header("cookie") for request in server.requests] == [None, None]


def test_a_proxy_of_the_environment_is_not_used(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, proxy = serve(), serve()
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url())
    monkeypatch.delenv("no_proxy", raising=False)

    http.fetch_sync(url=server.url(), policy=IMAGE)

    assert (len(server.requests), proxy.connections) == (1, 0)


def test_json_goes_out_and_comes_back(serve: Serve) -> None:
    server = serve(lambda request: request.answer(200, b'{"id": "1", "n": [1, 2.5, null]}'))

    response = http.run(
        http.call_json(url=server.url(), payload={"prompt": "ä"}, headers={"X-Key": "k"})
    )

    assert response.json() == {"id": "1", "n": [1, 2.5, None]}
    (request,) = server.requests
    assert request.line.startswith("POST ")
    assert request.header("content-type") == "application/json"
    assert request.header("accept") == "application/json"
    assert request.header("x-key") == "k"
    assert request.body == b'{"prompt": "\\u00e4"}'


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b'{"a": ', b"\xff\xfe", b"[" * 100_000, b"1" * 10_000],
    ids=["empty", "html", "cut", "no text", "deep", "long number"],
)
def test_an_answer_that_is_not_json_says_so(serve: Serve, body: bytes) -> None:
    server = serve(lambda request: request.answer(200, body))

    response = http.run(http.call_json(url=server.url(), method="GET"))

    with pytest.raises(BadAnswer) as bad:
        response.json()
    assert bad.value.reason == "not_json"


# Which URLs --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "url"),
    [
        (CUSTOMER_IMAGE, "http://example.com/a.png"),
        (CUSTOMER_IMAGE, "HTTPS://EXAMPLE.com"),
        (CUSTOMER_IMAGE, "https://example.com:8443/a?b#c"),
        (CUSTOMER_IMAGE, "https://bücher.example/ä"),
        (CUSTOMER_IMAGE, "https://sub_domain.example./"),
        (CUSTOMER_IMAGE, f"http://{PUBLIC}/"),
        (CUSTOMER_IMAGE, f"http://[{PUBLIC_IPV6}]:80/"),
        (CUSTOMER_IMAGE, "https://example.com/@user:1/a@b.png"),
        (CALLBACK, "https://example.com/hook"),
        (CALLBACK, "https://example.com:8443/hook"),
        (CALLBACK, "https://example.com/" + "a" * 2028),
        (VENDOR, "https://10.0.0.1:9000/v1"),
        (VENDOR, "http://127.0.0.1:9000/v1"),
        (VENDOR_RESULT, "https://cdn.example/a.png?sig=a%2Fb"),
    ],
)
def test_an_ordinary_url_passes_without_a_look_up(
    network: Network, policy: Policy, url: str
) -> None:
    http.check_url(url=url, policy=policy)

    assert network.look_ups == []
    assert network.attempts == []


@pytest.mark.parametrize(
    ("policy", "url", "reason"),
    [
        (CUSTOMER_IMAGE, "ftp://example.com/", "scheme"),
        (CUSTOMER_IMAGE, "http://example.com:5000/", "port"),
        (CUSTOMER_IMAGE, "http://user@example.com/", "credentials"),
        (CUSTOMER_IMAGE, "example.com/a.png", "not_a_url"),
        (CUSTOMER_IMAGE, "http://exa mple.com/", "not_a_url"),
        (CUSTOMER_IMAGE, "http://127.1/", "host"),
        (CUSTOMER_IMAGE, "http://10.0.0.1/", "forbidden_address"),
        (CALLBACK, "http://example.com/", "scheme"),
        (CALLBACK, "https://example.com:80/", "port"),
        (CALLBACK, "https://example.com/" + "a" * 2029, "too_long"),
        (VENDOR, "http://10.0.0.1/", "forbidden_address"),
        (VENDOR, "https://key@example.com/", "credentials"),
        (VENDOR_RESULT, "http://example.com/", "scheme"),
    ],
)
def test_a_refused_url_comes_with_its_reason(policy: Policy, url: str, reason: str) -> None:
    with pytest.raises(UrlRefused) as refused:
        http.check_url(url=url, policy=policy)

    assert refused.value.reason == reason
    assert refused.value.sentence.endswith(".")
    assert not refused.value.sent


@pytest.mark.parametrize("check", [http.resolve_check_sync, http.fetch_sync])
def test_a_name_without_an_address_is_unreachable(
    network: Network, check: Callable[..., object]
) -> None:
    network.names["nowhere.example"] = [[]]

    with pytest.raises(Unreachable) as unreachable:
        check(url="https://nowhere.example/", policy=CALLBACK)

    assert (unreachable.value.reason, unreachable.value.sent) == ("dns", False)


def test_a_public_name_passes_the_check_by_resolving(network: Network) -> None:
    network.names["good.example"] = [["10.0.0.1", PUBLIC]]

    http.resolve_check_sync(url="https://good.example/", policy=CALLBACK)
    http.resolve_check_sync(url=f"https://{PUBLIC}/", policy=CALLBACK)

    assert network.look_ups == ["good.example"]
    assert network.attempts == []


# Redirects ---------------------------------------------------------------------------------------


def hop(request: Request) -> None:
    """Redirect /3 to /2 to /1 to /0, which answers."""
    left = int(request.line.split()[1].lstrip("/"))
    if left:
        request.answer(302, Location=f"/{left - 1}")
    else:
        request.answer(200, b"here")


def test_three_redirects_are_followed_and_a_fourth_is_not(serve: Serve) -> None:
    server = serve(hop)

    response = http.fetch_sync(url=server.url("/3"), policy=IMAGE)
    assert (response.body, response.url) == (b"here", server.url("/0"))
    server.requests.clear()

    with pytest.raises(TooManyRedirects) as many:
        http.fetch_sync(url=server.url("/4"), policy=IMAGE)
    assert many.value.sent
    assert [request.line.split()[1] for request in server.requests] == ["/4", "/3", "/2", "/1"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_callback_is_not_led_elsewhere(serve: Serve, status: int) -> None:
    server = serve(lambda request: request.answer(status, Location="/elsewhere"))

    response = http.fetch_sync(url=server.url(), policy=HOOK, method="POST", body=b"{}")

    assert response.status == status
    assert len(server.requests) == 1


def test_a_post_is_never_led_elsewhere(serve: Serve) -> None:
    server = serve(lambda request: request.answer(307, Location="/elsewhere"))

    response = http.fetch_sync(url=server.url(), policy=IMAGE, method="POST", body=b"{}")

    assert response.status == 307
    assert len(server.requests) == 1


def test_a_redirect_to_another_host_does_not_carry_the_callers_headers(serve: Serve) -> None:
    other = serve()
    server = serve(
        lambda request: (
            request.answer(302, Location="/second")
            if request.line.startswith("GET / ")
            else request.answer(302, Location=other.url("/third"))
        )
    )

    http.fetch_sync(url=server.url(), policy=IMAGE, headers={"Authorization": "Key secret"})

    assert [r.header("authorization") for r in server.requests] == ["Key secret"] * 2
    assert [r.header("authorization") for r in other.requests] == [None]


# Size --------------------------------------------------------------------------------------------

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


def test_a_gzip_bomb_is_unfolded_no_further_than_the_limit() -> None:
    body = Body(policy=SMALL)
    body.expect(length=0, encoding="gzip")

    with pytest.raises(TooLarge):
        body.add(gzip.compress(bytes(20_000_000), 9))

    assert len(body._kept) == SMALL.max_bytes + 1


def test_an_answer_compressed_against_our_wish_is_unfolded(serve: Serve) -> None:
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
def test_a_body_in_another_form_is_refused_but_does_not_fail_a_callback(
    serve: Serve, encoding: str, body: bytes
) -> None:
    server = serve(lambda request: request.answer(200, body, Content_Encoding=encoding))

    with pytest.raises(BadAnswer) as bad:
        http.fetch_sync(url=server.url(), policy=SMALL)
    assert (bad.value.reason, bad.value.sent) == ("encoding", True)

    assert http.fetch_sync(url=server.url(), policy=HOOK).status == 200


# Time --------------------------------------------------------------------------------------------


def drip_head(request: Request) -> None:
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
    "handler", [Request.hang, drip_head, drip_body, drip_continues, redirect_slowly]
)
def test_no_server_holds_a_call_beyond_its_wall_clock(
    serve: Serve, handler: Callable[[Request], None]
) -> None:
    server = serve(handler)

    watch = Stopwatch()
    with pytest.raises(TimedOut) as late:
        http.fetch_sync(url=server.url(), policy=BRIEF)

    assert 0.29 < watch.seconds < 1.5
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

    assert watch.seconds < 1.5
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

    assert watch.seconds < 1.5
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


# Broken connections ------------------------------------------------------------------------------


def test_a_closed_port_is_unreachable_and_nothing_was_sent(serve: Serve) -> None:
    server = serve()
    server.stop()

    with pytest.raises(Unreachable) as unreachable:
        http.fetch_sync(url=server.url(), policy=IMAGE, method="POST", body=b"{}")

    assert (unreachable.value.reason, unreachable.value.sent) == ("connect", False)
    assert str(server.port) not in unreachable.value.sentence


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
def test_a_broken_connection_leaves_the_outcome_open_and_is_never_tried_again(
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
    assert "SSH" not in bad.value.sentence
    assert len(server.requests) == 1


# TLS ---------------------------------------------------------------------------------------------


@pytest.fixture
def secure(
    network: Network, serve: Serve, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> Network:
    """A network where images.example and other.example lead to a server of images.example."""
    monkeypatch.setattr(http, "TLS", authority.trusting)
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
    monkeypatch.setattr(http, "TLS", True)

    with pytest.raises(Unreachable) as unreachable:
        http.fetch_sync(url="https://images.example/", policy=VENDOR_RESULT)

    assert (unreachable.value.reason, unreachable.value.sent) == ("tls", False)


def test_a_tls_server_that_never_says_goodbye_does_not_keep_the_connection(
    network: Network, serve: Serve, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer_and_hang(request: Request) -> None:
        request.answer()
        request.hang()

    monkeypatch.setattr(http, "TLS", authority.trusting)
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

    assert watch.seconds < 1.5
    assert (late.value.reason, late.value.sent) == ("connect_timed_out", False)
    assert server.requests == []


# Connections and loops ---------------------------------------------------------------------------


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


def test_a_connection_made_for_a_vendor_is_not_lent_to_a_customer(serve: Serve) -> None:
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


def test_code_inside_a_running_loop_is_told_to_await(serve: Serve) -> None:
    server = serve()

    async def call_the_wrong_way() -> None:
        http.fetch_sync(url=server.url(), policy=IMAGE)

    with pytest.raises(RuntimeError):
        http.run(call_the_wrong_way())
    assert server.connections == 0


def test_a_cancelled_call_stops_at_once(serve: Serve) -> None:
    server = serve(Request.hang)

    async def start_and_cancel() -> None:
        task = asyncio.create_task(http.fetch(url=server.url(), policy=IMAGE))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    watch = Stopwatch()
    http.run(start_and_cancel())

    assert watch.seconds < 1.5
    assert len(server.requests) == 1
