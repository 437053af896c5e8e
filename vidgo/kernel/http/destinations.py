"""Destinations: where an outbound call may go, by its URL and by the addresses it resolves to.

The text of a host proves nothing (`2130706433`, `0177.0.0.1` and circled digits are all 127.0.0.1
to a resolver), so addresses are checked: here for a literal one and after each look-up, and again
in `connections` on the socket that connects.
"""

import asyncio
import contextlib
import enum
import re
import socket
import threading
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from django.conf import settings
from yarl import URL

from vidgo.kernel.http import addresses
from vidgo.kernel.http.errors import TimedOut, Unreachable, UrlRefused

MAX_URL_LENGTH = 2048
# Of each IP version: enough for any honest name, too few to use us as a port scanner.
MAX_ADDRESSES = 4

_AUTHORITY = re.compile(r"(?i)[a-z][a-z0-9+.-]*://(?P<authority>[^/?#]+)(?:[/?#]|$)")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f\\\ud800-\udfff]")
_NAME = re.compile(
    r"(?i)(?=.{1,254}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*"
    r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.?"
)
_NUMBER = re.compile(r"(?i)(?:[0-9]+|0x[0-9a-f]*)")


class Reach(enum.Enum):
    """Which addresses a call may connect to."""

    PUBLIC = "public"
    PUBLIC_OR_LOOPBACK = "public or loopback"
    LOOPBACK = "loopback"
    ANYWHERE = "anywhere"

    def admits(self, address: str) -> bool:
        """Return whether this reach includes an IP address."""
        if self is Reach.ANYWHERE:
            return True
        if self is not Reach.LOOPBACK and addresses.is_public(address):
            return True
        return self is not Reach.PUBLIC and addresses.is_loopback(address)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The limits of one kind of outbound call."""

    schemes: frozenset[str] = frozenset({"https"})
    # None means any port.
    ports: frozenset[int] | None = frozenset({443, 8443})
    # For GET and HEAD only, each checked like the first URL. With 0, the 3xx itself is returned.
    max_redirects: int = 0
    # For look-up, connection and TLS together.
    connect_timeout_seconds: float = 5.0
    # For the whole call, from look-up through redirects to the end of the body.
    total_timeout_seconds: float = 10.0
    # Counted as the body streams in, and again after decompression.
    max_bytes: int = 1_000_000
    # Keep the first max_bytes of a body instead of refusing a longer one. For callers that need
    # the status only, so a body that breaks off is no failure either.
    cut_body: bool = False
    # Skip the address check: for base URLs that the operator configured, never for a customer's.
    allow_private: bool = False
    # Loopback on any port, over http too; None means VIDGO_ALLOW_LOOPBACK_URLS.
    allow_loopback: bool | None = None
    # Keep idle connections for GET and HEAD. Other methods always open a new one: had the other
    # side just closed an idle connection, the outcome of a POST on it would be unknown.
    keep_alive: bool = False


CUSTOMER_IMAGE = Policy(
    schemes=frozenset({"http", "https"}),
    ports=frozenset({80, 443, 8443}),
    max_redirects=3,
    max_bytes=20_000_000,
)
CALLBACK = Policy(max_bytes=1024, cut_body=True)
VENDOR = Policy(
    ports=None,
    total_timeout_seconds=30.0,
    max_bytes=4_000_000,
    allow_private=True,
    allow_loopback=True,
    keep_alive=True,
)
VENDOR_RESULT = Policy(
    max_redirects=3,
    total_timeout_seconds=30.0,
    max_bytes=40_000_000,
    keep_alive=True,
)


@dataclass(frozen=True, kw_only=True)
class Destination:
    """A URL that passed its policy's checks, and the reach of its call."""

    url: URL
    host: str
    port: int
    literal: bool
    reach: Reach


def check_url(*, url: str, policy: Policy) -> None:
    """Check a URL without any look-up; raises UrlRefused."""
    destination(url=url, policy=policy)


def destination(*, url: str, policy: Policy) -> Destination:
    """Parse a URL the way it will be called and check it; raises UrlRefused.

    A literal address is checked here; the addresses of a name are checked in `look_up`.
    """
    parsed, host, port = _parse(url)
    literal = _is_literal(host)
    reach = _reach(scheme=parsed.scheme, port=port, policy=policy)
    if literal and not reach.admits(host):
        raise forbidden(reach)
    return Destination(url=parsed, host=host, port=port, literal=literal, reach=reach)


def forbidden(reach: Reach) -> UrlRefused:
    """Return the error for a URL that leads to an address outside its reach."""
    if reach is Reach.LOOPBACK:
        message = "With this scheme or port the URL may lead to a loopback address only."
    else:
        message = "The URL must not lead to a private or internal address."
    return UrlRefused("forbidden_address", message)


def connect_timed_out() -> TimedOut:
    """Return the error for a connection that took too long."""
    return TimedOut("connect_timed_out", "The host did not answer in time.")


def _parse(url: str) -> tuple[URL, str, int]:
    """Parse a URL with the HTTP client's own parser; return its host and port too."""
    if len(url) > MAX_URL_LENGTH:
        raise UrlRefused("too_long", f"The URL is longer than {MAX_URL_LENGTH} characters.")
    match = _AUTHORITY.match(url)
    if match is None or _UNPRINTABLE.search(url):
        raise UrlRefused("not_a_url", "This is not an absolute URL.")
    if "@" in match["authority"]:
        raise UrlRefused("credentials", "The URL must not contain a user name or password.")
    try:
        # An ASCII URL is called exactly as written: re-quoting would break signed links.
        parsed = URL(url, encoded=url.isascii())
        host, port = parsed.raw_host or "", parsed.port or 0
    except ValueError as exc:
        raise UrlRefused("not_a_url", "This is not a valid URL.") from exc
    if ("[" in match["authority"]) != (":" in host):
        raise UrlRefused("host", "The host of the URL is not valid.")
    return parsed, host, port


def _is_literal(host: str) -> bool:
    """Return whether a host is an IP address; raises UrlRefused if it is no name either."""
    try:
        if ":" in host:
            if IPv6Address(host).scope_id is None:
                return True
        elif _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
            # In the URL standard a host that ends in a number is an IPv4 address. Accept only the
            # plain form, so that a resolver has nothing to interpret.
            IPv4Address(host)
            return True
        elif _NAME.fullmatch(host):
            return False
    except ValueError as exc:
        raise UrlRefused("host", "The host of the URL is not valid.") from exc
    raise UrlRefused("host", "The host of the URL is not valid.")


def _reach(*, scheme: str, port: int, policy: Policy) -> Reach:
    loopback = policy.allow_loopback
    if loopback is None:
        loopback = settings.VIDGO_ALLOW_LOOPBACK_URLS
    if scheme in policy.schemes and (policy.ports is None or port in policy.ports):
        if policy.allow_private:
            return Reach.ANYWHERE
        return Reach.PUBLIC_OR_LOOPBACK if loopback else Reach.PUBLIC
    if loopback and scheme in {"http", "https"} and port > 0:
        return Reach.LOOPBACK
    if scheme not in policy.schemes:
        allowed = " or ".join(sorted(policy.schemes))
        raise UrlRefused("scheme", f"The URL must begin with {allowed}.")
    ports = ", ".join(str(port) for port in sorted(policy.ports or ()))
    raise UrlRefused("port", f"The port of the URL must be one of {ports}.")


# Look-up -----------------------------------------------------------------------------------------

# A look-up blocks its thread for as long as the name server takes and cannot be interrupted. Each
# runs in a daemon thread of its own: a thread pool would be joined at exit and lost in a fork. The
# slots limit how many threads a hostile name server can block; vendors have slots of their own.
_CUSTOMER_SLOTS = threading.BoundedSemaphore(100)
_VENDOR_SLOTS = threading.BoundedSemaphore(50)


async def look_up(*, host: str, port: int, reach: Reach) -> list[str]:
    """Resolve a name now and return its addresses within reach, MAX_ADDRESSES of each IP version.

    Raises UrlRefused if every address is out of reach and Unreachable if there is none. The caller
    limits the time.
    """
    slots = _VENDOR_SLOTS if reach is Reach.ANYWHERE else _CUSTOMER_SLOTS
    # All threads' event loops share the slots, which asyncio's own locks do not allow.
    while not slots.acquire(blocking=False):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    try:
        found = await _resolve_in_thread(host=host, port=port, slots=slots)
    except OSError as exc:
        raise Unreachable("dns", "The host name could not be resolved.") from exc
    admitted = [address for address in found if reach.admits(address)]
    if found and not admitted:
        raise forbidden(reach)
    ipv6 = [address for address in admitted if ":" in address][:MAX_ADDRESSES]
    ipv4 = [address for address in admitted if ":" not in address][:MAX_ADDRESSES]
    return [address for address in admitted if address in {*ipv6, *ipv4}]


async def _resolve_in_thread(
    *, host: str, port: int, slots: threading.BoundedSemaphore
) -> list[str]:
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def settle(result: list[str] | OSError) -> None:
        if answer.done():
            return  # the caller's deadline has passed
        if isinstance(result, OSError):
            answer.set_exception(result)
        else:
            answer.set_result(result)

    def work() -> None:
        result: list[str] | OSError
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            result = list(dict.fromkeys(str(info[4][0]) for info in infos))
        except OSError as exc:
            result = exc
        except UnicodeError as exc:  # a label that DNS cannot encode
            result = OSError(str(exc))
        finally:
            slots.release()
        # If the loop is closed by now, nobody waits for the result.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, result)

    try:
        threading.Thread(target=work, name="look-up", daemon=True).start()
    except RuntimeError:
        slots.release()
        raise
    return await answer


async def resolve_check(*, url: str, policy: Policy) -> None:
    """Check a URL and resolve its name now.

    Raises UrlRefused if the URL or every address it resolves to is refused, Unreachable if the name
    does not resolve, TimedOut after the policy's connect_timeout_seconds.
    """
    target = destination(url=url, policy=policy)
    if target.literal:
        return
    try:
        async with asyncio.timeout(policy.connect_timeout_seconds):
            await look_up(host=target.host, port=target.port, reach=target.reach)
    except TimeoutError as exc:
        raise connect_timed_out() from exc
