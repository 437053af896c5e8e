"""IP addresses: which ones a customer's URL may lead to.

`ipaddress.is_global` is not enough: on Python 3.11 it accepts NAT64 and 6to4 forms of private
addresses, `::7f00:1`, `fec0::1` and Azure's 168.63.129.16. So the ranges are listed here, from the
IANA registries of special-purpose addresses (RFC 6890 and its successors).
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

_NOT_PUBLIC_IPV4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network; connecting to 0.0.0.0 reaches the machine itself
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; Alibaba's metadata is 100.100.100.200
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's wire server: in no registry, reachable from every VM
        "169.254.0.0/16",  # link-local; most clouds' metadata is 169.254.169.254
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata is 192.0.0.192
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # automatic multicast tunneling
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112, delegated directly
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and limited broadcast
    )
)

# The only block IANA has assigned for global unicast. Other forms that embed an IPv4 address are
# outside it: NAT64 (64:ff9b::/96 and 64:ff9b:1::/48), ::a.b.c.d.
_GLOBAL_IPV6 = IPv6Network("2000::/3")
_NOT_PUBLIC_IPV6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: embeds an IPv4 address
        "2620:4f:8000::/48",  # AS112, delegated directly
        "3ffe::/16",  # 6bone, returned
        "3fff::/20",  # documentation
    )
)
# ISATAP (RFC 5214) puts an IPv4 address after one of these halves of an interface identifier.
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})


def is_public(address: str | Address) -> bool:
    """Return whether a text is an address on the public Internet."""
    parsed = _parse(address)
    if isinstance(parsed, IPv4Address):
        return not any(parsed in network for network in _NOT_PUBLIC_IPV4)
    if parsed is None or parsed not in _GLOBAL_IPV6:
        return False
    if any(parsed in network for network in _NOT_PUBLIC_IPV6):
        return False
    number = int(parsed)
    if (number >> 32) & 0xFFFFFFFF in _ISATAP:
        return is_public(IPv4Address(number & 0xFFFFFFFF))
    return True


def is_loopback(address: str | Address) -> bool:
    """Return whether an address is this machine's loopback: 127.0.0.0/8 or ::1."""
    parsed = _parse(address)
    return parsed is not None and parsed.is_loopback


def _parse(address: str | Address) -> Address | None:
    """Parse an address strictly and unwrap an IPv4-mapped one; one with a zone is not valid."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address):
        if parsed.scope_id is not None:
            return None
        return parsed.ipv4_mapped or parsed
    return parsed
