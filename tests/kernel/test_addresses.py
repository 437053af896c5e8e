"""Which addresses are public, and which only look public."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest

from vidgo.kernel.http import addresses

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "93.184.215.14",
    "100.63.255.255",
    "100.128.0.0",
    "128.0.0.1",
    "168.63.129.15",
    "168.63.129.17",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "203.0.114.0",
    "223.255.255.255",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2606:4700:4700::1111",
    "2a00:1450:4001:82a::200e",
    "2003::1",
    "::ffff:8.8.8.8",
    "2606:4700::5efe:808:808",
]

NOT_PUBLIC = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.9",
    "192.0.0.170",
    "192.0.0.192",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.255.255",
    "192.175.48.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::a9fe:a9fe",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::808:808",
    "64:ff9b:1::a00:1",
    "100::1",
    "100:0:0:1::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:2::1",
    "2001:20::1",
    "2001:1ff::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2606:4700::5efe:7f00:1",
    "2606:4700::200:5efe:a9fe:a9fe",
    "2620:4f:8000::1",
    "3ffe::1",
    "3fff::1",
    "3fff:fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::a9fe:a9fe",
    "febf::1",
    "fec0::1",
    "ff02::1",
]

NO_ADDRESS = [
    "",
    "example.com",
    "localhost",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "8.8.8.8.",
    " 8.8.8.8",
    "8.8.8.8/32",
    "[2606:4700:4700::1111]",
    "2606:4700:4700::1111%eth0",
    "fe80::1%lo",
    "①.①.①.①",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_public_internet_is_public(address: str) -> None:
    assert addresses.is_public(address)
    assert addresses.is_public(ip_address(address))
    assert not addresses.is_loopback(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_of_a_special_range_is_not_public(address: str) -> None:
    assert not addresses.is_public(address)
    assert not addresses.is_public(ip_address(address))


@pytest.mark.parametrize("text", NO_ADDRESS)
def test_an_invalid_address_is_neither_public_nor_loopback(text: str) -> None:
    assert not addresses.is_public(text)
    assert not addresses.is_loopback(text)


def test_loopback_is_all_of_127_and_one_address_of_ipv6() -> None:
    for address in ("127.0.0.1", "127.0.0.53", "127.255.255.255", "::1", "::ffff:127.0.0.1"):
        assert addresses.is_loopback(address), address
    for address in ("126.255.255.255", "128.0.0.0", "0.0.0.0", "::", "::2", "::7f00:1", "10.0.0.1"):
        assert not addresses.is_loopback(address), address
    assert addresses.is_loopback(IPv4Address("127.0.0.1"))
    assert addresses.is_loopback(IPv6Address("::1"))


def test_addresses_that_the_standard_library_calls_global_are_refused() -> None:
    assert ip_address("168.63.129.16").is_global
    assert not addresses.is_public("168.63.129.16")
