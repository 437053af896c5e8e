"""Outbound HTTP: which URLs may be called, and where redirects may lead."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.kernel.conftest import Serve
from tests.kernel.network import PUBLIC, PUBLIC_IPV6, Network, Request
from vidgo.kernel import http
from vidgo.kernel.http import (
    CALLBACK,
    CUSTOMER_IMAGE,
    VENDOR,
    VENDOR_RESULT,
    Policy,
    TooManyRedirects,
    Unreachable,
    UrlRefused,
)

# The standard policies, with loopback allowed and short timeouts.
IMAGE = replace(CUSTOMER_IMAGE, allow_loopback=True, total_timeout_seconds=2)
HOOK = replace(CALLBACK, allow_loopback=True, total_timeout_seconds=2)


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
    assert refused.value.message.endswith(".")
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
def test_a_callback_follows_no_redirect(serve: Serve, status: int) -> None:
    server = serve(lambda request: request.answer(status, Location="/elsewhere"))

    response = http.fetch_sync(url=server.url(), policy=HOOK, method="POST", body=b"{}")

    assert response.status == status
    assert len(server.requests) == 1


def test_a_post_follows_no_redirect(serve: Serve) -> None:
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
