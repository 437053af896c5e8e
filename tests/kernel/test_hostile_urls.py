"""URLs that try to reach internal addresses: none of them makes a connection."""

import asyncio
import socket

import pytest
from pytest_django import Settings

from tests.kernel.conftest import Serve
from tests.kernel.network import PUBLIC, PUBLIC_IPV6, Network, Request
from vidgo.kernel import http
from vidgo.kernel.http import CALLBACK, CUSTOMER_IMAGE, VENDOR_RESULT, Policy, UrlRefused

# What each name of the tests resolves to.
HOSTILE_NAMES = {
    "loopback.example": ["127.0.0.1"],
    "loopback6.example": ["::1"],
    "other-loopback.example": ["127.8.9.10"],
    "any.example": ["0.0.0.0"],
    "private.example": ["10.1.2.3"],
    "carrier.example": ["100.100.100.200"],
    "metadata.example": ["169.254.169.254"],
    "azure.example": ["168.63.129.16"],
    "broadcast.example": ["255.255.255.255"],
    "mapped.example": ["::ffff:169.254.169.254"],
    "compatible.example": ["::a9fe:a9fe"],
    "nat64.example": ["64:ff9b::a9fe:a9fe"],
    "sixtofour.example": ["2002:a9fe:a9fe::1"],
    "teredo.example": ["2001:0:4136:e378:8000:63bf:3fff:fdd2"],
    "local.example": ["fd00:ec2::254"],
    "link.example": ["fe80::1"],
    "zone.example": ["fe80::1%lo"],
    "many.example": ["10.0.0.1", "192.168.0.1", "::1", "169.254.169.254"],
    "trailing.example.": ["127.0.0.1"],
    "under_score.example": ["172.16.0.1"],
    "xn--bcher-kva.example": ["192.168.1.1"],
    "localhost.": ["127.0.0.1"],
    "ip6-localhost": ["::1"],
}

# Each is tried over https and over http.
HOSTILE_HOSTS = [
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "127.8.9.10",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "00000177.0.0.1",
    "127.0.0.0x1",
    "127.000.000.001",
    "0",
    "0.0.0.0",
    "10.0.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "169.254.169.254",
    "2852039166",
    "0xA9FEA9FE",
    "0xa9.0xfe.0xa9.0xfe",
    "0251.0376.0251.0376",
    "169.254.43518",
    "172.16.0.1",
    "192.0.0.192",
    "192.168.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "①②⑦.⓪.⓪.①",
    "１２７.0.0.1",
    "127。0。0。1",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "%31%32%37.0.0.1",
    "localhost",
    "LOCALHOST",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:a9fe:a9fe]",
    "[::127.0.0.1]",
    "[::a9fe:a9fe]",
    "[::1%lo]",
    "[::1%25lo]",
    "[fe80::1%25eth0]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::a00:1]",
    "[2002:7f00:1::]",
    "[2001:db8::1]",
    "[fec0::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "[127.0.0.1]",
    "[v1.fe80]",
    "a..example",
    "-.example",
    "a b.example",
    "a,b.example",
    "example\\.com",
    "example.com\\@127.0.0.1",
    "example.com\r\n.example",
    "exam\tple.example",
    "example.com%00.example",
    f"user:password@{PUBLIC}",
    f"user@{PUBLIC}",
    f"@{PUBLIC}",
    f"{PUBLIC}@127.0.0.1",
    "x" * 64 + ".example",
    *HOSTILE_NAMES,
]

HOSTILE_URLS = [
    *(f"https://{host}/latest/meta-data/" for host in HOSTILE_HOSTS),
    *(f"http://{host}:8443/latest/meta-data/" for host in HOSTILE_HOSTS),
    "",
    "example.com",
    "/etc/passwd",
    "//127.0.0.1/",
    "https:",
    "https:/",
    "https://",
    "https:///etc/passwd",
    "https:127.0.0.1",
    "https:////127.0.0.1/",
    "https://?host",
    "https://#host",
    "https://:443/",
    "file:///etc/passwd",
    "file://localhost/etc/passwd",
    "ftp://127.0.0.1/",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "dict://127.0.0.1:11211/stat",
    "ldap://127.0.0.1/",
    "unix:///var/run/docker.sock",
    "data:image/png;base64,AAAA",
    "javascript:alert(1)",
    "ws://127.0.0.1/",
    "tcp://127.0.0.1/",
    "jar:https://127.0.0.1!/",
    f"https://{PUBLIC}:22/",
    f"https://{PUBLIC}:0/",
    f"https://{PUBLIC}:6379/",
    f"https://{PUBLIC}:99999/",
    f"https://{PUBLIC}:443:22/",
    f"https://{PUBLIC}:port/",
    f" https://{PUBLIC}/",
    f"https://{PUBLIC}/ HTTP/1.1\r\nX: y",
    f"https://{PUBLIC}/\udcff",
    f"https://{PUBLIC}/{'a' * 2048}",
    f"https://[{PUBLIC_IPV6}/",
    f"https://[{PUBLIC_IPV6}]x/",
]

POLICIES = {"image": CUSTOMER_IMAGE, "callback": CALLBACK, "result": VENDOR_RESULT}


@pytest.fixture
def hostile(network: Network) -> Network:
    """A network where the hostile names resolve to what they are meant to reach."""
    network.names |= {name: [found] for name, found in HOSTILE_NAMES.items()}
    return network


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_no_hostile_url_makes_a_connection(hostile: Network, policy: Policy) -> None:
    async def try_both(url: str) -> tuple[UrlRefused, UrlRefused]:
        with pytest.raises(UrlRefused) as resolved:
            await http.resolve_check(url=url, policy=policy)
        with pytest.raises(UrlRefused) as fetched:
            await http.fetch(url=url, policy=policy)
        return resolved.value, fetched.value

    async def try_all() -> None:
        for url in HOSTILE_URLS:
            resolved, fetched = await try_both(url)
            assert fetched.reason == resolved.reason, url
            assert not fetched.sent, url

    http.run(try_all())

    assert len(HOSTILE_URLS) >= 60
    assert hostile.attempts == []


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_a_hostile_url_is_refused_without_an_event_loop_too(
    hostile: Network, policy: Policy
) -> None:
    for url in HOSTILE_URLS[::7]:
        with pytest.raises(UrlRefused):
            http.resolve_check_sync(url=url, policy=policy)
        with pytest.raises(UrlRefused):
            http.fetch_sync(url=url, policy=policy)

    assert hostile.attempts == []


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_everything_but_names_is_refused_before_any_look_up(
    hostile: Network, policy: Policy
) -> None:
    passed = set()
    for url in HOSTILE_URLS:
        try:
            http.check_url(url=url, policy=policy)
        except UrlRefused:
            continue
        passed.add(url.split("/")[2].removesuffix(":8443").lower())

    assert passed <= {*HOSTILE_NAMES, "localhost", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ"}
    assert set(HOSTILE_NAMES) <= passed
    assert hostile.look_ups == []


def test_the_recorder_sees_what_an_unguarded_client_would_do(
    hostile: Network, serve: Serve
) -> None:
    server = serve()

    async def connect(host: str) -> None:
        _, writer = await asyncio.open_connection(host, server.port, family=socket.AF_INET)
        writer.close()
        await writer.wait_closed()

    async def try_all() -> None:
        for host in ("2130706433", "0x7f.1", "0177.0.0.1", "127.1", "loopback.example"):
            await connect(host)

    asyncio.run(try_all())

    assert hostile.addresses == ["127.0.0.1"] * 5


def test_no_error_reveals_what_the_name_resolved_to(hostile: Network) -> None:
    for name, found in HOSTILE_NAMES.items():
        with pytest.raises(UrlRefused) as refused:
            http.resolve_check_sync(url=f"https://{name}/", policy=CALLBACK)
        assert refused.value.reason == "forbidden_address"
        for address in found:
            assert address not in refused.value.message
            assert address not in str(refused.value)


def test_of_mixed_addresses_only_the_public_ones_are_called(network: Network, serve: Serve) -> None:
    server = serve()
    network.names["mixed.example"] = [["10.0.0.1", "::1", PUBLIC, "169.254.169.254", "127.0.0.1"]]
    network.routes[PUBLIC] = server.port

    response = http.fetch_sync(url="http://mixed.example/", policy=CUSTOMER_IMAGE)

    assert response.status == 200
    assert network.addresses == [PUBLIC]


def test_a_name_with_a_hundred_addresses_does_not_make_us_scan_them(network: Network) -> None:
    network.names["scan.example"] = [[f"93.184.215.{i}" for i in range(1, 101)]]

    with pytest.raises(http.Unreachable):
        http.fetch_sync(url="http://scan.example/", policy=CUSTOMER_IMAGE)

    assert len(network.attempts) == 4


# Rebinding ---------------------------------------------------------------------------------------


def test_a_name_that_turns_private_after_its_check_is_not_called(network: Network) -> None:
    network.names["rebind.example"] = [[PUBLIC], ["169.254.169.254"]]

    http.resolve_check_sync(url="https://rebind.example/", policy=CALLBACK)
    with pytest.raises(UrlRefused):
        http.fetch_sync(url="https://rebind.example/", policy=CALLBACK)

    assert network.look_ups == ["rebind.example"] * 2
    assert network.attempts == []


def test_a_call_looks_its_name_up_once_and_connects_to_what_was_checked(
    network: Network, serve: Serve
) -> None:
    server = serve()
    network.names["rebind.example"] = [[PUBLIC], ["127.0.0.1"]]
    network.routes[PUBLIC] = server.port

    response = http.fetch_sync(url="http://rebind.example/a", policy=CUSTOMER_IMAGE)

    assert response.status == 200
    assert network.look_ups == ["rebind.example"]
    assert network.addresses == [PUBLIC]
    assert server.requests[0].header("host") == "rebind.example"


def test_each_call_looks_its_name_up_again(network: Network, serve: Serve) -> None:
    server = serve()
    network.names["rebind.example"] = [[PUBLIC], ["10.0.0.1"], [PUBLIC], ["127.0.0.1"]]
    network.routes[PUBLIC] = server.port

    async def call_four_times() -> list[int | str]:
        outcomes: list[int | str] = []
        for _ in range(4):
            try:
                answer = await http.fetch(url="http://rebind.example/", policy=CUSTOMER_IMAGE)
            except UrlRefused as refused:
                outcomes.append(refused.reason)
            else:
                outcomes.append(answer.status)
        return outcomes

    outcomes = http.run(call_four_times())

    assert outcomes == [200, "forbidden_address", 200, "forbidden_address"]
    assert network.addresses == [PUBLIC, PUBLIC]


def test_a_redirect_that_rebinds_its_own_name_is_not_followed(
    network: Network, serve: Serve
) -> None:
    def handler(request: Request) -> None:
        request.answer(302, Location="http://rebind.example/again")

    network.names["rebind.example"] = [[PUBLIC], ["169.254.169.254"]]
    network.routes[PUBLIC] = serve(handler).port

    with pytest.raises(UrlRefused):
        http.fetch_sync(url="http://rebind.example/", policy=CUSTOMER_IMAGE)

    assert network.addresses == [PUBLIC]


@pytest.mark.parametrize("found", [["127.0.0.1"], ["10.0.0.1", "::1"], ["fe80::1%lo"], ["::1"]])
def test_the_socket_itself_refuses_what_slipped_through_the_look_up(
    network: Network, serve: Serve, monkeypatch: pytest.MonkeyPatch, found: list[str]
) -> None:
    server = serve()

    async def lying_look_up(**_: object) -> list[str]:
        return found

    monkeypatch.setattr("vidgo.kernel.http.destinations.look_up", lying_look_up)

    with pytest.raises(UrlRefused) as refused:
        http.fetch_sync(url="http://slipped.example/", policy=CUSTOMER_IMAGE)

    assert refused.value.reason == "forbidden_address"
    assert not refused.value.sent
    assert network.attempts == []
    assert server.connections == 0


def test_the_socket_itself_refuses_a_literal_address_that_nobody_checked(
    network: Network, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve()
    monkeypatch.setattr("vidgo.kernel.http.destinations._is_literal", lambda host: False)

    with pytest.raises(UrlRefused):
        http.fetch_sync(url=server.url(), policy=Policy(schemes=frozenset({"http"}), ports=None))

    assert network.look_ups == []
    assert network.attempts == []


# Redirects ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://metadata.example/",
        "http://2852039166/",
        "http://[::ffff:169.254.169.254]/",
        "//127.0.0.1/",
        "http://localhost:80/",
        "http://start.example:22/",
        "http://user:password@start.example/",
        "file:///etc/passwd",
        "file://start.example/etc/passwd",
        "gopher://start.example:6379/_FLUSHALL",
        "http://start.example/" + "a" * 2048,
        "http://\udcff\udcfe/",
    ],
)
def test_a_redirect_to_a_forbidden_place_is_not_followed(
    hostile: Network, serve: Serve, location: str
) -> None:
    server = serve(lambda request: request.answer(302, Location=location))
    hostile.names["start.example"] = [[PUBLIC]]
    hostile.routes[PUBLIC] = server.port

    with pytest.raises(UrlRefused) as refused:
        http.fetch_sync(url="http://start.example/", policy=CUSTOMER_IMAGE)

    assert refused.value.sent
    assert hostile.addresses == [PUBLIC]
    assert len(server.requests) == 1


def test_a_result_over_https_is_not_followed_down_to_http(network: Network) -> None:
    with pytest.raises(UrlRefused) as refused:
        http.check_url(url=f"http://{PUBLIC}/image.png", policy=VENDOR_RESULT)
    assert refused.value.reason == "scheme"
    assert network.attempts == []


# Loopback by setting -----------------------------------------------------------------------------


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_the_setting_opens_loopback_on_any_port(
    network: Network, serve: Serve, settings: Settings, policy: Policy
) -> None:
    server = serve()
    for url in (server.url(), server.url(host="localhost")):
        with pytest.raises(UrlRefused):
            http.fetch_sync(url=url, policy=policy)
    assert network.attempts == []

    settings.VIDGO_ALLOW_LOOPBACK_URLS = True

    for url in (server.url(), server.url(host="localhost")):
        http.resolve_check_sync(url=url, policy=policy)
        assert http.fetch_sync(url=url, policy=policy).status == 200
    assert network.attempts == [("127.0.0.1", server.port)] * 2


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_the_setting_opens_nothing_but_loopback(
    hostile: Network, settings: Settings, policy: Policy
) -> None:
    settings.VIDGO_ALLOW_LOOPBACK_URLS = True
    loopback = {n for n, found in HOSTILE_NAMES.items() if found[0] in {"127.0.0.1", "::1"}}

    for name in sorted(set(HOSTILE_NAMES) - loopback - {"other-loopback.example", "many.example"}):
        for url in (f"https://{name}/", f"http://{name}:5000/"):
            with pytest.raises(UrlRefused):
                http.fetch_sync(url=url, policy=policy)
    for host in ("10.0.0.1", "169.254.169.254", "0.0.0.0", "[fd00:ec2::254]", "[::ffff:10.0.0.1]"):
        with pytest.raises(UrlRefused):
            http.fetch_sync(url=f"http://{host}:5000/", policy=policy)

    assert hostile.attempts == []


def test_a_callback_over_http_may_reach_loopback_but_not_the_internet(
    network: Network, settings: Settings
) -> None:
    settings.VIDGO_ALLOW_LOOPBACK_URLS = True
    network.names["public.example"] = [[PUBLIC]]

    with pytest.raises(UrlRefused) as refused:
        http.resolve_check_sync(url="http://public.example/callback", policy=CALLBACK)

    assert "loopback" in refused.value.message
    assert network.attempts == []
