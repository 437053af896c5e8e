"""A fake network: it records every connect and maps names and public addresses to loopback.

`Network` replaces name resolution and sees each connect of the process below the code under test,
so that "no forbidden connection" is an observation. `Server` speaks raw bytes from a thread, which
lets it misbehave at will.
"""

import contextlib
import errno
import ipaddress
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# Public addresses that tests may give to names; connecting to them stays inside `Network`.
PUBLIC = "93.184.215.14"
PUBLIC_IPV6 = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"

_real_connect = socket.socket.connect
_real_getaddrinfo = socket.getaddrinfo


@dataclass
class Network:
    """Name resolution, the local ports of public addresses, and every attempted connect."""

    # One list of addresses for each look-up of a name; the last one repeats.
    names: dict[str, list[list[str]]] = field(default_factory=dict)
    # A public address leads to a local port; the rest of the Internet is unreachable.
    routes: dict[str, int] = field(default_factory=dict)
    attempts: list[tuple[str, int]] = field(default_factory=list)
    sockets: list[socket.socket] = field(default_factory=list)
    look_ups: list[str] = field(default_factory=list)
    # A name whose look-up hangs until its event is set.
    hanging: dict[str, threading.Event] = field(default_factory=dict)

    @property
    def addresses(self) -> list[str]:
        """The address of each connect attempted so far."""
        return [address for address, _ in self.attempts]

    def connect(self, sock: socket.socket, address: Any) -> None:
        """Record a connect and carry it out within this machine."""
        if sock.family == socket.AF_UNIX:
            return _real_connect(sock, address)
        self.attempts.append((address[0], address[1]))
        self.sockets.append(sock)
        if address[0] in self.routes:
            return _real_connect(sock, ("127.0.0.1", self.routes[address[0]]))
        if ipaddress.ip_address(address[0]).is_loopback:
            return _real_connect(sock, address)
        raise OSError(errno.ENETUNREACH, "not in a test")

    def getaddrinfo(
        self,
        host: Any,
        port: Any,
        family: int = 0,
        type: int = 0,
        proto: int = 0,
        flags: int = 0,
    ) -> list[Any]:
        """Resolve the names of the test; read numbers as the real resolver does."""
        host = host.lower()
        if host not in self.names:
            flags |= socket.AI_NUMERICHOST
            return list(_real_getaddrinfo(host, port, family, type, proto, flags))
        self.look_ups.append(host)
        if host in self.hanging:
            self.hanging[host].wait(10)
        answers = self.names[host]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
            if ":" in address
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in found
        ]


@dataclass
class Request:
    """A request as a server read it, and its connection."""

    head: bytes
    body: bytes
    connection: socket.socket
    server: "Server"

    @property
    def line(self) -> str:
        """The request line."""
        return self.head.split(b"\r\n", 1)[0].decode()

    def header(self, name: str) -> str | None:
        """The value of a header, None when it was not sent."""
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.decode().lower() == name.lower():
                return value.strip().decode()
        return None

    def answer(self, status: int = 200, body: bytes = b"", **headers: str) -> None:
        """Answer properly; underscores in header names stand for dashes."""
        headers.setdefault("Content_Length", str(len(body)))
        lines = [f"HTTP/1.1 {status} Status"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.send("\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body)

    def send(self, data: bytes) -> None:
        """Send raw bytes; ignore a peer that has gone away."""
        with contextlib.suppress(OSError):
            self.connection.sendall(data)

    def drip(self, data: bytes, *, every_seconds: float) -> None:
        """Send one byte at a time until the peer leaves or the server stops."""
        with contextlib.suppress(OSError):
            for byte in data:
                self.connection.sendall(bytes([byte]))
                if self.server.stopped.wait(every_seconds):
                    return

    def reset(self) -> None:
        """Reset the TCP connection."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def hang(self) -> None:
        """Send nothing until the server stops."""
        self.server.stopped.wait(30)


class Server:
    """A server on 127.0.0.1 that hands each request to a handler, one thread per connection."""

    def __init__(
        self, handler: Callable[[Request], None], *, tls: ssl.SSLContext | None = None
    ) -> None:
        self.handler = handler
        self.tls = tls
        self.requests: list[Request] = []
        self.connections = 0
        self.stopped = threading.Event()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def url(self, path: str = "/", *, host: str = "127.0.0.1", scheme: str = "http") -> str:
        """The URL of a path on this server."""
        return f"{scheme}://{host}:{self.port}{path}"

    def stop(self) -> None:
        """Close every connection and wait for the threads."""
        self.stopped.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while not self.stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, raw: socket.socket) -> None:
        connection = raw
        try:
            if self.tls is not None:
                connection = self.tls.wrap_socket(raw, server_side=True)
            self._open.append(connection)
            while (request := self._read(connection)) is not None:
                self.requests.append(request)
                self.handler(request)
        except OSError:
            return  # the client left, or did not trust us
        finally:
            connection.close()

    def _read(self, connection: socket.socket) -> Request | None:
        data = b""
        while b"\r\n\r\n" not in data:
            more = connection.recv(65536)
            if not more:
                return None
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        request = Request(head=head, body=body, connection=connection, server=self)
        length = int(request.header("content-length") or 0)
        while len(request.body) < length:
            more = connection.recv(65536)
            if not more:
                return None
            request.body += more
        return request


@dataclass(frozen=True)
class Authority:
    """A certificate authority for one test run, and a certificate for one name."""

    server: ssl.SSLContext
    trusting: ssl.SSLContext


def make_authority(*, folder: Path, name: str) -> Authority:
    """Make a self-signed certificate for a name, with contexts that serve and trust it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "certificate.pem"
    pem.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(pem)
    return Authority(server=server, trusting=ssl.create_default_context(cafile=str(pem)))


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started
