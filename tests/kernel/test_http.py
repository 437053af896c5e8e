"""The outbound client: requests, responses and JSON."""

from dataclasses import replace

import pytest

from tests.kernel.conftest import Serve
from vidgo.kernel import http
from vidgo.kernel.http import (
    CALLBACK,
    CUSTOMER_IMAGE,
    VENDOR,
    BadAnswer,
    connections,
)

# The standard policies, with loopback allowed and short timeouts.
IMAGE = replace(CUSTOMER_IMAGE, allow_loopback=True, total_timeout_seconds=2)
HOOK = replace(CALLBACK, allow_loopback=True, total_timeout_seconds=2)


def test_a_response_has_status_headers_body_and_url(serve: Serve) -> None:
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
    assert request.header("user-agent") == connections.USER_AGENT
    assert connections.USER_AGENT.startswith("Vidgo/")
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
